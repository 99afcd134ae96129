"""No provider, vendor host or model is named in the code: they are data under registry/.

A word may stand where it is also something else; WORDS says where, and what it is there.
"""

import ast
import functools
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

import refact_lsp
from refact_lsp.core.types import Wire
from refact_lsp.registry.catalog import Catalog
from tests.rows import every_row

CODE = Path(refact_lsp.__file__).parent
REGISTRY = CODE.parent / "registry"

# Words that are a provider's id and something else too: the modules where they are that.
SHAPES = ("core/quirks.py", "llm/wire/model_lists.py", "llm/wire/openai_embeddings.py")
WORDS = {
    # Shapes of model lists and of embedding requests, named after who made them.
    **dict.fromkeys(("openai", "gemini", "openrouter", "mistral", "lmstudio", "vllm"), SHAPES),
    **dict.fromkeys(("voyage", "jina", "cohere"), SHAPES),
    # The same shapes, and the mark of the sealed thinking that this wire format replays.
    "anthropic": (*SHAPES, "llm/wire/anthropic_answer.py"),
    # Where a model comes from: the user (protocol, section 2).
    "custom": ("core/nouns.py", "store/models.py", "features/setup/"),
    # Where a privacy rule comes from: this program (protocol, section 7).
    "builtin": ("core/privacy.py", "rpc/messages/accounts.py"),
}
# Hubs that local runtimes write before a model's name; they are cut off, never contacted.
HUBS = ("registry/names.py",)
# What stands between two literals that are one text; the parser joins those without a plus.
BETWEEN_LITERALS = re.compile(r"""["']\s*(\+\s*)?[bfru]*["']""", re.IGNORECASE)


class Word(NamedTuple):
    """A text in the code."""

    module: str
    line: int
    text: str


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    """Give the code's modules."""
    return {path.relative_to(CODE).as_posix(): path.read_text() for path in CODE.rglob("*.py")}


def words(sources: Mapping[str, str], mentioned: Callable[[str], object]) -> list[Word]:
    """Give every text that is no docstring, of the modules whose source mentions what is sought."""
    return [
        word
        for module, source in sources.items()
        if mentioned(source) or mentioned(BETWEEN_LITERALS.sub("", source))
        for word in words_of(module, source)
    ]


@functools.cache
def words_of(module: str, source: str) -> tuple[Word, ...]:
    """Give every text of a module, which may mention more than one thing that is sought."""
    nodes = list(ast.walk(ast.parse(source)))
    docs = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    return tuple(
        Word(module, node.lineno, text)
        for node in nodes
        if isinstance(node, ast.Constant | ast.BinOp) and id(node) not in docs
        if (text := written(node))
    )


def written(node: ast.expr) -> str:
    """Give the text of a literal, also of one that is put together, as far as it is known."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return written(left) + written(right)
        case _:
            return ""


def allowed(word: Word) -> bool:
    places = WORDS.get(word.text, ())
    return word.text in get_args(Wire) or word.module.startswith(places)


@every_row(
    "code", ["'one.two'", "('one.'\n    'two')", "f'{x}one.' 'two'", "x + 'on' + \"e\" + r'.two'"]
)
def test_a_text_is_found_however_it_is_put_together(code: str):
    found = words({"m.py": f"y = {code}"}, re.compile("one.two").search)
    assert "one.two" in {word.text for word in found}


def test_no_provider_id_occurs_in_the_code(sources: dict[str, str]):
    ids = "|".join(path.stem for path in REGISTRY.glob("providers/*.toml"))
    named = re.compile(rf"({ids})(/[^\s/]+)?")  # alone, or before a model's name
    texts = words(sources, re.compile(rf"""['"}}]({ids})['"{{/]""").search)
    assert {"openai", "custom"} <= {word.text for word in texts}
    assert not [word for word in texts if named.fullmatch(word.text) and not allowed(word)]


def test_no_vendor_s_host_occurs_in_the_code(sources: dict[str, str]):
    hosts: set[str] = set()
    for path in REGISTRY.glob("providers/*.toml"):
        hosts.update(re.findall(r"://(?:[\w-]+\.)*([a-z][\w-]*\.[a-z]+)", path.read_text()))
    assert {"openai.com", "anthropic.com", "z.ai"} <= hosts
    named = re.compile("|".join(rf"\b{re.escape(host)}\b" for host in hosts - {"example.com"}))
    texts = words(sources, named.search)
    assert not [word for word in texts if named.search(word.text) and word.module not in HUBS]


def test_no_model_s_name_occurs_in_the_code(sources: dict[str, str], catalog: Catalog):
    names = {path.stem for path in REGISTRY.glob("families/*.toml")}
    for path in REGISTRY.glob("models/*.toml"):
        for name, entry in catalog._catalog(path.stem).items():  # unlisted ones too
            names |= {name, *entry.aliases}
    telling = {name.lower() for name in names if any(char.isdigit() for char in name)}
    assert len(telling) > 500
    runs = re.compile(r"[\w.:/@+~-]+")
    assert all(runs.fullmatch(name) for name in telling)
    texts = words(sources, lambda source: not telling.isdisjoint(runs.findall(source.lower())))
    assert not [word for word in texts if word.text.lower() in telling]
