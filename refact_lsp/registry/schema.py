"""The shapes of the files under `registry/`: here provider templates; models in `model_schema`.

Every struct is strict: an unknown field is an error (`registry.load` says which file and field).
The id of a template, a family and a catalog is the name of its file and is never written inside.
Values only; what they mean for one model or one set of settings is worked out in `catalog`,
`templates` and `addresses`.
"""

from typing import Any, Literal

import msgspec

from refact_lsp.core.oauth_spec import OAuthSpec
from refact_lsp.core.program_spec import ProgramSpec
from refact_lsp.core.quirks import ModelListShape, Quirks, TokenCountShape
from refact_lsp.core.types import CompletionMethod, Locality, Role, Wire

FieldType = Literal["string", "secret", "url", "boolean", "integer", "enum", "map"]
AuthKind = Literal["none", "api-key", "oauth", "command", "program"]
KeyHeader = Literal["bearer", "x-api-key", "api-key", "x-goog-api-key"]


class Strict(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    gc=False,
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
