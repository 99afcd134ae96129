import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.problems import RefactError
from refact_lsp.registry.addresses import locality_of, resolve_addresses
from refact_lsp.registry.catalog import Catalog
from tests.characters import CHARACTERS
from tests.rows import every_row


@every_row(
    ("template", "given", "chat"),
    [
        ("custom", "https://gw.example.com", "https://gw.example.com/v1/chat/completions"),
        ("custom", "gw.example.com", "https://gw.example.com/v1/chat/completions"),
        ("custom", "https://gw.example.com/", "https://gw.example.com/v1/chat/completions"),
        ("custom", "https://gw.example.com/v1", "https://gw.example.com/v1/chat/completions"),
        ("custom", "https://gw.example.com/v1/", "https://gw.example.com/v1/chat/completions"),
        ("custom", "https://gw.example.com//v1//", "https://gw.example.com/v1/chat/completions"),
        ("custom", "https://gw.example.com/v4", "https://gw.example.com/v4/chat/completions"),
        (
            "custom",
            "https://gw.example.com/api/v3",
            "https://gw.example.com/api/v3/chat/completions",
        ),
        (
            "custom",
            "https://gw.example.com/v1/chat/completions",
            "https://gw.example.com/v1/chat/completions",
        ),
        (
            "custom",
            "https://gw.example.com/chat/completions",
            "https://gw.example.com/chat/completions",
        ),
        (
            "custom",
            "https://gw.example.com/v1/embeddings",
            "https://gw.example.com/v1/chat/completions",
        ),
        (
            "custom",
            "https://gw.example.com/v1/acct/gateway/openai",
            "https://gw.example.com/v1/acct/gateway/openai/chat/completions",
        ),
        (
            "custom",
            "https://gw.example.com/deploy/x?api-version=2026-01-01",
            "https://gw.example.com/deploy/x/chat/completions?api-version=2026-01-01",
        ),
        ("custom", "localhost:4000", "http://localhost:4000/v1/chat/completions"),
        ("custom", "127.0.0.1:4000", "http://127.0.0.1:4000/v1/chat/completions"),
        ("custom", "[::1]:4000", "http://[::1]:4000/v1/chat/completions"),
        ("custom", "gpu-box:8000", "http://gpu-box:8000/v1/chat/completions"),
        ("custom", "example.com:8443", "https://example.com:8443/v1/chat/completions"),
        ("vllm", "http://10.0.0.7:8000", "http://10.0.0.7:8000/v1/chat/completions"),
        ("vllm", "http://10.0.0.7:8000/v1", "http://10.0.0.7:8000/v1/chat/completions"),
        ("vllm", "", "http://127.0.0.1:8000/v1/chat/completions"),
        ("ollama", "http://gpu-box:11434", "http://gpu-box:11434/api/chat"),
        ("ollama", "http://gpu-box:11434/", "http://gpu-box:11434/api/chat"),
        ("ollama", "http://gpu-box:11434/v1", "http://gpu-box:11434/api/chat"),
        ("ollama", "http://gpu-box:11434/api/chat", "http://gpu-box:11434/api/chat"),
        ("ollama", "http://gpu-box:11434/api/generate", "http://gpu-box:11434/api/chat"),
        ("ollama", "https://example.com/ollama", "https://example.com/ollama/api/chat"),
        ("ollama", "", "http://127.0.0.1:11434/api/chat"),
        ("ollama", "gpu-box", "http://gpu-box:11434/api/chat"),
        ("ollama", "127.0.0.1", "http://127.0.0.1:11434/api/chat"),
        ("ollama", "[::1]", "http://[::1]:11434/api/chat"),
        ("ollama", "gpu-box:80", "http://gpu-box:80/api/chat"),
        ("ollama", "http://gpu-box", "http://gpu-box/api/chat"),
        ("ollama", "ollama.example.com", "https://ollama.example.com/api/chat"),
        ("claude-code", "https://gw.example.com/llm", "https://gw.example.com/llm/v1/messages"),
        ("claude-code", "https://gw.example.com/llm/v1", "https://gw.example.com/llm/v1/messages"),
        ("anthropic", "https://gw.example.com", "https://gw.example.com/v1/messages"),
        ("anthropic", "https://gw.example.com/v1/messages", "https://gw.example.com/v1/messages"),
    ],
)
def test_a_base_in_any_form_gives_the_same_address_nothing_doubled_or_invented(
    catalog: Catalog, template: str, given: str, chat: str
):
    found = resolve_addresses(catalog.templates[template], {"baseUrl": given})
    assert found.routes["chat"] == chat


