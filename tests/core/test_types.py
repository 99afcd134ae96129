import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import ModelRef, parse_model_ref


@pytest.mark.parametrize(
    ("text", "provider", "name"),
    [
        ("ollama/qwen2.5-coder:7b", "ollama", "qwen2.5-coder:7b"),
        ("vllm-2/Qwen/Qwen2.5-Coder-7B", "vllm-2", "Qwen/Qwen2.5-Coder-7B"),
    ],
)
def test_a_model_reference_splits_at_its_first_slash(text: str, provider: str, name: str):
    assert parse_model_ref(text) == ModelRef(provider, name)


@pytest.mark.parametrize("text", ["", "ollama", "/x", "x/"])
def test_what_is_no_reference_is_refused_with_an_example(text: str):
    with pytest.raises(RefactError) as caught:
        parse_model_ref(text)
    assert "ollama/" in (caught.value.problem.hint or "")
