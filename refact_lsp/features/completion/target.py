"""The model that serves completion right now, as the engine wants it. Pure over a world."""

from functools import partial
from hashlib import blake2b

import msgspec

from refact_lsp.app.world import World
from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.settings_in_force import CompletionInForce, in_force
from refact_lsp.features.completion.ports import Settings, Target
from refact_lsp.features.setup.roles import chain, default
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.fim import cuts, middle_stands_last, render_fim, takes_files, wire_stops
from refact_lsp.registry.model_schema import Fim
from refact_lsp.registry.templates import completion_wire, effective

MAX_TOKENS = 256
CONTEXT_TOKENS = 1500


def completion_target(world: World) -> Target | Problem:
    """The first model of the role's chain that can serve, or why there is none."""
    try:
        model = chain(world, "completion")[0]
        return target_of(world, model)
    except RefactError as error:
        return error.problem


def target_of(world: World, model: Model) -> Target:
    """Everything that the engine must know of one model."""
    provider = world.configuration.providers[model.provider]
    template = effective(world.catalog.template(provider.template), provider.settings)
    parameters = default(world, "completion").parameters
    support = model.capabilities.completion
    fim = world.catalog.fim(support.family) if support.family else None
    wire = completion_wire(template)
    most = _wished(world).max_tokens or parameters.max_tokens or MAX_TOKENS
    return Target(
        model=model.id,
        name=model.name,
        method=support.method,
        locality=resolve_addresses(template, provider.settings).locality,
        context_window=model.capabilities.context_window,
        max_tokens=min(most, model.capabilities.max_output),
        revision=_revision(provider, model, parameters, most),
        embedded=wire == "embedded",
        temperature=parameters.temperature or 0.0,
        render=partial(render_fim, fim) if fim and support.method == "template" else None,
        takes_files=_takes_files(support.method, fim),
        stop=wire_stops(fim) if fim else (),
        cut_strings=cuts(fim) if fim else (),
        takes_begun=support.method == "infill"
        or (fim is not None and support.method == "template" and middle_stands_last(fim)),
        suffix_first=fim is not None and fim.order != "PSM",
        price=model.capabilities.price,
        capabilities=model.capabilities,
        reads_for_nothing=wire == "llamacpp",
        handle=model,
    )


def completion_settings(world: World) -> Settings:
    """The user's stored wishes, and the editor's for this session over them."""
    wished = _wished(world)
    return Settings(
        enabled=wished.enabled,
        debounce_ms=None if wished.debounce_ms == "auto" else wished.debounce_ms,
        multiline=wished.multiline,
        languages=wished.languages,
        globs=wished.globs,
        suggest_while_waiting=wished.suggest_while_waiting,
        quiet=wished.quiet,
        context_tokens=CONTEXT_TOKENS,
    )


def _wished(world: World) -> CompletionInForce:
    return in_force(world.configuration.settings, world.editor)[0].completion


def _takes_files(method: str, fim: Fim | None) -> bool:
    return method == "infill" or (method == "template" and fim is not None and takes_files(fim))


def _revision(*parts: object) -> str:
    """Name what shapes an answer: equal for equal settings, however often they are read again."""
    return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()
