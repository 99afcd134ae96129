"""The real llama.cpp behind the front door and the command line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.e2e import tiny_gguf

PLACE = "def total(items):\n    price = \n"


def refact(*arguments: str) -> Any:
    command = [sys.executable, "-m", "refact_lsp", *arguments, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def chat(*arguments: str) -> list[Any]:
    command = [sys.executable, "-m", "refact_lsp", "chat", *arguments, "--json"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_real_runtime_is_added_tested_and_completes(tmp_path: Path, llama: str):
    added = refact("providers", "add", "llamacpp", "--set", f"baseUrl={llama}", "--yes")
    assert added["locality"] == "machine"
    report = refact("providers", "test", "llamacpp")
    steps = {step["step"]: step for step in report["steps"]}
    assert all(step["ok"] for step in steps.values()), report
    assert not steps["chat"].get("skipped")
    (model,) = refact("models", "list", "--provider", "llamacpp")["models"]
    assert model["capabilities"]["contextWindow"] == 4096
    assert model["sources"]["contextWindow"] == "api"
    refact("defaults", "set", "completion", model["id"])
    file = tmp_path / "cart.py"
    file.write_text(PLACE)
    result = refact("complete", f"{file}:2:13")
    assert [item["text"] for item in result["items"]] == ["".join(tiny_gguf.MIDDLE)]
    assert result["items"][0]["range"]["start"] == {"line": 1, "character": 12}
    assert result["model"] == model["id"]
    assert result["timing"]["totalMs"] > 0


def test_probing_finds_how_a_real_model_fills_in(llama: str):
    refact("providers", "add", "llamacpp", "--set", f"baseUrl={llama}", "--yes")
    results = refact("models", "probe", "llamacpp/qwen2.5-coder-tiny", "chat")["results"]
    assert results[0]["ok"]
    assert "Hello" in results[0]["detail"]


def test_a_real_runtime_chats_and_goes_on_with_its_thread(llama: str):
    refact("providers", "add", "llamacpp", "--set", f"baseUrl={llama}", "--yes")
    model = "llamacpp/qwen2.5-coder-tiny"
    first = chat("Hello?", "--model", model)
    assert "Hello" in "".join(told["event"].get("delta", "") for told in first)
    usage = next(told["event"]["usage"] for told in first if told["event"]["type"] == "usage")
    assert usage["inputTokens"] > 0
    assert first[-1]["event"]["type"] == "done"
    thread = first[0]["threadId"]
    second = chat("And?", "--thread", thread)
    assert [told["seq"] for told in second] == list(range(len(second)))
    kept = refact("rpc", "refact/chat/get", json.dumps({"threadId": thread}))
    assert [message["role"] for message in kept["messages"]] == ["user", "assistant"] * 2
    assert {message.get("model") for message in kept["messages"]} == {None, model}


def test_a_real_runtime_counts_what_nears_its_window(llama: str):
    refact("providers", "add", "llamacpp", "--set", f"baseUrl={llama}", "--yes")
    model = "llamacpp/qwen2.5-coder-tiny"
    counting = refact("models", "tokenizer", model)["counting"]
    assert (counting["by"], counting["route"]) == ("server", f"{llama}/tokenize")
    command = [sys.executable, "-m", "refact_lsp", "chat", "z" * 18_000, "--model", model]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "about 18,00" in done.stderr  # this vocabulary has a token for each letter
    roles = [entry["role"] for entry in refact("ledger")["entries"]]
    assert roles.count("chat") == 1  # it was counted, and not sent


def test_a_real_runtime_embeds(llama_embedding: str):
    refact(
        "providers", "add", "llamacpp", "--set", f"baseUrl={llama_embedding}", "--yes", "--no-test"
    )
    results = refact("models", "probe", "llamacpp/qwen2.5-coder-tiny", "embedding")["results"]
    assert results[0]["detail"] == f"{tiny_gguf.WIDTH} dimensions"
