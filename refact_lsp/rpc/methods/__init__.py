"""The method table: every `refact/*` method, one module a group of the protocol."""

from refact_lsp.rpc.methods import (
    auth,
    chat,
    completion,
    defaults,
    models,
    privacy,
    providers,
    settings,
    status,
    usage,
)
from refact_lsp.rpc.table import tabled

TABLE = tabled(
    providers.METHODS,
    auth.METHODS,
    models.METHODS,
    defaults.METHODS,
    completion.METHODS,
    chat.METHODS,
    privacy.METHODS,
    usage.METHODS,
    settings.METHODS,
    status.METHODS,
)
