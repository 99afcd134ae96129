"""What is known of a model at a provider: the registry, the server's word and the user's, merged.

    catalog.templates                     every provider template by id
    catalog.template(id)                  one of them, or `notConfigured`
    catalog.effective(id, settings)       the same as the settings of an instance choose
    catalog.resolve(template_id, name)    -> Resolution: capabilities, and where each came from
    catalog.fim(family_id)                the fill-in-the-middle layout of a family, or None
    catalog.families                      every family by id
    catalog.models(template_id)           the models that the registry lists for a provider
    catalog.suggested(template_id, role)  models to propose for a role, best first
    catalog.tokenizer(name)               how a tokenizer is counted: encoding, factor
    catalog.vocabulary(encoding)          where its tiktoken vocabulary can be had
    catalog.problems                      registry files that were left out, and why

A field is the user's override, else what the server told (`live`), else the provider's own entry
(by id, alias, date or tag), else the family's, else the safe default. Looking up is pure; the
catalog remembers what it decoded and compiled, and the families of names.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from typing import Any, Literal

import msgspec

from refact_lsp.core.problems import Problem, refuse
from refact_lsp.core.tokens import Vocabulary
from refact_lsp.core.types import (
    Capabilities,
    CapabilityPatch,
    CapabilitySource,
    CompletionSupport,
    ModelKind,
    Role,
    Told,
    Wire,
)
from refact_lsp.registry.capabilities import Layer, facts_patch, merged, varied
from refact_lsp.registry.model_schema import Family, Fim, ModelEntry, TokenizerRule, TokenizerRules
from refact_lsp.registry.names import family_forms, undated, untagged
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import effective

Via = Literal["exact", "alias", "date", "tag", "borrowed", "family", "default"]
Models = Mapping[str, ModelEntry]
UNKNOWN_FACTOR = 1.3  # no vocabulary in use was seen to need more for code
_NAMES_KEPT = 4096  # several times the longest list of a provider


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A model as far as it is known.

    `known` is False where neither an entry nor a family was found; `via` says how the entry was
    found, `family` names the family. `prefixes` go before a query and a document that is embedded.
    `sources` is keyed by the capability's name on the wire.
    """

    capabilities: Capabilities
    sources: Mapping[str, CapabilitySource]
    known: bool
    kind: ModelKind
    via: Via
    family: str | None = None
    display_name: str | None = None
    max_input: int | None = None
    prefixes: tuple[str, str] = ("", "")
    wire: Wire | None = None
    entry: ModelEntry | None = None


