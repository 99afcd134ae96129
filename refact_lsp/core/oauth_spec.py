"""How a provider signs people in: data of the registry, read by `auth`. No behaviour here.

Addresses may hold `{name}` for a setting of the provider (an enterprise host, say).
"""

from collections.abc import Mapping
from typing import Literal

import msgspec

FlowKind = Literal["device", "browser"]


class OAuthSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One sign-in service.

    `flows` are offered in their order. Where `client_id` is absent the provider's setting
    `clientId` is used, and the setup says so where that is empty too. `result` says what the
    exchange gives: tokens that expire and are refreshed, or an API key, kept as `apiKey`.
    """

    flows: tuple[FlowKind, ...]
    token_url: str
    authorize_url: str | None = None
    device_url: str | None = None
    revoke_url: str | None = None
    client_id: str | None = None
    scopes: tuple[str, ...] = ()
    result: Literal["tokens", "apiKey"] = "tokens"
    # Names of the answer's fields that hold the key (result = apiKey) and the account's name.
    key_field: str = "key"
    account_field: str | None = None
    # Shape of requests to token_url, device_url and revoke_url.
    body: Literal["form", "json"] = "form"
    # Parameter of authorize_url that names the way back; some services have their own word.
    redirect_parameter: str = "redirect_uri"
    redirect_host: Literal["127.0.0.1", "localhost"] = "127.0.0.1"
    redirect_path: str = "/callback"
    # A service that registered one port refuses any other; absent means any free port.
    redirect_port: int | None = None
    # Where the state travels: its own parameter, or inside the way back where the service has none.
    state_in: Literal["parameter", "redirect"] = "parameter"
    authorize_parameters: Mapping[str, str] = {}
    token_parameters: Mapping[str, str] = {}
