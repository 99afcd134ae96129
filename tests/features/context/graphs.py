"""Graphs of files that exist in a test only."""

from collections.abc import Mapping, Sequence

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.context.extract import read_source
from refact_lsp.features.context.facts import FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.resolve import Manifest

SYNTAX = Syntax()


def read(path: str, text: str) -> FileFacts:
    grammar = grammar_of("", path)
    assert grammar is not None
    return read_source(SYNTAX, grammar, path, text.encode())


def linked(files: Mapping[str, str], manifests: Sequence[Manifest] = ()) -> Graph:
    graph = Graph([read(path, text) for path, text in files.items()], manifests)
    for _ in graph.link():
        pass
    return graph
