"""The shapes of the files under `registry/`: provider templates, model families, models.

Every struct is strict: an unknown field is an error (`registry.load` says which file and field).
The id of a template, a family and a catalog is the name of its file and is never written inside.
Values only; what they mean for one model or one set of settings is worked out in `catalog`,
`templates` and `addresses`.
"""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from refact_lsp.core.oauth_spec import OAuthSpec
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.core.quirks import ModelListShape, Quirks, TokenCountShape
from refact_lsp.core.tokens import Vocabulary
from refact_lsp.core.types import CompletionMethod, Locality, ModelKind, Price, Role, Wire

FieldType = Literal["string", "secret", "url", "boolean", "integer", "enum", "map"]
AuthKind = Literal["none", "api-key", "oauth", "command", "program"]
KeyHeader = Literal["bearer", "x-api-key", "api-key", "x-goog-api-key"]
ModelStatus = Literal["active", "preview", "deprecated"]
FimOrder = Literal["PSM", "SPM", "SP"]
ReasoningKind = Literal["none", "effort", "budget", "toggle", "always"]


class Strict(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Base of everything that a registry file holds."""


class Option(Strict, frozen=True, kw_only=True):
    """One choice of an enumerated field."""

    value: str
    label: str


class Field(Strict, frozen=True, kw_only=True):
    """A setting of a provider, in the shape that the protocol shows.

    `header` is not shown: it names the request header that carries the setting's value.
    `quirk` neither: it names the quirk that the setting's value replaces.
    """

    name: str
    label: str
    type: FieldType = "string"
    required: bool = False
    default: Any | None = None
    options: tuple[Option, ...] = ()
    placeholder: str | None = None
    help: str | None = None
    advanced: bool = False
    header: str | None = None
    quirk: str | None = None


class Auth(Strict, frozen=True, kw_only=True):
    """How requests are authorised; the first kind is the one proposed.

    `api-key` covers keys and tokens that the user gives, `command` a program that prints one,
    `program` a vendor's own program that is driven instead of HTTP. `list_header` is where the
    key goes when models are listed, if not where it goes otherwise.
    """

    kinds: tuple[AuthKind, ...] = ("api-key",)
    header: KeyHeader = "bearer"
    list_header: KeyHeader | None = None
    program: ProgramSpec | None = None
    oauth: OAuthSpec | None = None


class Supports(Strict, frozen=True, kw_only=True):
    """What the provider can serve at all."""

    chat: bool = True
    completion: bool = False
    embedding: bool = False
    model_list: bool = True


class ModelFilter(Strict, frozen=True, kw_only=True):
    """Which ids of a provider's list are of use: regular expressions searched in the id."""

    keep: str | None = None
    drop: str | None = None


class UsageWindowEntry(Strict, frozen=True, kw_only=True):
    """One limit that a provider tells of; paths into its answer (see `UsageSource`)."""

    name: str
    unit: str = "USD"
    used: str | None = None
    limit: str | None = None
    resets_at: str | None = None


class UsageSource(Strict, frozen=True, kw_only=True):
    """A route that tells what the account used.

    Paths are names joined by dots; `items[key=value]` takes the item of a list whose key has that
    value. `balance` is in US dollars; `spent` is taken from it where the answer gives both.
    """

    route: str
    balance: str | None = None
    spent: str | None = None
    windows: tuple[UsageWindowEntry, ...] = ()


class Variant(Strict, frozen=True, kw_only=True):
    """What changes when the settings hold every value of `when`: a region, a plan, another wire.

    `routes` and `defaults` are laid over those before; other fields replace what stood there.
    """

    when: dict[str, str]
    wire: Wire | None = None
    base_url: str | None = None
    routes: dict[str, str] = {}
    catalogs: tuple[str, ...] | None = None
    key_header: KeyHeader | None = None
    auth_kinds: tuple[AuthKind, ...] | None = None
    env: tuple[str, ...] | None = None
    key_url: str | None = None
    model_list: ModelListShape | None = None
    token_count: TokenCountShape | None = None
    fim: CompletionMethod | None = None
    quirks: Quirks | None = None
    supports: Supports | None = None
    usage: tuple[UsageSource, ...] | None = None
    defaults: dict[Role, tuple[str, ...]] = {}


class Template(Strict, frozen=True, kw_only=True):
    """A provider as data: `registry/providers/<id>.toml`.

    `routes` maps a route to its path: `/x` lies below the base address, `~/x` at the server's root
    (the base without the template's own path), a full address stands for itself. `wires` are those
    that the field `wire` offers, the first one the default. `fim` is how a model of a known FIM
    family is asked here. `catalogs` are the files under `registry/models` that describe the models
    served here, searched in this order; those of `borrows` are asked last, without their prices.
    `token_count` is how its route `tokenize` or `count_tokens` is spoken to.
    """

    id: str = ""
    name: str
    notes: str
    wires: tuple[Wire, ...]
    completion_wire: Wire | None = None
    embedding_wire: Wire | None = None
    locality: Locality = "cloud"
    base_url: str | None = None
    routes: dict[str, str] = {}
    auth: Auth = Auth()
    env: tuple[str, ...] = ()
    env_base_url: tuple[str, ...] = ()
    headers: dict[str, str] = {}
    fields: tuple[Field, ...] = ()
    variants: tuple[Variant, ...] = ()
    supports: Supports = Supports()
    model_list: ModelListShape | None = None
    token_count: TokenCountShape | None = None
    model_filter: ModelFilter = ModelFilter()
    catalogs: tuple[str, ...] = ()
    borrows: tuple[str, ...] = ()
    fim: CompletionMethod = "none"
    quirks: Quirks = Quirks()
    usage: tuple[UsageSource, ...] = ()
    key_placeholder: str | None = None
    key_url: str | None = None
    docs_url: str | None = None
    defaults: dict[Role, tuple[str, ...]] = {}
    max_concurrency: int | None = None
    sources: tuple[str, ...] = ()


class ReasoningEntry(Strict, frozen=True, kw_only=True):
    """How a model thinks; `default` is the vendor's own level, `can_disable` says off works."""

    kind: ReasoningKind
    levels: tuple[str, ...] = ()
    min_budget: int | None = None
    max_budget: int | None = None
    default: str | None = None
    can_disable: bool | None = None


class EmbeddingEntry(Strict, frozen=True, kw_only=True):
    """Vectors: their length and the lengths to choose from, input limit in tokens, prefixes."""

    dimensions: int | None = None
    max_input: int | None = None
    dimensions_allowed: tuple[int, ...] = ()
    query_prefix: str | None = None
    document_prefix: str | None = None


class PriceTier(Strict, frozen=True, kw_only=True):
    """Prices of requests that read more than `above` tokens."""

    above: int
    input: float | None = None
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None


class PriceEntry(Strict, frozen=True, kw_only=True):
    """US dollars per million tokens; `off_peak_*` where the vendor has cheaper hours."""

    input: float
    output: float = 0.0
    cache_read: float | None = None
    cache_write: float | None = None
    cache_write_1h: float | None = None
    off_peak_input: float | None = None
    off_peak_output: float | None = None
    off_peak_cache_read: float | None = None
    tiers: tuple[PriceTier, ...] = ()


class CompletionEntry(Strict, frozen=True, kw_only=True):
    """How the model fills in the middle here, where that is not simply its family's way."""

    method: CompletionMethod
    family: str | None = None
    max_output: int | None = None


class Facts(Strict, frozen=True, kw_only=True):
    """What can be said of a model or a family; a field left out is not known.

    `context` is the window that is safe to rely on, `context_max` what can be had on request.
    """

    kind: ModelKind | None = None
    context: int | None = None
    context_max: int | None = None
    max_input: int | None = None
    max_output: int | None = None
    vision: bool | None = None
    pdf: bool | None = None
    audio: bool | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    agent: bool | None = None
    reasoning: ReasoningEntry | None = None
    temperature: bool | None = None
    tokenizer: str | None = None
    completion: CompletionEntry | None = None
    embedding: EmbeddingEntry | None = None
    price: PriceEntry | None = None
    knowledge_cutoff: str | None = None
    status: ModelStatus | None = None


class ModelEntry(Facts, frozen=True, kw_only=True):
    """A model at one provider.

    `listed = false` keeps it for look-ups and out of lists that come from the registry. `wire` is
    what the model must be spoken to in where that is not the provider's own. `replaced_by` names
    the model that serves a retired name.
    """

    name: str | None = None
    aliases: tuple[str, ...] = ()
    listed: bool = True
    wire: Wire | None = None
    replaced_by: str | None = None
    released: str | None = None
    retired: str | None = None
    open_weights: bool | None = None
    cache_min_tokens: int | None = None
    sources: tuple[str, ...] = ()


class ModelCatalog(Strict, frozen=True, kw_only=True):
    """The models of one provider: `registry/models/<id>.toml`.

    `defaults` are laid under every model, field by field.
    """

    verified: str
    sources: tuple[str, ...] = ()
    defaults: Facts = Facts()
    models: dict[str, ModelEntry]


class Fim(Strict, frozen=True, kw_only=True):
    """The fill-in-the-middle layout of a family.

    `template` stands where order and tokens alone do not say it; its slots are {prefix}, {suffix},
    {files}, {path} and {language}. {files} is the context: `repo_template` ({repo}), then
    `file_template` ({path}, {content}) once a file, then `path_template` ({path}) for the file
    being edited; without a `template` it goes before everything. `stop` are the at most four
    strings for the wire; `special` are more control tokens that user text must not bring; `cut` are
    plain texts at which an answer ends.
    """

    order: FimOrder
    prefix: str
    suffix: str
    middle: str = ""
    pad: str | None = None
    eot: str | None = None
    bos: str | None = None
    eos: str | None = None
    repo: str | None = None
    file_separator: str | None = None
    template: str | None = None
    repo_template: str | None = None
    file_template: str | None = None
    path_template: str | None = None
    stop: tuple[str, ...]
    special: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    chat_wrapped: bool = False
    alternative_order: FimOrder | None = None
    max_middle_chars: int | None = None


class NextEdit(Strict, frozen=True, kw_only=True):
    """The prompt of a model that rewrites a region around the cursor."""

    base: str
    layout: str
    markers: dict[str, str] = {}
    change_block: str | None = None
    output: str | None = None
    stop: tuple[str, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    budget_tokens: int | None = None
    window_lines: int | None = None


class ChatHole(Strict, frozen=True, kw_only=True):
    """How a chat model is asked to fill a hole: the mark of the hole, the tags of the answer."""

    hole: str
    open: str
    close: str


class FamilyVariant(Strict, frozen=True, kw_only=True):
    """What differs for names in which `match` is found; `fim = false` says it cannot fill in."""

    match: str
    kind: ModelKind | None = None
    fim: bool | None = None
    fim_preferred: bool | None = None
    context: int | None = None
    context_max: int | None = None
    tools: bool | None = None
    vision: bool | None = None
    reasoning: ReasoningEntry | None = None
    dimensions: int | None = None
    notes: str | None = None


class Family(Facts, frozen=True, kw_only=True):
    """Models that share tokens, tokenizer and habits: `registry/families/<id>.toml`.

    `match` are regular expressions searched in the normalised model name, `exclude` rules out.
    Families are tried from the highest `rank` down, so that the special comes before the general.
    """

    id: str = ""
    rank: int
    match: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    fim: Fim | None = None
    next_edit: NextEdit | None = None
    chat_hole: ChatHole | None = None
    variants: tuple[FamilyVariant, ...] = ()
    recommended: bool = True
    prefer: str | None = None
    ollama_context: int | None = None
    notes: str | None = None
    confidence: Literal["high", "medium", "low"] = "medium"
    sources: tuple[str, ...] = ()


class TokenizerRule(Strict, frozen=True, kw_only=True):
    """How tokenizers whose name holds `match` are counted; see `registry/tokenizers.toml`."""

    match: str
    factor: float
    encoding: str | None = None


class TokenizerRules(Strict, frozen=True, kw_only=True):
    """The file of those rules, the first that fits counts; and where vocabularies can be had."""

    tokenizers: tuple[TokenizerRule, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()


def price_of(entry: PriceEntry) -> Price:
    """Give the protocol's price: that of ordinary hours and short prompts."""

    def exact(number: float | None) -> Decimal | None:
        return None if number is None else Decimal(str(number))

    return Price(
        input=Decimal(str(entry.input)),
        output=Decimal(str(entry.output)),
        cache_read=exact(entry.cache_read),
        cache_write=exact(entry.cache_write),
    )
