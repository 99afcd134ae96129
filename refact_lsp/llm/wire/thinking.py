"""How hard a model shall think: from the protocol's six levels to what the model takes.

Only capabilities decide, never a model's name; a level that the model lacks becomes the nearest
one, the lower of two that are as near, so that nothing costlier is chosen silently.
"""

import msgspec

from refact_lsp.core.types import Capabilities, ReasoningLevel

_RANK: dict[str, int] = {
    "off": 0,
    "none": 0,
    "disabled": 0,
    "minimal": 1,
    "low": 2,
    "medium": 3,
    "default": 3,
    "high": 4,
    "xhigh": 5,
    "max": 6,
    "ultra": 7,
}
# In a model's levels: "none" is a word to send, the others say that thinking can be switched off.
_OFF_WORDS = ("none", "off", "disabled")
# Share of the model's largest thinking budget.
_SHARE: dict[ReasoningLevel, float] = {
    "minimal": 1 / 32,
    "low": 1 / 8,
    "medium": 1 / 4,
    "high": 1 / 2,
    "max": 1.0,
}
_LEAST_BUDGET_TOKENS = 1024
_MOST_BUDGET_TOKENS = 32_768


class Thinking(msgspec.Struct, frozen=True, kw_only=True):
    """What to ask for: `on` None leaves it to the model; `level` is a word the model knows.

    `can_stop` says that the model is known to answer without thinking.
    """

    on: bool | None = None
    can_stop: bool = True
    level: str | None = None
    budget_tokens: int | None = None


def thinking(level: ReasoningLevel | None, capabilities: Capabilities) -> Thinking:
    """Map a level to what the model takes; nothing where it takes nothing."""
    reasoning = capabilities.reasoning
    if level is None or reasoning.kind in ("none", "always"):
        return Thinking()
    if reasoning.kind == "toggle":
        return Thinking(on=level != "off")
    if reasoning.kind == "budget":
        return _budget(level, capabilities)
    levels = reasoning.levels or ("low", "medium", "high")
    can_stop = any(word in levels for word in _OFF_WORDS)
    if level == "off":
        word = "none" if "none" in levels else None
        return Thinking(on=False, level=word, can_stop=can_stop)
    return Thinking(on=True, level=nearest(level, levels))


def is_on(asked: Thinking, capabilities: Capabilities) -> bool:
    """Tell whether the model will think, asked for it or by itself."""
    return capabilities.reasoning.kind != "none" if asked.on is None else asked.on


def nearest(level: str, levels: tuple[str, ...]) -> str | None:
    """Find the nearest level that thinks at all; words of unknown rank are left aside."""
    known = [word for word in levels if _RANK.get(word, 0) > 0]
    wanted = _RANK[level]
    return min(known, key=lambda word: (abs(_RANK[word] - wanted), _RANK[word]), default=None)


def lowest(capabilities: Capabilities) -> str | None:
    """Find the least level that thinks: the nearest to "off" where a model cannot be silenced."""
    return nearest("minimal", capabilities.reasoning.levels or ("low", "medium", "high"))


def effort_of(asked: Thinking, capabilities: Capabilities) -> str | None:
    """Give the word for wires that know efforts only; "off" falls to the least there is."""
    if asked.on is False and asked.level is None and capabilities.reasoning.kind == "effort":
        return lowest(capabilities)
    return asked.level


def _budget(level: ReasoningLevel, capabilities: Capabilities) -> Thinking:
    reasoning = capabilities.reasoning
    if level == "off":
        return Thinking(on=False, budget_tokens=0)
    least = max(reasoning.min_budget or _LEAST_BUDGET_TOKENS, 1)
    most = max(reasoning.max_budget or _MOST_BUDGET_TOKENS, least)
    tokens = min(max(int(most * _SHARE[level]), least), most)
    word = nearest(level, reasoning.levels) if reasoning.levels else None
    return Thinking(on=True, budget_tokens=tokens, level=word)
