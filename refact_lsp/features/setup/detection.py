"""What is on this machine: runtimes that answer on loopback, keys in the environment, programs.

Nothing is saved, and nothing beyond loopback is asked.
"""

import asyncio
import os
import shutil
from collections.abc import Mapping
from typing import Any

from refact_lsp.app.application import App
from refact_lsp.auth.secret import Secret
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Detected
from refact_lsp.core.problems import RefactError
from refact_lsp.features.setup.endpoints import KEY_FIELD, make_endpoint
from refact_lsp.llm.retry import NONE
from refact_lsp.llm.wire.model_lists import parse_models
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.schema import Template

ANSWER_MS = 800


async def detect(app: App) -> tuple[Detected, ...]:
    """Everything found, runtimes first."""
    templates = app.catalog.templates.items()
    local = [(name, entry) for name, entry in templates if entry.locality == "machine"]
    runtimes = await asyncio.gather(*(_runtime(app, name, entry) for name, entry in local))
    found = [runtime for runtime in runtimes if runtime is not None]
    for name, template in templates:
        found += _keys(name, template) or _programs(name, template)
    return tuple(found)


async def _runtime(app: App, name: str, template: Template) -> Detected | None:
    """Ask a runtime at its usual address for its models."""
    settings = _settings(template)
    shape = template.model_list
    if shape is None or not template.base_url:
        return None
    try:
        addresses = resolve_addresses(template, settings)
        if addresses.locality != "machine":
            return None
        endpoint = make_endpoint(template, name, {**settings, "timeoutMs": ANSWER_MS}, _no_secret)
        body = await app.client.fetch(
            endpoint, "models", purpose=Purpose(role="setup"), patience=NONE
        )
        models = tuple(model.id for model in parse_models(shape, body))
    except RefactError:
        return None
    address = addresses.routes["models"]
    return Detected(
        template=name,
        name=template.name,
        evidence=f"{address} answers with {len(models)} models",
        settings=settings,
        models=models,
    )


def _settings(template: Template) -> dict[str, Any]:
    """Take the address that the runtime's own variable names, if it is set."""
    for variable in template.env_base_url:
        if address := os.environ.get(variable):
            return {"baseUrl": address.replace("0.0.0.0", "127.0.0.1")}  # noqa: S104  — asked, not served
    return {}


def _keys(name: str, template: Template) -> list[Detected]:
    if template.locality != "cloud" or "api-key" not in template.auth.kinds:
        return []
    variable = next((entry for entry in template.env if os.environ.get(entry)), None)
    if variable is None:
        return []
    settings: Mapping[str, Any] = {KEY_FIELD: f"env:{variable}", **_settings(template)}
    return [
        Detected(
            template=name,
            name=template.name,
            evidence=f"the variable {variable} is set",
            settings=dict(settings),
        )
    ]


def _programs(name: str, template: Template) -> list[Detected]:
    program = template.auth.program
    if program is None or not shutil.which(program.name):
        return []
    return [
        Detected(
            template=name,
            name=template.name,
            evidence=f"the program {program.name} is installed",
            settings={"access": "program"},
        )
    ]


async def _no_secret(_name: str, _refused: bool) -> Secret | None:  # noqa: FBT001  — a callback
    return None
