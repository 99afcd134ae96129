"""A hole that any model of code fills the same way, in every way that one may know. Pure."""

from collections.abc import Iterator

import msgspec

from refact_lsp.core.nouns import Model
from refact_lsp.core.requests import CompletionRequest
from refact_lsp.core.types import CompletionMethod, CompletionSupport
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.fim import cuts, render_fim, wire_stops
from refact_lsp.registry.model_schema import Fim

# The word after `return` is the sum's name.
PREFIX = "def add(first, second):\n    total = first + second\n    return "
SUFFIX = "\n\n\nprint(add(1, 2))\n"
MIDDLE = "total"
_METHODS: tuple[CompletionMethod, ...] = ("infill", "suffix", "template")
_MOST_STOPS = 4
# Layouts that are tried on a model whose family nobody knows.
_MOST_LAYOUTS = 12


class Hole(msgspec.Struct, frozen=True):
    """One way to ask for the middle; `guessed` says that the layout is of any family."""

    request: CompletionRequest
    support: CompletionSupport
    guessed: bool = False

    def is_filled_by(self, text: str) -> bool:
        """Say whether an answer is the middle; one that follows a guess may hold nothing else."""
        answer = text.strip()
        return answer == MIDDLE if self.guessed else answer.startswith(MIDDLE)


def holes(catalog: Catalog, model: Model, *, max_tokens: int) -> list[Hole]:
    """List the ways to ask: the one that is known of the model first, then the others."""
    known = model.capabilities.completion
    found: list[Hole] = []
    for method in dict.fromkeys((known.method, *_METHODS)):
        if method in ("none", "chat"):
            continue
        if method != "template":
            fim = catalog.fim(known.family) if known.family else None
            support = CompletionSupport(method=method, family=known.family)
            found.append(Hole(_request(model, method, fim, max_tokens), support))
            continue
        for family, fim in _layouts(catalog, known.family):
            support = CompletionSupport(method=method, family=family)
            request = _request(model, method, fim, max_tokens)
            found.append(Hole(request, support, guessed=known.family is None))
    return found


def _layouts(catalog: Catalog, family: str | None) -> Iterator[tuple[str, Fim]]:
    """Give the layout of the model's family, else those of recommended ones that differ."""
    if family is not None:
        fim = catalog.fim(family)
        if fim is not None:
            yield family, fim
        return
    tried: set[str] = set()
    for other in sorted(catalog.families.values(), key=lambda each: -each.rank):
        prompt = render_fim(other.fim, PREFIX, SUFFIX) if other.fim else None
        if prompt is None or not other.recommended or prompt in tried:
            continue
        tried.add(prompt)
        assert other.fim is not None  # noqa: S101  — it gave the prompt
        yield other.id, other.fim
        if len(tried) == _MOST_LAYOUTS:
            return


def _request(
    model: Model, method: CompletionMethod, fim: Fim | None, max_tokens: int
) -> CompletionRequest:
    return CompletionRequest(
        model=model.name,
        method=method,
        prefix=PREFIX,
        suffix=SUFFIX,
        max_tokens=max_tokens,
        prompt=render_fim(fim, PREFIX, SUFFIX) if fim and method == "template" else None,
        stop=(*wire_stops(fim), *cuts(fim))[:_MOST_STOPS] if fim else (),
        context_window=model.capabilities.context_window,
    )
