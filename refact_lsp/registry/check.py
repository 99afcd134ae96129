"""What the shapes of `schema` cannot say: checks over one template or one family. Pure.

Each function gives the first fault as `field: what is wrong`, or None.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from refact_lsp.core.tokens import Vocabulary
from refact_lsp.registry.addresses import locality_of
from refact_lsp.registry.model_schema import Family, Fim
from refact_lsp.registry.schema import Template

MAX_WIRE_STOPS = 4  # OpenAI-compatible servers refuse more
TEMPLATE_SLOTS = {
    "template": {"prefix", "suffix", "files", "path", "language"},
    "repo_template": {"repo"},
    "file_template": {"path", "content"},
    "path_template": {"path"},
}
SLOT = re.compile(r"\{(\w*)\}")


def check_template(template: Template) -> str | None:
    """Find a variant, filter, field or route that cannot work."""
    if not template.wires:
        return "wires: at least one is needed"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", template.id):
        return "the file's name must be made of a-z, 0-9 and hyphens"
    for route, path in template.routes.items():
        if not path.startswith(("/", "~/", "https://", "http://")):
            return f"routes.{route}: must begin with '/', '~/' or 'https://'"
    if template.token_count and not {"tokenize", "count_tokens"} & template.routes.keys():
        return "token_count: there is no route tokenize or count_tokens"
    for source in template.usage:
        if source.route not in template.routes:
            return f"usage: there is no route {source.route!r}"
    return _choice_fault(template) or _filter_fault(template)


def check_family(family: Family) -> str | None:
    """Find a pattern that does not compile, a stop list too long, a token that cannot be broken."""
    patterns = [*family.match, *family.exclude, *(variant.match for variant in family.variants)]
    return check_patterns(patterns) or (check_fim(family.fim) if family.fim else None)


def check_patterns(patterns: Sequence[str]) -> str | None:
    """Find a pattern that does not compile."""
    for pattern in patterns:
        if fault := _pattern_fault(pattern):
            return f"match: {pattern!r}: {fault}"
    return None


def check_vocabularies(vocabularies: Sequence[Vocabulary]) -> str | None:
    """Find an address that nothing may be fetched from, and a checksum that is none."""
    for index, vocabulary in enumerate(vocabularies):
        place = urlsplit(vocabulary.url)
        near = locality_of(place.hostname or "") == "machine"
        if place.scheme != "https" and not (place.scheme == "http" and near):
            return f"vocabularies[{index}].url: must be https"
        if not re.fullmatch(r"[0-9a-f]{64}", vocabulary.sha256):
            return f"vocabularies[{index}].sha256: must be 64 hexadecimal digits"
    return None


def check_fim(fim: Fim) -> str | None:
    """Find what would make a prompt wrong or forgeable."""
    if len(fim.stop) > MAX_WIRE_STOPS:
        return f"fim.stop: at most {MAX_WIRE_STOPS} strings; put the others under fim.special"
    for token in fim_tokens(fim):
        if len(token) < 2 or token[1].isspace() or token[0].isspace():  # noqa: PLR2004  — a pair
            return f"fim: {token!r} cannot be told apart from user text"
    for name, slots in TEMPLATE_SLOTS.items():
        text: str | None = getattr(fim, name)
        for slot in SLOT.findall(text or ""):
            if slot not in slots:
                return f"fim.{name}: unknown slot {{{slot}}}"
    return None


@lru_cache(maxsize=256)
def fim_tokens(fim: Fim) -> tuple[str, ...]:
    """List the control tokens of a layout: what user text must never hold, longest first."""
    named = (
        fim.prefix,
        fim.suffix,
        fim.middle,
        fim.pad,
        fim.eot,
        fim.bos,
        fim.eos,
        fim.repo,
        fim.file_separator,
    )
    tokens = {token.strip() for token in (*named, *fim.stop, *fim.special) if token}
    return tuple(sorted(tokens, key=lambda token: (-len(token), token)))


def _choice_fault(template: Template) -> str | None:
    options = {field.name: [option.value for option in field.options] for field in template.fields}
    options.setdefault("wire", list(template.wires))
    for index, variant in enumerate(template.variants):
        for name, value in variant.when.items():
            if value not in options.get(name, ()):
                return f"variants[{index}].when.{name}: {value!r} is no option of that field"
    for index, field in enumerate(template.fields):
        if field.type == "enum" and field.default not in options[field.name]:
            return f"fields[{index}].default: not one of the options"
    return None


def _filter_fault(template: Template) -> str | None:
    for name in ("keep", "drop"):
        pattern: str | None = getattr(template.model_filter, name)
        if pattern is not None and (fault := _pattern_fault(pattern)):
            return f"model_filter.{name}: {fault}"
    return None


def _pattern_fault(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as error:
        return str(error)
    return None
