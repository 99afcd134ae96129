"""Which route of a model's server counts tokens, if one does."""

from refact_lsp.app.application import App
from refact_lsp.core.nouns import Model
from refact_lsp.core.quirks import TokenCountShape
from refact_lsp.llm.wire.token_counts import counts_whole
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import by_program, effective


def shape_of(template: Template) -> TokenCountShape | None:
    """Say how an effective template's server is asked; None where it is not."""
    return None if by_program(template) else template.token_count


def count_route(app: App, model: Model) -> str | None:
    """Give the address that counts a model's tokens; None where its server has none."""
    row = app.world.configuration.providers.get(model.provider)
    if row is None:
        return None
    template = app.catalog.template(row.template)
    shape = shape_of(effective(template, row.settings, wire=model.wire))
    if shape is None:
        return None
    name = "count_tokens" if counts_whole(shape) else "tokenize"
    return resolve_addresses(template, row.settings, wire=model.wire).routes.get(name)
