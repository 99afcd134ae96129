import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import (
    CapabilityPatch,
    CompletionSupport,
    EmbeddingSupport,
    Told,
)
from refact_lsp.registry.catalog import Catalog
from tests.rows import every_row


@every_row(
    ("name", "family"),
    [
        ("qwen2.5-coder:7b-base-q4_K_M", "qwen2.5-coder"),
        ("qwen2.5-coder", "qwen2.5-coder"),
        ("Qwen/Qwen2.5-Coder-7B", "qwen2.5-coder"),
        ("hf.co/bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M", "qwen2.5-coder"),
        ("qwen2.5-coder-7b-instruct@q4_k_m", "qwen2.5-coder"),
        ("lmstudio-community/Qwen2.5-Coder-14B-Instruct-MLX-4bit", "qwen2.5-coder"),
        ("/models/qwen2.5-coder-1.5b-q8_0.gguf", "qwen2.5-coder"),
        ("C:\\models\\Qwen2.5-Coder-3B.Q5_K_M.gguf", "qwen2.5-coder"),
        ("/models/qwen/Qwen2.5-Coder-32B-Instruct-00001-of-00003.gguf", "qwen2.5-coder"),
        ("Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8", "qwen3-coder"),
        ("qwen3-coder:30b", "qwen3-coder"),
        ("unsloth/Qwen3-Coder-Next-GGUF:UD-Q4_K_XL", "qwen3-coder-next"),
        ("codeqwen:7b-code-v1.5-q8_0", "codeqwen1.5"),
        ("starcoder2:3b", "starcoder2"),
        ("bigcode/starcoder2-15b", "starcoder2"),
        ("bigcode/starcoderbase-1b", "starcoder1"),
        ("bigcode/santacoder", "santacoder"),
        ("smallcloudai/Refact-1_6B-fim", "refact-1.6b"),
        ("stable-code:3b-code-q4_0", "stable-code"),
        ("codellama:13b-code", "codellama"),
        ("codellama/CodeLlama-7b-hf", "codellama"),
        ("deepseek-coder-v2:16b-lite-base-q4_0", "deepseek-coder-v2-lite"),
        ("deepseek-ai/DeepSeek-Coder-V2-Instruct", "deepseek-coder-v2"),
        ("deepseek-coder:6.7b-base", "deepseek-coder-v1"),
        ("deepseek-ai/deepseek-coder-33b-base", "deepseek-coder-v1"),
        ("codegemma:2b-code", "codegemma"),
        ("google/codegemma-7b-it", "codegemma"),
        ("codestral:22b-v0.1-q4_K_M", "codestral"),
        ("granite-code:8b-base", "granite-code"),
        ("ibm-granite/granite-3.3-8b-instruct", "granite3"),
        ("granite4:tiny-h", "granite4"),
        ("JetBrains/Mellum-4b-sft-python", "mellum"),
        ("ByteDance-Seed/Seed-Coder-8B-Base", "seed-coder"),
        ("zed-industries/zeta", "zeta1"),
        ("zed-industries/zeta-2", "zeta2"),
        ("zeta-2.1-Q8_0.gguf", "zeta2.1"),
        ("sweepai/sweep-next-edit-1.5B", "sweep-next-edit"),
        ("sweepai/sweep-next-edit-v2-7B", "sweep-next-edit-v2"),
        ("codegeex4:9b-all-q4_0", "codegeex4"),
        ("glm-4.5-air", "glm-4.5"),
        ("zai-org/GLM-4-9B-0414", "glm-4"),
        ("yi-coder:9b-chat", "yi-coder"),
        ("tiiuae/Falcon-H1-Tiny-Coder-90M", "falcon-h1-tiny-coder"),
        ("llama3.2:1b", "llama3.1"),
        ("llama3:8b", "llama3"),
        ("nomic-embed-text:latest", "nomic-embed-text"),
        ("nomic-ai/nomic-embed-text-v1.5", "nomic-embed-text"),
        ("text-embedding-qwen3-embedding-0.6b", "qwen3-embedding"),
        ("bge-m3:567m", "bge-m3"),
        ("gpt-oss:20b", "gpt-oss"),
        ("deepseek-r1:8b-0528-qwen3-q4_K_M", "deepseek-r1"),
        ("deepseek-ai/DeepSeek-V3.2", "deepseek-v3"),
        ("mlx-community/Qwen3-Coder-30B-A3B-Instruct-4bit", "qwen3-coder"),
        ("TheBloke/CodeLlama-13B-GPTQ", "codellama"),
        ("second-state/StarCoder2-7B-GGUF", "starcoder2"),
        ("ggml-org/Qwen2.5-Coder-3B-Q8_0-GGUF", "qwen2.5-coder"),
        ("bartowski/DeepSeek-Coder-V2-Lite-Instruct-GGUF", "deepseek-coder-v2-lite"),
        ("ibm-granite/granite-8b-code-base-4k", "granite-code"),
        ("llama3.2-vision:11b", "llama3.2-vision"),
        ("qwen2.5vl:7b", "qwen2.5-vl"),
        ("devstral-small-2:24b", "devstral"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b"),
        ("moonshotai/Kimi-K2-Instruct-0905", "kimi-k2"),
        ("snowflake-arctic-embed2:568m", "snowflake-arctic-embed2"),
        ("embeddinggemma:300m-qat-q4_0", "embeddinggemma"),
        ("qwen3:4b-instruct-2507-q4_K_M", "qwen3"),
        ("gemma3:270m", "gemma3"),
    ],
)
def test_a_name_as_runtimes_write_it_resolves_to_its_family(
    catalog: Catalog, name: str, family: str
):
    for template in ("ollama", "vllm", "lmstudio", "llamacpp", "custom"):
        found = catalog.resolve(template, name)
        assert (found.family, found.known) == (family, True)


@every_row("name", ["my-own-model", "llm", "model", "foo/bar:7b", "", "qwen", "coder"])
def test_an_unknown_name_gets_safe_defaults_and_says_so(catalog: Catalog, name: str):
    found = catalog.resolve("vllm", name)
    assert not found.known
    assert found.family is None
    assert found.via == "default"
    assert found.capabilities.context_window == 8192
    assert not found.capabilities.tools
    assert found.capabilities.completion == CompletionSupport(method="none")
    assert set(found.sources.values()) == {"default"}


@every_row(
    ("template", "method"),
    [
        ("ollama", "template"),
        ("vllm", "template"),
        ("lmstudio", "template"),
        ("llamacpp", "infill"),
    ],
)
def test_a_fim_family_is_asked_in_the_way_of_the_runtime(
    catalog: Catalog, template: str, method: str
):
    found = catalog.resolve(template, "starcoder2:3b").capabilities
    assert (found.completion.method, found.completion.family) == (method, "starcoder2")


def test_a_variant_that_cannot_fill_in_completes_as_a_chat_model(catalog: Catalog):
    found = catalog.resolve("ollama", "codegemma:7b-instruct")
    assert found.capabilities.completion == CompletionSupport(method="chat")
    assert catalog.resolve("ollama", "codegemma:7b-code").capabilities.completion.family


def test_base_weights_do_not_chat_but_instruct_weights_do(catalog: Catalog):
    assert catalog.resolve("ollama", "qwen2.5-coder:7b-base").kind == "completion"
    assert catalog.resolve("ollama", "qwen2.5-coder:7b").kind == "chat"
    assert catalog.resolve("ollama", "nomic-embed-text").kind == "embedding"


def test_the_users_word_is_above_the_servers_and_that_above_the_registry(catalog: Catalog):
    found = catalog.resolve(
        "ollama",
        "qwen2.5-coder:7b",
        live=Told(context_window=4096, tools=True),
        override=CapabilityPatch(context_window=16384),
    )
    assert found.capabilities.context_window == 16384
    assert found.sources["contextWindow"] == "user"
    assert found.capabilities.tools
    assert found.sources["tools"] == "api"
    assert found.sources["tokenizer"] == "family"
    assert found.sources["temperature"] == "default"


def test_a_method_that_the_server_announces_keeps_the_family(catalog: Catalog):
    live = Told(completion=CompletionSupport(method="suffix"))
    known = catalog.resolve("ollama", "qwen2.5-coder:7b", live=live)
    assert known.capabilities.completion == CompletionSupport(
        method="suffix", family="qwen2.5-coder"
    )
    unknown = catalog.resolve("ollama", "mine", live=live)
    assert unknown.capabilities.completion == CompletionSupport(method="suffix")


def test_an_unknown_model_that_the_server_calls_an_embedder_is_one(catalog: Catalog):
    live = Told(embedding=EmbeddingSupport(dimensions=384, max_input=512))
    assert catalog.resolve("ollama", "mine", live=live).kind == "embedding"


@every_row(
    ("name", "context"),
    [
        ("granite-code:8b", 8192),
        ("granite-code:8b-instruct-128k-q4_1", 128_000),
        ("ibm-granite/granite-8b-code-base-4k", 4096),
        ("qwen3:8b", 40_960),
        ("qwen3:4b-instruct-2507-q4_K_M", 262_144),
        ("gemma3:1b", 32_768),
        ("llama4:scout", 1_048_576),
    ],
)
def test_the_window_follows_the_variant_and_never_a_stretched_one(
    catalog: Catalog, name: str, context: int
):
    assert catalog.resolve("ollama", name).capabilities.context_window == context


@every_row(
    ("name", "kind"),
    [
        ("qwen3:8b", "toggle"),
        ("qwen3:30b-a3b-thinking-2507", "always"),
        ("qwen3:4b-instruct-2507-q4_K_M", "none"),
        ("moonshotai/Kimi-K2-Instruct", "none"),
        ("deepseek-r1:7b", "always"),
        ("gpt-oss:20b", "effort"),
        ("llama3.3:70b", "none"),
    ],
)
def test_thinking_follows_the_variant(catalog: Catalog, name: str, kind: str):
    assert catalog.resolve("ollama", name).capabilities.reasoning.kind == kind


def test_embedding_sizes_follow_the_variant(catalog: Catalog):
    sizes = {
        name: catalog.resolve("vllm", name).capabilities.embedding
        for name in ("Qwen/Qwen3-Embedding-0.6B", "Qwen/Qwen3-Embedding-8B")
    }
    assert [size and size.dimensions for size in sizes.values()] == [1024, 4096]


def test_the_embedded_model_is_one_of_the_registry(catalog: Catalog):
    found = catalog.resolve("builtin", "workspace")
    assert found.known
    assert found.capabilities.completion.method == "infill"
    assert list(catalog.models("builtin")) == ["workspace"]
    assert catalog.suggested("builtin", "completion") == ("workspace",)


def test_a_template_that_does_not_exist_is_refused_with_those_that_do(catalog: Catalog):
    with pytest.raises(RefactError) as caught:
        catalog.resolve("nowhere", "x")
    assert caught.value.problem.kind == "notConfigured"
    assert "ollama" in (caught.value.problem.hint or "")


@every_row(
    ("template", "model", "encoding", "factor"),
    [
        ("openai", "gpt-5.6-sol", "o200k_base", 1.0),
        ("openai", "text-embedding-3-small", "cl100k_base", 1.02),
        ("anthropic", "claude-sonnet-5-5", None, 1.5),
        ("anthropic", "claude-sonnet-4-5", None, 1.2),
        ("ollama", "qwen2.5-coder:7b", None, 1.05),
        ("deepseek", "deepseek-flash", None, 1.1),
        ("vllm", "mine", None, 1.3),
    ],
)
def test_a_tokenizer_is_counted_by_its_rule(
    catalog: Catalog, template: str, model: str, encoding: str | None, factor: float
):
    rule = catalog.tokenizer(catalog.resolve(template, model).capabilities.tokenizer)
    assert (rule.encoding, rule.factor) == (encoding, factor)


def test_a_template_is_what_the_settings_choose_when_it_is_asked_for(catalog: Catalog):
    settings = {"wire": "openai-responses"}
    assert catalog.effective("custom", settings).wires[0] == "openai-responses"
    settings["wire"] = "anthropic-messages"
    assert catalog.effective("custom", settings).wires[0] == "anthropic-messages"
    assert catalog.effective("ollama", settings).id == "ollama"
    assert catalog.effective("ollama", None) == catalog.effective("ollama", {})
