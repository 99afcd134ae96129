import json
from decimal import Decimal
from pathlib import Path

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.quirks import ModelListShape
from refact_lsp.core.types import CompletionSupport, EmbeddingSupport, Price, Reasoning
from refact_lsp.llm.failures import classify
from refact_lsp.llm.wire.listed import ListedModel
from refact_lsp.llm.wire.listed_local import (
    llamacpp_facts,
    ollama_facts,
    ollama_running,
)
from refact_lsp.llm.wire.model_lists import next_page, parse_models
from tests.llm.wire.reading import needs_recordings, recordings
from tests.rows import every_row

SHAPES: dict[str, ModelListShape] = {"github-copilot": "copilot", "vllm": "vllm"}
ALL_SHAPES: list[ModelListShape] = [
    "openai",
    "ollama",
    "lmstudio",
    "openrouter",
    "anthropic",
    "gemini",
    "copilot",
    "mistral",
    "llamacpp",
    "vllm",
]


def listed(shape: ModelListShape, **entry: object) -> ListedModel:
    (model,) = parse_models(shape, json.dumps({"data": [entry]}).encode())
    return model


@needs_recordings
@every_row("path", recordings("models-list"))
def test_a_recorded_list_is_read(path: Path):
    recorded = json.loads(path.read_bytes())
    body = recorded["body"].encode()
    if recorded["status"] != 200:
        assert classify(recorded["status"], {}, body).kind == "authentication"
        return
    shape = SHAPES.get(recorded["provider"], "openai")
    assert [model.id for model in parse_models(shape, body)] == recorded["expected"]["ids"]


@every_row("shape", ALL_SHAPES)
@every_row(
    ("body", "kind"),
    [
        (b"", "badResponse"),
        (b"<html><title>Router</title></html>", "badResponse"),
        (b'{"error": {"message": "Invalid API key"}}', "authentication"),
        (b'{"detail": "nothing"}', "overloaded"),
    ],
)
def test_what_is_no_list_is_told_apart(shape: ModelListShape, body: bytes, kind: str):
    with pytest.raises(RefactError) as caught:
        parse_models(shape, body)
    assert caught.value.problem.kind == kind


@every_row("shape", ALL_SHAPES)
def test_an_empty_list_is_a_list_and_a_strange_entry_keeps_its_id(shape: ModelListShape):
    assert parse_models(shape, b'{"data": []}') == []
    strange = b'{"data": [{"id": "m", "type": 7, "capabilities": 3, "context_length": []}, {}]}'
    assert [model.id for model in parse_models(shape, strange)] == ["m"]


def test_compatible_servers_say_their_window_under_many_names():
    for name in ("context_length", "context_window", "max_context_length", "max_model_len"):
        assert listed("openai", id="m", **{name: 4096}).facts.context_window == 4096
    assert listed("openai", id="m", type="embedding").kind == "embedding"
    assert not listed("openai", id="m", active=False).offered


def test_an_alias_tells_what_it_stands_for():
    model = listed("vllm", id="fast", root="Qwen/Qwen3-8B", max_model_len=8192)
    assert (model.base, model.facts.context_window) == ("Qwen/Qwen3-8B", 8192)


def test_openrouter_tells_abilities_and_prices():
    model = listed(
        "openrouter",
        id="a/b",
        name="B",
        context_length=1000,
        architecture={"input_modalities": ["text", "image"], "output_modalities": ["text"]},
        pricing={"prompt": "0.00000015", "completion": "0.0000006", "input_cache_read": "-1"},
        top_provider={"context_length": 800, "max_completion_tokens": 100},
        supported_parameters=["tools", "reasoning"],
    )
    facts = model.facts
    assert (facts.context_window, facts.max_output) == (800, 100)
    assert (facts.tools, facts.vision, facts.temperature) == (True, True, False)
    assert facts.price == Price(input=Decimal("0.15"), output=Decimal("0.6"))
    assert facts.reasoning is not None
    assert facts.reasoning.kind == "effort"


def test_anthropic_tells_how_a_model_thinks():
    yes, no = {"supported": True}, {"supported": False}
    thinking = {"supported": True, "types": {"adaptive": yes, "disabled": yes, "enabled": no}}
    able = {"thinking": thinking, "effort": {"low": yes, "high": yes, "max": no}}
    model = listed("anthropic", id="claude-x", max_input_tokens=200_000, capabilities=able)
    assert model.facts.reasoning == Reasoning(kind="effort", levels=("off", "low", "high"))
    assert model.facts.context_window == 200_000
    older = {"thinking": {"supported": True, "types": {"enabled": yes}}}
    budget = listed("anthropic", id="claude-y", capabilities=older).facts.reasoning
    assert budget == Reasoning(kind="budget", min_budget=1024)
    assert listed("anthropic", id="claude-z").facts.reasoning is None


