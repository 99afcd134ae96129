"""A provider's models: asked for, kept with what the server said of them, or kept as they were."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.types import CapabilityPatch, ModelRef
from refact_lsp.features.setup.endpoints import endpoint_of
from refact_lsp.features.setup.listing import has_list, list_live
from refact_lsp.features.setup.models import models_of, view
from refact_lsp.features.setup.providers import row_of
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.templates import effective
from refact_lsp.store.models import (
    delete_custom as delete_row,
)
from refact_lsp.store.models import (
    enable_models,
    mark_stale,
    store_list,
)
from refact_lsp.store.models import (
    save_custom as save_row,
)


async def refresh(app: App, provider: str) -> Problem | None:
    """Ask a provider for its models; on failure the last list stays and the reason is given."""
    row = row_of(app.world, provider)
    template = effective(app.catalog.template(row.template), row.settings)
    endpoint = endpoint_of(app, row, listing=True)
    if not has_list(template, endpoint.addresses):
        return None
    try:
        listed = await list_live(app.client, endpoint, template, Purpose(role="models"))
    except RefactError as error:
        problem = error.problem
        await app.change(lambda connection: mark_stale(connection, provider, problem))
        app.set_health(provider, problem)
        return problem
    at = datetime.now(UTC)
    await app.change(lambda connection: store_list(connection, provider, listed, at=at))
    app.set_health(provider, None)
    return None


async def enable(app: App, refs: Sequence[ModelRef], *, enabled: bool) -> tuple[Model, ...]:
    """Switch models on or off; raises `modelNotFound` before anything is changed."""
    for ref in refs:
        found(app, ref)
    for provider in dict.fromkeys(ref.provider for ref in refs):
        names = [ref.name for ref in refs if ref.provider == provider]
        await app.change(
            lambda connection, provider=provider, names=names: enable_models(
                connection, provider, names, enabled=enabled
            )
        )
    return tuple(found(app, ref) for ref in refs)


async def save_custom(
    app: App, ref: ModelRef, *, display_name: str | None, capabilities: Mapping[str, Any]
) -> Model:
    """Make a model of the user's own, or override single fields of a listed one."""
    row_of(app.world, ref.provider)
    _checked(app.catalog, capabilities)
    await app.change(
        lambda connection: save_row(
            connection,
            ref.provider,
            ref.name,
            display_name=display_name,
            override=dict(capabilities),
        )
    )
    return found(app, ref)


async def delete_custom(app: App, ref: ModelRef) -> None:
    """Delete a model of the user's own, or the overrides of a listed one."""
    existed = await app.change(lambda connection: delete_row(connection, ref.provider, ref.name))
    if not existed:
        raise refuse(
            "modelNotFound",
            f"{ref} is no model of your own, and nothing of it is overridden.",
            f"See refact-lsp models list --provider {ref.provider} --all.",
            field="model",
        )


def found(app: App, ref: ModelRef) -> Model:
    """Find a model, of a disabled provider too; raises `modelNotFound`."""
    model = models_of(app.world, ref.provider).get(ref.name)
    if model is None:
        row = row_of(app.world, ref.provider)
        stored = app.world.configuration.models.get(ref.provider, {}).get(ref.name)
        if stored is None:
            raise refuse(
                "modelNotFound",
                f"{ref.provider!r} lists no model {ref.name!r}.",
                f"See refact-lsp models list --provider {ref.provider} --all.",
                field="model",
            )
        return view(app.catalog, row, ref.name, stored)
    return model


def _checked(catalog: Catalog, capabilities: Mapping[str, Any]) -> None:
    """Refuse what is no capability; null takes an override away."""
    given = {name: value for name, value in capabilities.items() if value is not None}
    known = {field.encode_name for field in msgspec.structs.fields(CapabilityPatch)}
    for name in capabilities:
        if name not in known:
            raise refuse(
                "invalidRequest",
                f"There is no capability {name!r}.",
                f"The capabilities are {', '.join(sorted(known))}.",
                field=name,
            )
    try:
        patch = msgspec.convert(given, CapabilityPatch, strict=False)
    except msgspec.ValidationError as error:
        raise refuse("invalidRequest", f"A capability does not fit: {error}.") from None
    for name, tokens in (("contextWindow", patch.context_window), ("maxOutput", patch.max_output)):
        if tokens is not None and tokens < 1:
            raise refuse("invalidRequest", f"{name} is a number of tokens: at least 1.", field=name)
    support = patch.completion
    if support and support.method == "template" and not catalog.fim(support.family or ""):
        what = f"{support.family!r} is no family" if support.family else "No family is named"
        raise refuse(
            "invalidRequest",
            f"{what} whose layout could fill in the middle.",
            "Give completion a family with a layout; refact-lsp models probe finds it.",
            field="completion",
        )
