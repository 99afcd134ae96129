from pathlib import Path

import pytest

from refact_lsp.core.quirks import Quirks
from refact_lsp.registry.load import (
    Registry,
    bundled_folder,
    check_everything,
    overlaid,
    read_catalog,
    read_registry,
)
from tests.rows import every_row

GOOD = """
name = "Mine"
notes = "A gateway."
wires = ["openai-chat"]
base_url = "https://gw.example/v1"
routes = { chat = "/chat/completions" }
"""


@pytest.fixture(scope="module")
def registry() -> Registry:
    """The bundled registry, read."""
    return read_registry([bundled_folder()])


def write(folder: Path, kind: str, name: str, text: str) -> Path:
    path = folder / kind / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_every_bundled_file_is_valid(registry: Registry):
    assert check_everything([bundled_folder()]) == ()
    assert len(registry.families) > 70


@every_row(
    ("text", "words"),
    [
        (GOOD + "base_ulr = 'x'\n", ["unknown field 'base_ulr'"]),
        (GOOD + "[supports]\nchats = true\n", ["supports", "unknown field 'chats'"]),
        (GOOD + "[[fields]]\nname = 'a'\nlabel = 'A'\ntyp = 'enum'\n", ["fields", "'typ'"]),
        (GOOD.replace('name = "Mine"', ""), ["missing required field 'name'"]),
        (GOOD.replace('"openai-chat"', '"openai"'), ["wires[0]", "'openai'"]),
        (GOOD + "id = 'mine'\n", ["id", "remove the field"]),
        (GOOD + "max_concurrency = '4'\n", ["max_concurrency", "int"]),
        (GOOD + "[quirks]\nmax_token_field = 'x'\n", ["quirks", "'max_token_field'"]),
        (GOOD + "[[variants]]\nwhen = { region = 'eu' }\n", ["variants[0].when.region"]),
        (GOOD + "[model_filter]\nkeep = '('\n", ["model_filter.keep"]),
        (GOOD.replace('"/chat', '"chat'), ["routes.chat"]),
        (GOOD + "[defaults]\nchats = []\n", [": defaults: ", "'chats'"]),
        ("name = \n", ["line 1"]),
    ],
)
def test_a_mistake_in_a_template_is_told_by_file_and_field(
    tmp_path: Path, text: str, words: list[str]
):
    path = write(tmp_path, "providers", "mine", text)
    (problem,) = read_registry([tmp_path]).problems
    assert problem.message.startswith(str(path))
    for word in words:
        assert word in problem.message


@every_row(
    ("text", "fault"),
    [
        ("[models.'b-2']\ncontxt = 1\n", "models.b-2: unknown field 'contxt'"),
        ("[models.b.price]\ninput = 'x'\noutput = 1.0\n", "models.b.price.input: "),
        ("[models]\nb = 3\n", "models.b: "),
        ("[models.b]\ncontext = 1\n[models.c]\ncontxt = 1\n", "models.c: unknown field 'contxt'"),
        ('[models.b]\n"a` - at `$.b" = 1\n', "models.b: unknown field 'a' - at '$.b'"),
    ],
)
def test_a_mistake_in_a_models_file_is_told_by_model_and_field(
    tmp_path: Path, text: str, fault: str
):
    path = write(tmp_path / "own", "models", "mine", f"{text}[models.a]\ncontext = 1\n")
    (problem,) = read_registry([tmp_path, tmp_path / "own"]).problems
    assert problem.message.startswith(f"{path}: {fault}")


def test_what_a_file_says_cannot_steer_the_terminal_that_shows_it(tmp_path: Path):
    own = tmp_path / "own"
    write(own, "models", "mine", '[models."a\\u001b[2Jb"]\ncontxt = 1\n')
    write(own, "families", "mine", '"a\\u009bb\\nc" = 1\n')
    problems = read_registry([tmp_path, own]).problems
    assert [problem.message.rpartition("toml: ")[2] for problem in problems] == [
        "models.a\ufffd[2Jb: unknown field 'contxt'",
        "unknown field 'a\ufffdb\ufffdc'",
    ]


@every_row(
    ("text", "words"),
    [
        ("rank = 1\nmatch = ['(']\n", ["match", "'('"]),
        ("rank = 1\nmatch = ['a']\nvariants = [{ match = '[' }]\n", ["match", "'['"]),
        (
            (
                "rank = 1\nmatch = ['a']\n[fim]\norder='PSM'\nprefix='<p>'\nsuffix='<s>'\n"
                "stop=['<1>','<2>','<3>','<4>','<5>']\n"
            ),
            ["fim.stop", "at most 4"],
        ),
        (
            (
                "rank = 1\nmatch = ['a']\n[fim]\norder='PSM'\nprefix='<p>'\nsuffix='<s>'\nstop=[]\n"
                "template='{prefx}'\n"
            ),
            ["fim.template", "{prefx}"],
        ),
        (
            "rank = 1\nmatch = ['a']\n[fim]\norder='PSM'\nprefix='x'\nsuffix='<s>'\nstop=[]\n",
            ["'x'", "told apart"],
        ),
    ],
)
def test_a_mistake_in_a_family_is_told_by_file_and_field(
    tmp_path: Path, text: str, words: list[str]
):
    write(tmp_path, "families", "mine", text)
    (problem,) = read_registry([tmp_path]).problems
    for word in words:
        assert word in problem.message


