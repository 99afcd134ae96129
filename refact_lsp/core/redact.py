"""Take secrets out of text: known shapes, and long random values. Pure.

For code before it leaves for a model, where file names keep most secrets out already, and for what
other programs say of a failure.
"""

import math
import re
from collections import Counter

REDACTED = "[redacted]"
_BEGIN_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_END_KEY = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")
_SHAPES = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:[\w]+[-_])*[A-Za-z0-9]{16,}[\w-]*"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{30,}|\bglpat-[\w-]{20,}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{35}|\bya29\.[\w-]{20,}"
    r"|\bxox[abeoprs]-[\w-]{10,}|\bhf_[A-Za-z0-9]{30,}|\bnpm_[A-Za-z0-9]{36}|\bpypi-[\w-]{40,}"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+"
    r"|(?<=://)[^\s:/@\"']+:[^\s/@\"']{3,}(?=@)"
)
_NAMED = re.compile(
    r"(?i)((?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|private[_-]?key)"
    r"[\w-]*[\"']?\s*(?::=|=>|=|:)\s*[\"'])([^\"'\s]{8,})(?=[\"'])"
)
_LONG = re.compile(r"(?<![\w/+-])[A-Za-z0-9+/_-]{32,}={0,2}(?![\w/+-])")
_PLACEHOLDER = re.compile(r"[<{$%*]|(?i:example|your|change|dummy|placeholder)")
_SPELT = re.compile(r"[A-Z]?[a-z]{3,}")
_SPELT_SHARE = 0.55
_BITS_A_CHARACTER = 4.2
_FEWEST_DIGITS = 3


def redacted(text: str) -> str:
    """Give the text without secrets; its lines stay lines."""
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        if inside or _BEGIN_KEY.search(line):
            inside = not _END_KEY.search(line)
            lines.append(REDACTED)
        else:
            lines.append(_line(line))
    return "\n".join(lines)


def _line(line: str) -> str:
    line = _SHAPES.sub(REDACTED, line)
    line = _NAMED.sub(_value, line)
    return _LONG.sub(lambda found: REDACTED if is_random(found.group()) else found.group(), line)


def _value(found: re.Match[str]) -> str:
    head, value = found.groups()
    return found.group() if _PLACEHOLDER.search(value) else head + REDACTED


def is_random(value: str) -> bool:
    """Say whether a long word looks drawn by chance: letters of both cases, digits, no pattern."""
    digits = sum(each.isdigit() for each in value)
    mixed = any(each.islower() for each in value) and any(each.isupper() for each in value)
    if digits < _FEWEST_DIGITS or not mixed:
        return False
    if sum(map(len, _SPELT.findall(value))) > _SPELT_SHARE * len(value):
        return False
    counts = Counter(value)
    bits = -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())
    return bits >= min(_BITS_A_CHARACTER, 0.85 * math.log2(len(value)))
