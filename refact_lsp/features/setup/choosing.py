"""Choosing default models: what the user says is checked before it is kept."""

from collections.abc import Sequence

import msgspec

from refact_lsp.app.application import App
from refact_lsp.app.world import World
from refact_lsp.core.nouns import Default, Model, Parameters, Proposal
from refact_lsp.core.types import ROLES, Role, parse_model_ref
from refact_lsp.features.setup.models import models_of
from refact_lsp.features.setup.roles import default, usable
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.templates import effective
from refact_lsp.store.defaults import set_default


async def choose(
    app: App,
    role: Role,
    model: str | None,
    *,
    fallbacks: Sequence[str] | None = None,
    parameters: Parameters | None = None,
) -> Default:
    """Let a model serve a role, or none; refuses one that cannot, with the reason."""
    for name in [model] if model else []:
        usable(app.world, parse_model_ref(name), role)
    for name in fallbacks or ():
        usable(app.world, parse_model_ref(name), role)
    kept = None if parameters is None else msgspec.to_builtins(parameters)
    await app.change(
        lambda connection: set_default(
            connection, role, model, fallbacks=fallbacks, parameters=kept
        )
    )
    return default(app.world, role)


def propose(world: World, provider: str) -> tuple[Proposal, ...]:
    """Sensible models of a provider for roles that the user left open. Nothing is set.

    First what its template proposes and the provider really lists, else the cheapest model that
    fits; one whose price nobody knows comes after those with a price, unless it runs at the user's.
    """
    row = world.configuration.providers.get(provider)
    if row is None:
        return ()
    listed = models_of(world, provider)
    template = effective(world.catalog.template(row.template), row.settings)
    hosted = resolve_addresses(template, row.settings).locality == "cloud"
    found: list[Proposal] = []
    for role in ROLES:
        chosen = world.configuration.defaults.get(role)
        if chosen is not None and chosen.model is not None:
            continue
        fitting = [
            model for model in listed.values() if role in model.roles and _fills(model, role)
        ]
        named = template.defaults.get(role, ())
        suggested = next((m for name in named for m in fitting if m.name == name), None)
        if suggested is not None:
            found.append(
                Proposal(role=role, model=suggested.id, reason=_reason(suggested, hosted=hosted))
            )
        elif fitting and role in ("chat", "completion", "embedding"):
            model = min(fitting, key=lambda each: _cost(each, hosted=hosted))
            found.append(Proposal(role=role, model=model.id, reason=_reason(model, hosted=hosted)))
    return tuple(found)


def _fills(model: Model, role: Role) -> bool:
    """Propose no chat model for completion: it may be chosen, but is asked at each pause."""
    return role != "completion" or model.capabilities.completion.method != "chat"


def _cost(model: Model, *, hosted: bool) -> tuple[bool, bool, float, str]:
    price = model.capabilities.price
    unpriced = hosted and price is None
    return (
        not model.known,
        unpriced,
        float(price.input + price.output) if price else 0,
        model.name,
    )


def _reason(model: Model, *, hosted: bool) -> str:
    price = model.capabilities.price
    if price is None and not model.known:
        return "(not in the registry)"
    if price is None:
        return "(its price here is not known)" if hosted else "(runs where you run it)"
    return f"(${price.input} in, ${price.output} out per million tokens)"