VOCABULARY = f"""
[[vocabularies]]
encoding = "mine"
url = "https://example.com/mine.tiktoken"
sha256 = "{"0a" * 32}"
size_bytes = 5
"""


@every_row(
    ("text", "words"),
    [
        (VOCABULARY.replace("https:", "http:"), ["vocabularies[0].url", "https"]),
        (VOCABULARY.replace("https://example.com/", "file:///etc/"), ["vocabularies[0].url"]),
        (VOCABULARY.replace("0a0a", "0a0z"), ["vocabularies[0].sha256"]),
        (VOCABULARY + "urls = 'x'\n", ["vocabularies[0]", "'urls'"]),
        ("[[tokenizers]]\nmatch = '('\nfactor = 1.0\n", ["match", "'('"]),
    ],
)
def test_a_mistake_in_the_tokenizers_is_told_and_the_bundled_ones_stay(
    registry: Registry, tmp_path: Path, text: str, words: list[str]
):
    (tmp_path / "tokenizers.toml").write_text(text)
    found = overlaid(registry, [bundled_folder(), tmp_path])
    (problem,) = found.problems
    for word in words:
        assert word in problem.message
    assert found.tokenizers == registry.tokenizers


def test_a_users_vocabulary_comes_before_the_bundled_ones(registry: Registry, tmp_path: Path):
    (tmp_path / "tokenizers.toml").write_text(VOCABULARY)
    vocabularies = overlaid(registry, [bundled_folder(), tmp_path]).tokenizers.vocabularies
    assert [each.encoding for each in vocabularies] == ["mine", "o200k_base", "cl100k_base"]


def test_a_users_file_is_laid_over_the_bundled_one(tmp_path: Path):
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    write(bundled, "providers", "mine", GOOD)
    write(own, "providers", "mine", "base_url = 'https://other.example/v1'\n")
    write(own, "models", "mine", "verified='2026-01-01'\n[models.a]\ncontext = 5\n")
    registry = read_registry([bundled, own])
    assert registry.problems == ()
    assert registry.templates["mine"].base_url == "https://other.example/v1"
    assert registry.templates["mine"].routes == {"chat": "/chat/completions"}
    catalog = read_catalog([bundled, own], "mine")
    assert catalog is not None
    assert catalog.models["a"].context == 5


def test_a_users_models_are_laid_over_the_bundled_ones_field_by_field(tmp_path: Path):
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    write(bundled, "models", "m", "verified='2026-01-01'\n[models.a]\ncontext=5\ntools=true\n")
    write(own, "models", "m", "[models.a]\ncontext = 7\n[models.b]\ncontext = 9\n")
    catalog = read_catalog([bundled, own], "m")
    assert catalog is not None
    assert (catalog.models["a"].context, catalog.models["a"].tools) == (7, True)
    assert catalog.models["b"].context == 9


def test_a_users_broken_models_are_told_and_the_bundled_ones_kept(tmp_path: Path):
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    write(bundled, "models", "m", "verified='2026-01-01'\n[models.a]\ncontext = 5\n")
    write(own, "models", "m", "[models.a]\ncontxt = 7\n")
    (problem,) = read_registry([bundled, own]).problems
    assert "models.a: " in problem.message
    assert "'contxt'" in problem.message
    assert check_everything([bundled, own]) == (problem,)
    catalog = read_catalog([bundled, own], "m")
    assert catalog is not None
    assert catalog.models["a"].context == 5


@pytest.mark.parametrize("place", ["mine.toml", "provider/mine.toml", "providers/x/mine.toml"])
def test_a_users_file_in_the_wrong_place_is_found_by_the_check(tmp_path: Path, place: str):
    path = tmp_path / "own" / place
    path.parent.mkdir(parents=True)
    path.write_text(GOOD)
    (problem,) = check_everything([tmp_path / "bundled", tmp_path / "own"])
    assert problem.message.startswith(f"{path}: ")
    assert "Move it to providers" in (problem.hint or "")


def test_a_broken_bundled_catalog_is_found_by_the_check(tmp_path: Path):
    write(tmp_path, "models", "m", "verified='2026-01-01'\n[models.a]\ncontext = 'much'\n")
    assert "context" in check_everything([tmp_path])[0].message


def test_a_users_broken_file_leaves_the_bundled_entry_in_place(tmp_path: Path):
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    write(bundled, "providers", "mine", GOOD)
    path = write(own, "providers", "mine", "base_urls = 'x'\n")
    registry = read_registry([bundled, own])
    assert registry.templates["mine"].base_url == "https://gw.example/v1"
    assert str(path) in registry.problems[0].message


def test_every_quirk_is_set_somewhere(registry: Registry):
    plain = Quirks()
    used = {
        field
        for template in registry.templates.values()
        for quirks in (template.quirks, *(v.quirks for v in template.variants if v.quirks))
        for field in Quirks.__struct_fields__
        if getattr(quirks, field) != getattr(plain, field)
    }
    used |= {field.quirk for t in registry.templates.values() for field in t.fields if field.quirk}
    assert set(Quirks.__struct_fields__) - used == set()