def test_gemini_tells_what_each_model_is_for_and_lists_in_pages():
    entry = {
        "name": "models/g",
        "displayName": "G",
        "inputTokenLimit": 9,
        "supportedGenerationMethods": ["generateContent"],
    }
    body = json.dumps({"models": [entry], "nextPageToken": "t"}).encode()
    (model,) = parse_models("gemini", body)
    assert (model.id, model.display_name, model.kind) == ("g", "G", "chat")
    assert model.facts.context_window == 9
    assert next_page("gemini", body) == {"pageToken": "t"}
    assert next_page("anthropic", b'{"data": [], "has_more": true, "last_id": "x"}') == {
        "after_id": "x"
    }
    assert next_page("openai", b'{"data": []}') is None


def test_mistral_tells_which_models_fill_in_the_middle():
    able = {"completion_chat": False, "completion_fim": True, "function_calling": False}
    model = listed("mistral", id="codestral", capabilities=able, max_context_length=256_000)
    assert model.kind == "completion"
    assert model.facts.completion == CompletionSupport(method="suffix")
    assert model.facts.tools is False


def test_copilot_tells_endpoints_limits_and_policy():
    model = listed(
        "copilot",
        id="c",
        supported_endpoints=["/v1/messages", "/chat/completions", "ws:/responses"],
        capabilities={
            "type": "chat",
            "limits": {"max_prompt_tokens": 5, "max_output_tokens": 2},
            "supports": {"tool_calls": True, "vision": True, "reasoning_effort": ["low", "high"]},
        },
        policy={"state": "disabled"},
    )
    assert model.wires == ("anthropic-messages", "openai-chat")
    assert model.facts.context_window == 5
    assert model.facts.reasoning == Reasoning(kind="effort", levels=("low", "high"))
    assert not model.offered


def test_lm_studio_tells_what_is_loaded_in_both_of_its_lists():
    older = listed(
        "lmstudio",
        id="q",
        type="vlm",
        state="loaded",
        max_context_length=32_768,
        loaded_context_length=4096,
        capabilities=["tool_use"],
    )
    assert (older.loaded, older.facts.context_window) == (True, 4096)
    assert (older.facts.tools, older.facts.vision) == (True, True)
    newer = json.dumps(
        {
            "models": [
                {
                    "type": "llm",
                    "key": "q",
                    "loaded_instances": [{"id": "q", "config": {"context_length": 2048}}],
                    "max_context_length": 32_768,
                    "capabilities": {"vision": False, "trained_for_tool_use": True},
                },
                {"type": "embedding", "key": "e", "loaded_instances": []},
            ]
        }
    )
    model, embedder = parse_models("lmstudio", newer.encode())
    assert (model.id, model.facts.context_window, model.facts.tools) == ("q", 2048, True)
    assert (embedder.kind, embedder.loaded) == ("embedding", False)


def show(able: list[str], **more: object) -> bytes:
    info = {"qwen2.context_length": 32_768, "qwen2.embedding_length": 768, "x.y": "z"}
    return json.dumps({"capabilities": able, "model_info": info, **more}).encode()


def test_ollama_tells_abilities_and_the_window_of_the_model_file():
    kind, facts = ollama_facts(show(["completion", "tools", "insert", "thinking"]))
    assert (kind, facts.context_window, facts.tools, facts.vision) == ("chat", 32_768, True, False)
    assert facts.completion == CompletionSupport(method="suffix")
    assert facts.reasoning == Reasoning(kind="toggle")
    _, fixed = ollama_facts(show(["completion"], parameters='stop "x"\nnum_ctx     8192'))
    assert fixed.context_window == 8192
    _, leveled = ollama_facts(show(["thinking"], template="{{ .ThinkLevel }}"))
    assert leveled.reasoning == Reasoning(kind="effort", levels=("low", "medium", "high"))


def test_ollama_tells_embedders_from_chat_models():
    kind, facts = ollama_facts(show(["embedding"]))
    assert kind == "embedding"
    assert facts.embedding == EmbeddingSupport(dimensions=768, max_input=32_768)


def test_ollama_lists_and_tells_what_is_in_memory():
    tags = b'{"models": [{"name": "qwen3:8b", "model": "qwen3:8b", "details": {}}]}'
    assert [model.id for model in parse_models("ollama", tags)] == ["qwen3:8b"]
    running = b'{"models": [{"name": "qwen3:8b", "context_length": 4096}]}'
    assert ollama_running(running) == {"qwen3:8b": 4096}


def test_llama_cpp_tells_the_window_of_one_slot():
    props = {"default_generation_settings": {"n_ctx": 4096}, "modalities": {"vision": True}}
    facts = llamacpp_facts(json.dumps(props).encode())
    assert (facts.context_window, facts.vision) == (4096, True)
    entry = listed("llamacpp", id="m", meta={"n_ctx_train": 32_768}, status={"value": "unloaded"})
    assert (entry.facts.context_window, entry.loaded) == (32_768, False)
