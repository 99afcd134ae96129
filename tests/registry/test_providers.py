from typing import Any

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import CompletionSupport
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.templates import (
    check_settings,
    completion_wire,
    effective,
    embedding_wire,
    fields_of,
)
from tests.rows import every_row

# What the protocol promises.
TEMPLATE_IDS = [
    "builtin",
    "custom",
    "anthropic",
    "openai",
    "openai-responses",
    "openai-codex",
    "openrouter",
    "ollama",
    "lmstudio",
    "vllm",
    "llamacpp",
    "groq",
    "deepseek",
    "doubao",
    "xai",
    "gemini",
    "qwen",
    "kimi",
    "zhipu",
    "minimax",
    "github-copilot",
    "claude-code",
    "mistral",
]


def test_every_template_of_the_protocol_is_there(catalog: Catalog):
    assert set(TEMPLATE_IDS) <= set(catalog.templates)


@every_row(
    ("template", "settings", "route", "address"),
    [
        ("anthropic", {}, "chat", "https://api.anthropic.com/v1/messages"),
        ("anthropic", {}, "models", "https://api.anthropic.com/v1/models"),
        ("openai", {}, "chat", "https://api.openai.com/v1/chat/completions"),
        ("openai", {}, "embedding", "https://api.openai.com/v1/embeddings"),
        ("openai-responses", {}, "chat", "https://api.openai.com/v1/responses"),
        ("openai-codex", {}, "chat", "https://api.openai.com/v1/responses"),
        ("openrouter", {}, "chat", "https://openrouter.ai/api/v1/chat/completions"),
        ("groq", {}, "chat", "https://api.groq.com/openai/v1/chat/completions"),
        (
            "groq",
            {"baseUrl": "https://api.groq.com/openai"},
            "chat",
            "https://api.groq.com/openai/v1/chat/completions",
        ),
        ("deepseek", {}, "chat", "https://api.deepseek.com/chat/completions"),
        ("deepseek", {}, "completion", "https://api.deepseek.com/beta/completions"),
        (
            "deepseek",
            {"baseUrl": "https://api.deepseek.com/v1"},
            "chat",
            "https://api.deepseek.com/v1/chat/completions",
        ),
        (
            "deepseek",
            {"baseUrl": "https://api.deepseek.com/v1"},
            "completion",
            "https://api.deepseek.com/beta/completions",
        ),
        ("doubao", {}, "chat", "https://ark.cn-beijing.volces.com/api/v3/chat/completions"),
        ("xai", {}, "chat", "https://api.x.ai/v1/chat/completions"),
        ("xai", {"wire": "openai-responses"}, "chat", "https://api.x.ai/v1/responses"),
        (
            "gemini",
            {},
            "chat",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        ),
        ("gemini", {}, "models", "https://generativelanguage.googleapis.com/v1beta/models"),
        (
            "qwen",
            {},
            "chat",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        (
            "qwen",
            {"region": "china"},
            "chat",
            "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        (
            "qwen",
            {"region": "china"},
            "completion",
            "https://dashscope.aliyuncs.com/compatible-mode/v1/completions",
        ),
        (
            "qwen",
            {"plan": "coding"},
            "chat",
            "https://coding-intl.dashscope.aliyuncs.com/v1/chat/completions",
        ),
        (
            "qwen",
            {"region": "china", "plan": "coding"},
            "chat",
            "https://coding.dashscope.aliyuncs.com/v1/chat/completions",
        ),
        ("kimi", {}, "chat", "https://api.moonshot.ai/v1/chat/completions"),
        ("kimi", {"region": "china"}, "chat", "https://api.moonshot.cn/v1/chat/completions"),
        ("kimi", {"plan": "coding"}, "chat", "https://api.kimi.ai/coding/v1/chat/completions"),
        ("zhipu", {}, "chat", "https://api.z.ai/api/paas/v4/chat/completions"),
        (
            "zhipu",
            {"region": "china"},
            "chat",
            "https://open.bigmodel.cn/api/paas/v4/chat/completions",
        ),
        (
            "zhipu",
            {"plan": "coding"},
            "chat",
            "https://api.z.ai/api/coding/paas/v4/chat/completions",
        ),
        (
            "zhipu",
            {"region": "china", "plan": "coding"},
            "chat",
            "https://open.bigmodel.cn/api/coding/paas/v4/chat/completions",
        ),
        ("minimax", {}, "chat", "https://api.minimax.io/anthropic/v1/messages"),
        ("minimax", {"region": "china"}, "chat", "https://api.minimaxi.com/anthropic/v1/messages"),
        (
            "minimax",
            {"baseUrl": "https://api.minimax.io/anthropic"},
            "chat",
            "https://api.minimax.io/anthropic/v1/messages",
        ),
        ("github-copilot", {}, "chat", "https://api.githubcopilot.com/chat/completions"),
        (
            "github-copilot",
            {"wire": "anthropic-messages"},
            "chat",
            "https://api.githubcopilot.com/v1/messages",
        ),
        (
            "github-copilot",
            {"deployment": "enterprise", "host": "company.ghe.com"},
            "chat",
            "https://copilot-api.company.ghe.com/chat/completions",
        ),
        ("claude-code", {}, "chat", "https://api.anthropic.com/v1/messages"),
        (
            "claude-code",
            {"baseUrl": "https://gw.example.com"},
            "chat",
            "https://gw.example.com/v1/messages",
        ),
        ("mistral", {}, "completion", "https://api.mistral.ai/v1/fim/completions"),
        (
            "mistral",
            {"plan": "codestral"},
            "completion",
            "https://codestral.mistral.ai/v1/fim/completions",
        ),
        ("inception", {}, "completion", "https://api.inceptionlabs.ai/v1/fim/completions"),
        ("voyage", {}, "embedding", "https://api.voyageai.com/v1/embeddings"),
        ("jina", {}, "embedding", "https://api.jina.ai/v1/embeddings"),
        ("cohere", {}, "embedding", "https://api.cohere.com/v2/embed"),
        ("llamacpp", {}, "infill", "http://127.0.0.1:8080/infill"),
        ("ollama", {"place": "cloud"}, "chat", "https://ollama.com/api/chat"),
    ],
)
def test_regions_plans_and_wires_choose_the_address(
    catalog: Catalog, template: str, settings: dict[str, Any], route: str, address: str
):
    keyed = {"apiKey": "k"} if "api-key" in catalog.templates[template].auth.kinds else {}
    check_settings(catalog.templates[template], {**keyed, **settings})
    assert resolve_addresses(catalog.templates[template], settings).routes[route] == address


def test_what_a_template_supports_has_an_address(catalog: Catalog):
    for template in catalog.templates.values():
        if template.wires[0] == "embedded" or template.base_url is None:
            continue
        routes = resolve_addresses(template, {}).routes
        assert ("chat" in routes) == template.supports.chat, template.id
        assert ("embedding" in routes) >= template.supports.embedding, template.id
        assert ("completion" in routes) >= template.supports.completion, template.id
        assert ("models" in routes) == (template.model_list is not None), template.id


def test_cloud_addresses_are_encrypted_and_local_ones_on_this_machine(catalog: Catalog):
    for template in catalog.templates.values():
        found = resolve_addresses(template, {})
        assert found.locality == template.locality, template.id
        if template.locality == "cloud":
            assert all(address.startswith("https://") for address in found.routes.values())


def test_no_template_ships_an_oauth_client_of_anyone(catalog: Catalog):
    for template in catalog.templates.values():
        if template.auth.oauth is not None:
            assert template.auth.oauth.client_id is None
        names = {name.lower() for name in template.headers}
        assert not names & {"user-agent", "authorization", "x-api-key", "originator"}, template.id


def test_every_suggestion_is_a_known_model_that_can_serve(catalog: Catalog):
    for template in catalog.templates.values():
        for role, names in template.defaults.items():
            assert names, template.id
            for name in names:
                found = catalog.resolve(template.id, name)
                where = f"{template.id} {role} {name}"
                assert found.known, where
                assert found.capabilities.status == "active", where
                if role == "completion":
                    method = found.capabilities.completion.method
                    assert method not in ("none", "chat"), where
                elif role == "embedding":
                    assert found.capabilities.embedding is not None, where
                else:
                    assert found.kind == "chat", where


def test_fields_have_unique_names_and_the_common_ones(catalog: Catalog):
    for template in catalog.templates.values():
        names = [field.name for field in fields_of(template)]
        assert len(names) == len(set(names)), template.id
        if template.wires[0] != "embedded":
            assert {"baseUrl", "headers", "timeoutMs", "proxy", "caFile", "allowHttp"} <= {*names}
        assert ("apiKey" in names) == ("api-key" in template.auth.kinds)
        assert ("wire" in names) == (len(template.wires) > 1)


@every_row(
    ("settings", "field"),
    [
        ({"region": "mars"}, "region"),
        ({"regoin": "china"}, "regoin"),
        ({"apiKey": 5}, "apiKey"),
        ({"timeoutMs": "soon"}, "timeoutMs"),
        ({"timeoutMs": True}, "timeoutMs"),
        ({"headers": "x"}, "headers"),
        ({"allowHttp": "yes"}, "allowHttp"),
        ({}, "apiKey"),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_by_name(
    catalog: Catalog, settings: dict[str, Any], field: str
):
    with pytest.raises(RefactError) as caught:
        check_settings(catalog.templates["qwen"], settings)
    assert caught.value.problem.field == field


def test_a_masked_secret_passes_the_check(catalog: Catalog):
    mask = {"secret": True, "set": True}
    check_settings(catalog.templates["qwen"], {"apiKey": mask, "region": "china"})


def test_the_wire_of_each_kind_of_request_follows_the_template(catalog: Catalog):
    def wires(template_id: str) -> tuple[str, str]:
        template = effective(catalog.templates[template_id], {})
        return completion_wire(template), embedding_wire(template)

    assert wires("ollama") == ("ollama", "ollama")
    assert wires("llamacpp") == ("llamacpp", "openai-embeddings")
    assert wires("vllm") == ("openai-completions", "openai-embeddings")
    assert wires("mistral") == ("openai-completions", "openai-embeddings")
    assert (
        completion_wire(effective(catalog.templates["custom"], {"wire": "llamacpp"})) == "llamacpp"
    )


@every_row(
    ("template", "settings", "model", "method", "family"),
    [
        ("deepseek", {}, "deepseek-flash", "suffix", None),
        ("mistral", {}, "codestral-latest", "suffix", "codestral"),
        ("mistral", {}, "mistral-small-latest", "chat", None),
        ("inception", {}, "mercury-edit-2", "suffix", None),
        ("qwen", {"region": "china"}, "qwen-coder-turbo", "template", "qwen2.5-coder"),
        ("qwen", {}, "qwen3.8-max", "chat", None),
        ("openai", {}, "gpt-6-luna", "chat", None),
        ("openrouter", {}, "qwen/qwen3-coder", "chat", None),
        ("openai", {}, "text-embedding-3-small", "none", None),
    ],
)
def test_a_hosted_model_completes_by_the_route_of_its_vendor(
    catalog: Catalog,
    template: str,
    settings: dict[str, Any],
    model: str,
    method: str,
    family: str | None,
):
    found = catalog.resolve(template, model, settings=settings)
    expected = CompletionSupport(method=method, family=family)  # pyright: ignore[reportArgumentType]  # table
    assert found.capabilities.completion == expected


@every_row(
    ("template", "name", "via", "entry"),
    [
        ("anthropic", "claude-sonnet-4-5-20250929", "exact", "Claude Sonnet 4.5"),
        ("anthropic", "CLAUDE-SONNET-5-5", "exact", "Claude Sonnet 5.5"),
        ("anthropic", "claude-sonnet-5-5-20260928", "date", "Claude Sonnet 5.5"),
        ("anthropic", "claude-opus-5-5-latest", "date", "Claude Opus 5.5"),
        ("claude-code", "claude-haiku-5-5", "exact", "Claude Haiku 5.5"),
        ("openai", "gpt-5.6-sol-2026-07-09", "date", "GPT-5.6 Sol"),
        ("openrouter", "openai/gpt-6-luna:nitro", "tag", "GPT-6 Luna"),
        ("custom", "openai/gpt-6-luna", "borrowed", "GPT-6 Luna"),
        ("custom", "claude-sonnet-5-5", "borrowed", "Claude Sonnet 5.5"),
    ],
)
def test_ids_aliases_dates_and_tags_lead_to_the_entry(
    catalog: Catalog, template: str, name: str, via: str, entry: str
):
    found = catalog.resolve(template, name)
    assert found.via == via
    assert entry in (found.display_name or "")
    assert found.known


def test_a_borrowed_entry_brings_no_price(catalog: Catalog):
    assert catalog.resolve("openai", "gpt-6-luna").capabilities.price is not None
    assert catalog.resolve("custom", "gpt-6-luna").capabilities.price is None


def test_every_listed_model_resolves_to_its_own_entry(catalog: Catalog):
    for template in catalog.templates.values():
        for name, entry in catalog.models(template.id).items():
            found = catalog.resolve(template.id, name)
            assert found.entry is entry, name
            assert found.capabilities.context_window >= 1, name
            assert found.capabilities.max_output >= 1, name
            assert found.sources["contextWindow"] != "default" or entry.context is None


def test_retired_and_unlisted_models_resolve_but_are_not_offered(catalog: Catalog):
    offered = catalog.models("openai")
    hidden = [
        name
        for name in ("gpt-4o-2024-05-13", "gpt-3.5-turbo-0613", "gpt-4-0613", "o1-preview")
        if name not in offered and catalog.resolve("openai", name).via == "exact"
    ]
    assert hidden


def test_prices_are_exact_decimals(catalog: Catalog):
    price = catalog.resolve("openai", "gpt-6-luna").capabilities.price
    assert price is not None
    assert (str(price.input), str(price.output)) == ("0.1", "0.5")
