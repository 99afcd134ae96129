"""Model names as servers and people write them, brought to comparable forms. Pure."""

import re
from collections.abc import Iterator

# Marks of quantisation, file format and conversion at the end of a name; removed one by one.
_MARKS = re.compile(
    r"[-_.:@]+("
    r"i?q\d(_[a-z0-9]+)*|i\d|bf16|f16|f32|fp\d+|int\d|w\d+a\d+|[48]-?bits?|bnb|nf4|nvfp4|mxfp4"
    r"|gguf|ggml|mlx|awq|gptq|exl\d|hqq|imat(rix)?|dynamic|ud|k_[a-z]+|dwq|qat|safetensors|main"
    r"|\d{5}-of-\d{5}|\d(\.\d+)?bpw"
    r")$"
)
_DATE = re.compile(
    r"[-@](20\d{2}-?[01]\d-?[0-3]\d|2[0-9][01]\d[0-3]\d|[01]\d-20\d{2}|[01]\d-[0-3]\d|latest)$"
)
_HUBS = ("hf.co/", "huggingface.co/", "https://huggingface.co/", "ollama.com/", "modelscope.cn/")


def normalised(name: str) -> str:
    """Lower-case a name and drop hub, folders of a file path, file format and quantisation."""
    text = name.strip().lower().replace("\\", "/")
    for hub in _HUBS:
        text = text.removeprefix(hub)
    if text.endswith((".gguf", ".bin", ".safetensors")) or text.startswith(("/", "./", "~/")):
        text = text.rstrip("/").rpartition("/")[2]
    while (shorter := _MARKS.sub("", text)) != text and shorter:
        text = shorter
    return text


def family_forms(name: str) -> Iterator[str]:
    """Give the forms in which a family is looked for: the whole name, then its last part."""
    whole = normalised(name)
    yield whole
    last = normalised(whole.rpartition("/")[2])
    if last != whole:
        yield last


def undated(name: str) -> str | None:
    """Give the name without a date or `-latest` at its end, or None where it has neither."""
    shorter = _DATE.sub("", name)
    return shorter if shorter != name and shorter else None


def untagged(name: str) -> str | None:
    """Give the name without a `:tag` at its end, or None where it has none."""
    base, colon, _ = name.rpartition(":")
    return base if colon and base else None
