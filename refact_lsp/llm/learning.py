"""Learns from a 400 which parameter a model does not take, and does without it. Pure.

Only tuning is touched: what is asked (messages, prompt, tools, …) is never dropped. The client
keeps what was learned for each model, so that the second request is right at once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, cast

import msgspec

from refact_lsp.llm.adjustments import (
    Adjustment,
    AtMost,
    Drop,
    OneOf,
    Path,
    Rename,
    Role,
    adjust,
    decoded,
)

_READ_BYTES = 20_000
_READ_MATCHES = 10  # a server that means well names one, or a few
_LIMIT_DIGITS = 12
_KEPT = frozenset(
    {
        *("model", "messages", "input", "prompt", "suffix", "stream", "tools", "instructions"),
        *("system", "input_prefix", "input_suffix", "input_extra", "contents", "response_format"),
    }
)


def learn(request: bytes, answer: bytes) -> Adjustment | None:
    """Read a refused request's answer; None where it names nothing that can be done without."""
    body = decoded(request)
    text = " \n ".join(_texts(decoded(answer))) or answer.decode(errors="replace")
    text = text[:_READ_BYTES]
    if not isinstance(body, dict):
        return None
    for pattern, make in _RULES:
        for found in islice(pattern.finditer(text), _READ_MATCHES):
            adjustment = make(found, text)
            if adjustment and _changes(cast("dict[str, Any]", body), adjustment):
                return adjustment
    return None


def _changes(body: dict[str, Any], adjustment: Adjustment) -> bool:
    """Guard against asking the same again, and against dropping what was asked."""
    if adjustment.path[-1:] in ((), ("*",)):
        return False  # it names no field
    whole = len(adjustment.path) == 1 and adjustment.path[0] in _KEPT
    if whole and not isinstance(adjustment, Role):
        return False
    before = msgspec.json.encode(body)
    copy = msgspec.json.decode(before)
    adjust(copy, adjustment)
    return msgspec.json.encode(copy) != before


def _path(text: str) -> Path:
    """Read `a.b`, `a[0].b`, `a.0.b` and `$.a.b` alike; positions become `*`."""
    names = re.findall(r"[A-Za-z_]\w*|\d+", text.removeprefix("$."))
    return tuple("*" if name.isdigit() else name for name in names if name != "body")


def _texts(value: object, depth: int = 6) -> Iterator[str]:
    """Walk an error body: every text, and the location of pydantic's errors as a sentence."""
    if depth == 0:
        return
    match value:
        case str():
            yield value[:_READ_BYTES]
            if value.lstrip()[:1] in ("{", "[") and (inner := decoded(value.encode())) is not None:
                yield from _texts(inner, depth - 1)  # gateways quote the vendor's error
        case list():
            for item in cast("list[object]", value):
                yield from _texts(item, depth - 1)
        case dict():
            fields = cast("dict[str, object]", value)
            if isinstance(named := fields.get("param"), str):
                yield f"(param '{named}')"
            if fields.get("type") == "extra_forbidden" and isinstance(fields.get("loc"), list):
                names = ".".join(map(str, cast("list[object]", fields["loc"])))
                yield f"Unknown parameter: '{names}'"
            for item in fields.values():
                yield from _texts(item, depth - 1)
        case _:
            return


def _rename(found: re.Match[str], _: str) -> Adjustment:
    path = _path(found["name"])
    return Rename(path=path, to=found["to"])


def _drop(found: re.Match[str], text: str) -> Adjustment | None:
    path = _path(found["name"])
    if not path:
        return None
    within = re.search(
        rf"(?<![\w.\[\]])([\w.\[\]]{{1,80}})(?:\.{re.escape(path[-1])})?"
        r"['`\"]? ?: (?:property|unknown)",
        text,
    )
    outer = _path(within[1]) if within and len(path) == 1 else ()
    return Drop(path=path if not outer or outer[-1] == path[-1] else (*outer, *path))


def _at_most(found: re.Match[str], _: str) -> Adjustment | None:
    if len(found["limit"]) > _LIMIT_DIGITS:
        return None
    return AtMost(path=_path(found["name"]), limit=int(found["limit"]))


def _one_of(found: re.Match[str], text: str) -> Adjustment | None:
    values = tuple(re.findall(r"['`\"]([\w-]+)['`\"]", found["values"]))
    param = re.search(r"\(param '([^']+)'\)", text)
    name = found["name"] or (param[1] if param else "")
    path = _path(name)
    if not path or not values:
        return None
    if path[-1] == "role":
        return _other_role(path, found["value"], values)
    return OneOf(path=path, values=values)


def _role(found: re.Match[str], _: str) -> Adjustment | None:
    path = _path(found["name"])
    return _other_role(path, found["value"], ()) if path[-1:] == ("role",) else None


def _unknown_role(found: re.Match[str], _: str) -> Adjustment | None:
    values = tuple(re.findall(r"['`\"]([\w-]+)['`\"]", found["values"]))
    return _other_role(("messages", "*", "role"), found["value"], values)


