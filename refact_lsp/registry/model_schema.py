"""Files of models and model families: the shape of what stands in `registry/` about them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from refact_lsp.core.tokens import Vocabulary
from refact_lsp.core.types import CompletionMethod, ModelKind, Price, Wire
from refact_lsp.registry.schema import Strict

ModelStatus = Literal["active", "preview", "deprecated"]
FimOrder = Literal["PSM", "SPM", "SP"]
ReasoningKind = Literal["none", "effort", "budget", "toggle", "always"]


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
    markers: Mapping[str, str] = {}
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
