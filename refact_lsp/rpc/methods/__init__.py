"""The method table: every `refact/*` method, one module a group of the protocol."""

from refact_lsp.rpc.methods import chat, completion, defaults, models, providers, status
from refact_lsp.rpc.table import tabled

TABLE = tabled(
    providers.METHODS,
    models.METHODS,
    defaults.METHODS,
    completion.METHODS,
    chat.METHODS,
    status.METHODS,
)