def _other_role(path: Path, unknown: str, known: Sequence[str]) -> Adjustment | None:
    """Send instructions as `system` where `developer` is unknown, else as the user's."""
    if unknown not in ("system", "developer"):
        return None
    to = "system" if unknown == "developer" and (not known or "system" in known) else "user"
    return Role(path=path, unknown=unknown, to="developer" if "developer" in known else to)


def _second(found: re.Match[str], _: str) -> Adjustment:
    return Drop(path=_path(found["second"]))


def _rule(pattern: str) -> re.Pattern[str]:
    """Compile; `NAME` stands for a quoted or bare parameter, from the beginning of a word.

    Whatever a server says is read in time that grows with its length and no faster.
    """
    name = r"['`\"]?(?<![A-Za-z\d_$])(?P<name>[A-Za-z_$][\w.\[\]$]{0,80})['`\"]?"
    named = pattern.replace("NAME", name)
    return re.compile(named, re.IGNORECASE)


_Make = Callable[[re.Match[str], str], Adjustment | None]
# The words of vendors and servers, most telling first.
_RULES: tuple[tuple[re.Pattern[str], _Make], ...] = (
    # OpenAI: Unsupported parameter: 'max_tokens' is not supported with this model. Use 'x' instead.
    (
        _rule(r"NAME is (?:not supported|deprecated)[^.]*\. (?:please )?use ['`](?P<to>\w+)"),
        _rename,
    ),
    # OpenAI, Groq: … Supported values are: 'low', 'medium', and 'high'.
    (
        _rule(
            r"(?:NAME (?:does not support|must be one of)|invalid value:) ?"
            r"(?:['`](?P<value>\w+)['`])?[^:\[]{0,40}?(?:\.? supported values are)?:? ?"
            r"(?P<values>\[?(?:(?:,|,? and|,? or)? ?['`\"][\w-]+['`\"])+)"
        ),
        _one_of,
    ),
    # DeepSeek, Rust servers: messages[0].role: unknown variant `developer`, expected one of …
    (
        _rule(r"unknown variant `(?P<value>\w+)`, expected one of (?P<values>(?:`\w+`,? ?)+)"),
        _unknown_role,
    ),
    # OpenAI: 'messages[0].role' does not support 'system' with this model.
    (_rule(r"NAME does not support ['`](?P<value>\w+)['`]"), _role),
    # OpenAI: 'temperature' does not support 0.2 with this model. Only the default (1) …
    (_rule(r"NAME does not support [^\n]{1,60}only the default"), _drop),
    # OpenAI: Invalid 'stop': array too long. Expected an array with maximum length 4, …
    (_rule(r"NAME: array too long[^\n]{0,200}?maximum length (?P<limit>\d+)"), _at_most),
    (
        _rule(
            r"(?P<name>stop)\w*\b[^\n.]{0,40}? (?:at most|up to|maximum(?: of)?) (?P<limit>\d)\b"
        ),
        _at_most,
    ),
    # Anthropic: max_tokens: 100000 > 8192, which is the maximum …
    (_rule(r"NAME: \d+ > (?P<limit>\d+)"), _at_most),
    # OpenAI: max_tokens is too large: 100000. This model supports at most 16384 completion tokens
    (_rule(r"NAME is too large: \d+\. This model supports at most (?P<limit>\d+)"), _at_most),
    # Groq: `max_tokens` must be less than or equal to `8192`
    (_rule(r"NAME must be (?:less than or equal to|at most|<=) ['`]?(?P<limit>\d+)"), _at_most),
    # DeepSeek, Qwen: … range of max_tokens is [1, 8192]; Range of max_tokens should be [1, 8192]
    (_rule(r"range of NAME (?:is|should be) \[\d+, ?(?P<limit>\d+)\]"), _at_most),
    # Anthropic: `temperature` and `top_p` cannot both be specified
    (_rule(r"`\w+` and `(?P<second>\w+)` cannot both be"), _second),
    # Anthropic: `temperature` may only be set to 1 when thinking is enabled
    (_rule(r"NAME may only be set to"), _drop),
    # OpenAI, Azure, Codex, Gemini, Groq, Mistral, vLLM, serde: unknown and unsupported ones
    (
        _rule(
            r"(?:unsupported|unknown|unrecognized|unexpected|invalid) (?:request )?"
            r"(?:parameter|argument|field|key|name|keyword argument)s?(?: supplied)?:? NAME"
        ),
        _drop,
    ),
    (
        _rule(
            r"(?:property|parameter|field|argument) NAME is "
            r"(?:unsupported|not supported|unknown|not allowed)"
        ),
        _drop,
    ),
    (
        _rule(
            r"NAME(?:: extra inputs are not permitted"
            r"| is (?:not supported|unsupported|deprecated|not permitted|not allowed))"
        ),
        _drop,
    ),
    (_rule(r"does not support (?:the )?(?:parameter )?['`](?P<name>[a-z_.]+)['`]"), _drop),
)