class Catalog:
    """The loaded registry; made by `registry.compiled.open_catalog`."""

    def __init__(
        self,
        *,
        templates: Mapping[str, Template],
        families: Mapping[str, Family],
        read_models: Callable[[str], Models],
        tokenizers: TokenizerRules | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        self.templates = templates
        self.families = families
        self.problems = problems
        self._tokenizers = tokenizers or TokenizerRules()
        self._rules: dict[str, TokenizerRule] = {}
        self._read_models = read_models
        self._models: dict[str, Models] = {}
        self._names: dict[str, Mapping[str, str]] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        # A provider's list is looked at again with every change of what is set up, and each of
        # its models asks for the same template.
        self._family = lru_cache(_NAMES_KEPT)(self._find_family)
        self._chosen: tuple[str, dict[str, Any], Template] | None = None

    def template(self, template_id: str) -> Template:
        """Give a template; raises `notConfigured` for an id that no file has."""
        template = self.templates.get(template_id)
        if template is None:
            raise refuse(
                "notConfigured",
                f"There is no provider template {template_id!r}.",
                f"The templates are {', '.join(sorted(self.templates))}.",
                field="template",
            )
        return template

    def effective(self, template_id: str, settings: Mapping[str, Any] | None) -> Template:
        """Give a template with the variants that the settings choose; raises as `template` does."""
        last = self._chosen
        if last is None or last[0] != template_id or last[1] != (settings or {}):
            template = effective(self.template(template_id), settings or {})
            last = self._chosen = template_id, dict(settings or {}), template
        return last[2]

    def fim(self, family_id: str) -> Fim | None:
        """Give a family's fill-in-the-middle layout."""
        family = self.families.get(family_id)
        return family.fim if family else None

    def resolve(
        self,
        template_id: str,
        name: str,
        *,
        settings: Mapping[str, Any] | None = None,
        live: Told | None = None,
        override: CapabilityPatch | None = None,
    ) -> Resolution:
        """Find out what a model can do at a provider with these settings."""
        template = self.effective(template_id, settings)
        entry, family, via = self._known(template, name)
        if via == "default" and live is not None and live.base:
            entry, family, via = self._known(template, live.base)
        kind = _kind(entry, family, live)
        layers: list[Layer] = []
        if override is not None:
            layers.append(("user", override))
        if live is not None:
            layers.append(("api", _with_family(live, family)))
        layers.append(("registry", _entry_patch(entry)))
        layers.append(("family", _family_patch(template, family)))
        layers.append(("default", _chat_completion(template, kind, known=via != "default")))
        capabilities, sources = merged(layers, kind=kind)
        return Resolution(
            capabilities=capabilities,
            sources=sources,
            known=via != "default",
            kind=kind,
            via=via,
            family=family.id if family else None,
            display_name=entry.name if entry else None,
            max_input=(live and live.max_input) or (entry and entry.max_input),
            prefixes=_prefixes(entry, family),
            wire=_wire(template, settings or {}, entry, live),
            entry=entry,
        )

    def models(
        self, template_id: str, settings: Mapping[str, Any] | None = None
    ) -> dict[str, ModelEntry]:
        """List what the registry offers for a provider: retired and unlisted models left out."""
        template = self.effective(template_id, settings)
        found: dict[str, ModelEntry] = {}
        for catalog in template.catalogs:
            for name, entry in self._catalog(catalog).items():
                if entry.listed:
                    found.setdefault(name, entry)
        return found

    def suggested(
        self, template_id: str, role: Role, settings: Mapping[str, Any] | None = None
    ) -> tuple[str, ...]:
        """Name the models to propose for a role, best first; whether they exist is not known."""
        return self.effective(template_id, settings).defaults.get(role, ())

    def tokenizer(self, name: str) -> TokenizerRule:
        """Say how a tokenizer is counted; one that no rule knows has a wide margin."""
        if name not in self._rules:
            rules = self._tokenizers.tokenizers
            fitting = (rule for rule in rules if self._pattern(rule.match).search(name))
            unknown = TokenizerRule(match="", factor=UNKNOWN_FACTOR)
            self._rules[name] = next(fitting, unknown)
        return self._rules[name]

    def vocabulary(self, encoding: str | None) -> Vocabulary | None:
        """Say where a tiktoken vocabulary can be had; None where nobody said."""
        named = (each for each in self._tokenizers.vocabularies if each.encoding == encoding)
        return next(named, None)

    def _catalog(self, catalog: str) -> Models:
        if catalog not in self._models:
            self._models[catalog] = self._read_models(catalog)
        return self._models[catalog]

    def _known(self, template: Template, name: str) -> tuple[ModelEntry | None, Family | None, Via]:
        entry, via = self._entry(template.catalogs, name)
        family = self._family(name)
        if entry is None and family is None:
            entry, via = self._borrowed(template, name)
        return entry, family, via if entry else "family" if family else "default"

    def _entry(self, catalogs: tuple[str, ...], name: str) -> tuple[ModelEntry | None, Via]:
        for form, via in _entry_forms(name):
            for catalog in catalogs:
                models = self._catalog(catalog)
                if form in models:
                    return models[form], via
                if (target := self._other_names(catalog).get(form)) is not None:
                    return models[target], "alias" if via == "exact" else via
        return None, "default"

    def _other_names(self, catalog: str) -> Mapping[str, str]:
        """Map aliases, lower-case ids and undated ids to the ids of a catalog."""
        if catalog not in self._names:
            models = self._catalog(catalog)
            names: dict[str, str] = {}
            for name in sorted(models, reverse=True):  # of several dates the latest comes first
                if (short := undated(name.lower())) is not None:
                    names.setdefault(short, name)
            for name, entry in models.items():
                names.update({alias.lower(): name for alias in entry.aliases})
            names.update({name.lower(): name for name in models})
            self._names[catalog] = names
        return self._names[catalog]

    def _borrowed(self, template: Template, name: str) -> tuple[ModelEntry | None, Via]:
        """Look in other providers' catalogs: a gateway serves the same models at its own price."""
        for form in dict.fromkeys((name, name.rpartition("/")[2])):
            entry, _ = self._entry(template.borrows, form)
            if entry is not None:
                return msgspec.structs.replace(entry, price=None, wire=None), "borrowed"
        return None, "default"

    def _find_family(self, name: str) -> Family | None:
        for form in family_forms(name):
            for pattern, family in self._ranked:
                if pattern.search(form) and not self._excludes(family, form):
                    return varied(family, form)
        return None

    @cached_property
    def _ranked(self) -> list[tuple[re.Pattern[str], Family]]:
        """Every pattern of every family in the order in which they are tried."""
        families = sorted(self.families.values(), key=lambda family: -family.rank)
        return [(self._pattern(each), family) for family in families for each in family.match]

    def _excludes(self, family: Family, form: str) -> bool:
        return any(self._pattern(pattern).search(form) for pattern in family.exclude)

    def _pattern(self, pattern: str) -> re.Pattern[str]:
        compiled = self._patterns.get(pattern)
        if compiled is None:
            compiled = self._patterns[pattern] = re.compile(pattern)
        return compiled


def _entry_forms(name: str) -> Iterator[tuple[str, Via]]:
    yield name, "exact"
    lower = name.lower()
    yield lower, "exact"
    dateless = undated(lower)
    if dateless is not None:
        yield dateless, "date"
    base = untagged(lower)
    if base is not None:
        yield base, "tag"


def _kind(entry: ModelEntry | None, family: Family | None, live: Told | None) -> ModelKind:
    """Say what a model is for; that a server calls it a chat model is its word for most."""
    told = live.kind if live else None
    if told in ("embedding", "completion"):
        return told
    stated = (entry and entry.kind) or (family and family.kind)
    if stated:
        return stated
    return "embedding" if live is not None and live.embedding is not None else "chat"


def _wire(
    template: Template, settings: Mapping[str, Any], entry: ModelEntry | None, live: Told | None
) -> Wire | None:
    """Choose the wire format that a model is asked in, where the server names several.

    The user's choice comes first, then the registry's, the template's and the server's own order.
    """
    own = entry.wire if entry else None
    spoken: tuple[Wire, ...] = live.wires if live else ()
    if not spoken:
        return own
    rank: list[Any] = [settings.get("wire"), own, *template.wires]
    known: list[Wire] = [wire for wire in spoken if wire in rank]
    return min(known, key=rank.index) if known else own


def _prefixes(entry: ModelEntry | None, family: Family | None) -> tuple[str, str]:
    said = (entry and entry.embedding) or (family and family.embedding)
    return (said.query_prefix or "", said.document_prefix or "") if said else ("", "")


def _with_family(live: Told, family: Family | None) -> CapabilityPatch:
    """Name the family of a method that a server announced without one."""
    completion = live.completion
    if completion is None or completion.family is not None or family is None or family.fim is None:
        return live
    named = msgspec.structs.replace(completion, family=family.id)
    return msgspec.structs.replace(live, completion=named)


def _entry_patch(entry: ModelEntry | None) -> CapabilityPatch:
    if entry is None:
        return CapabilityPatch()
    patch = facts_patch(entry)
    if entry.completion is None:
        return patch
    completion = CompletionSupport(method=entry.completion.method, family=entry.completion.family)
    return msgspec.structs.replace(patch, completion=completion)


def _family_patch(template: Template, family: Family | None) -> CapabilityPatch:
    if family is None:
        return CapabilityPatch()
    patch = facts_patch(family)
    if family.fim is None or template.fim == "none":
        return patch
    completion = CompletionSupport(method=template.fim, family=family.id)
    return msgspec.structs.replace(patch, completion=completion)


def _chat_completion(template: Template, kind: ModelKind, *, known: bool) -> CapabilityPatch:
    """Let a known chat model fill a hole that it is shown; an unknown one is not trusted to."""
    if not (known and kind == "chat" and template.supports.chat):
        return CapabilityPatch()
    return CapabilityPatch(completion=CompletionSupport(method="chat"))