@every_row(
    ("given", "models", "completion"),
    [
        (None, "http://127.0.0.1:1234/api/v0/models", "http://127.0.0.1:1234/v1/completions"),
        ("http://h:1/v1", "http://h:1/api/v0/models", "http://h:1/v1/completions"),
        ("http://h:1", "http://h:1/api/v0/models", "http://h:1/v1/completions"),
        ("http://h:1/lm/v1", "http://h:1/lm/api/v0/models", "http://h:1/lm/v1/completions"),
        ("http://h:1/api/v0/models", "http://h:1/api/v0/models", "http://h:1/v1/completions"),
    ],
)
def test_routes_beside_the_versioned_ones_hang_on_the_root(
    catalog: Catalog, given: str | None, models: str, completion: str
):
    settings = {"baseUrl": given} if given else {}
    found = resolve_addresses(catalog.templates["lmstudio"], settings)
    assert (found.routes["models"], found.routes["completion"]) == (models, completion)


def test_full_addresses_of_a_custom_provider_are_used_as_they_are(catalog: Catalog):
    settings = {
        "chatUrl": "https://a.example/x/v9/talk?k=1",
        "completionUrl": "http://localhost:9/fill",
        "embeddingUrl": "https://b.example/vectors",
    }
    found = resolve_addresses(catalog.templates["custom"], settings)
    assert found.shown == {
        "chat": "https://a.example/x/v9/talk?k=1",
        "completion": "http://localhost:9/fill",
        "embedding": "https://b.example/vectors",
    }
    assert found.locality == "cloud"


@every_row(
    ("wire", "chat"),
    [
        ("openai-chat", "https://h.example/v1/chat/completions"),
        ("openai-responses", "https://h.example/v1/responses"),
        ("anthropic-messages", "https://h.example/v1/messages"),
        ("openai-completions", "https://h.example/v1/completions"),
        ("ollama", "https://h.example/api/chat"),
    ],
)
def test_the_wire_chooses_the_endpoint(catalog: Catalog, wire: str, chat: str):
    settings = {"wire": wire, "baseUrl": "https://h.example"}
    assert resolve_addresses(catalog.templates["custom"], settings).routes["chat"] == chat


@every_row(
    "bad",
    [
        "ftp://example.com",
        "https://user:secret-word@example.com/v1",
        "https://",
        "https://exa mple.com",
        "https://example.com:notaport",
        "file:///etc/passwd",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused_naming_the_setting_and_no_secret(catalog: Catalog, bad: str):
    with pytest.raises(RefactError) as caught:
        resolve_addresses(catalog.templates["custom"], {"baseUrl": bad})
    problem = caught.value.problem
    assert problem.field == "baseUrl"
    assert "secret-word" not in f"{problem.message}{problem.hint}"


@every_row(
    ("host", "locality"),
    [
        ("localhost", "machine"),
        ("localhost.", "machine"),
        ("api.localhost", "machine"),
        ("127.0.0.1", "machine"),
        ("127.8.9.1", "machine"),
        ("::1", "machine"),
        ("[::1]", "machine"),
        ("::ffff:127.0.0.1", "machine"),
        ("0.0.0.0", "machine"),
        ("10.1.2.3", "network"),
        ("172.16.0.1", "network"),
        ("172.32.0.1", "cloud"),
        ("192.168.1.5", "network"),
        ("169.254.1.1", "network"),
        ("100.100.1.1", "network"),
        ("fe80::1%eth0", "network"),
        ("fd00::1", "network"),
        ("gpu-box", "network"),
        ("gpu.local", "network"),
        ("localhost.example.com", "cloud"),
        ("127.0.0.1.example.com", "cloud"),
        ("api.openai.com", "cloud"),
        ("8.8.8.8", "cloud"),
        ("2130706433", "cloud"),
        ("::ffff:8.8.8.8", "cloud"),
        ("", "cloud"),
    ],
)
def test_locality_follows_the_host(host: str, locality: str):
    assert locality_of(host) == locality


def test_the_farthest_address_decides_the_locality(catalog: Catalog):
    custom = catalog.templates["custom"]
    near = {"baseUrl": "http://localhost:1"}
    assert resolve_addresses(custom, near).locality == "machine"
    mixed = {**near, "embeddingUrl": "https://api.example.com/embed"}
    assert resolve_addresses(custom, mixed).locality == "cloud"
    assert resolve_addresses(catalog.templates["builtin"], {}).locality == "machine"


@given(st.text(CHARACTERS, max_size=60))
def test_any_text_gives_an_address_or_a_refusal(catalog: Catalog, text: str):
    try:
        found = resolve_addresses(catalog.templates["custom"], {"baseUrl": text})
    except RefactError as error:
        faulty, routes = error.problem.field, []
    else:
        faulty, routes = None, [*found.routes.values()]
    assert faulty in (None, "baseUrl")
    assert all(address.startswith(("http://", "https://")) for address in routes)


@given(st.sampled_from(["/v1", "/v4", "/api/v3", "", "/x/v1beta", "/x/y"]))
def test_resolving_a_resolved_address_changes_nothing(catalog: Catalog, path: str):
    custom = catalog.templates["custom"]
    once = resolve_addresses(custom, {"baseUrl": f"https://h.example{path}"})
    for address in once.routes.values():
        assert resolve_addresses(custom, {"baseUrl": address}).routes == once.routes
