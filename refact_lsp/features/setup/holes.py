"""A hole that any model of code fills the same way, in every way that one may know. Pure."""

from refact_lsp.core.nouns import Model
from refact_lsp.core.requests import CompletionRequest
from refact_lsp.core.types import CompletionMethod
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.fim import cuts, render_fim, wire_stops

# The word after `return` is the sum's name.
PREFIX = "def add(first, second):\n    total = first + second\n    return "
SUFFIX = "\n\n\nprint(add(1, 2))\n"
MIDDLE = "total"
_METHODS: tuple[CompletionMethod, ...] = ("infill", "suffix", "template")
_MOST_STOPS = 4


def holes(catalog: Catalog, model: Model, *, max_tokens: int) -> list[CompletionRequest]:
    """List the requests for the hole: the way that is known of the model first, then the others."""
    support = model.capabilities.completion
    fim = catalog.fim(support.family) if support.family else None
    found: list[CompletionRequest] = []
    for method in dict.fromkeys((support.method, *_METHODS)):
        if method in ("none", "chat") or (method == "template" and fim is None):
            continue
        found.append(
            CompletionRequest(
                model=model.name,
                method=method,
                prefix=PREFIX,
                suffix=SUFFIX,
                max_tokens=max_tokens,
                prompt=render_fim(fim, PREFIX, SUFFIX) if fim and method == "template" else None,
                stop=(*wire_stops(fim), *cuts(fim))[:_MOST_STOPS] if fim else (),
                context_window=model.capabilities.context_window,
            )
        )
    return found
