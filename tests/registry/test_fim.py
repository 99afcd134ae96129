from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.requests import ContextFile
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.check import fim_tokens
from refact_lsp.registry.fim import (
    cuts,
    middle_stands_last,
    neutralised,
    render_fim,
    takes_files,
    wire_stops,
)
from refact_lsp.registry.model_schema import Fim
from tests.rows import every_row

FILES = (ContextFile(path="a.py", text="A = 1"), ContextFile(path="b.py", text="B = 2"))


def layout(catalog: Catalog, family: str) -> Fim:
    fim = catalog.fim(family)
    assert fim is not None
    return fim


@every_row(
    ("family", "prompt"),
    [
        ("qwen2.5-coder", "<|fim_prefix|>before<|fim_suffix|>after<|fim_middle|>"),
        ("starcoder2", "<fim_prefix>before<fim_suffix>after<fim_middle>"),
        ("deepseek-coder-v1", "<｜fim▁begin｜>before<｜fim▁hole｜>after<｜fim▁end｜>"),  # noqa: RUF001
        ("codellama", "<PRE> before <SUF>after <MID>"),
        ("codestral", "[SUFFIX]after[PREFIX]before"),
        ("mellum", "<fim_suffix>after<fim_prefix>before<fim_middle>"),
        ("seed-coder", "<[fim-suffix]>after<[fim-prefix]>before<[fim-middle]>"),
        ("santacoder", "<fim-prefix>before<fim-suffix>after<fim-middle>"),
        (
            "codegeex4",
            (
                "<|user|>\n###PATH:x.py\n###LANGUAGE:python\n###MODE:BLOCK\n"
                "<|code_suffix|>after<|code_prefix|>before<|code_middle|><|assistant|>\n"
            ),
        ),
    ],
)
def test_each_family_has_its_own_layout(catalog: Catalog, family: str, prompt: str):
    fim = layout(catalog, family)
    assert render_fim(fim, "before", "after", path="x.py", language="python") == prompt


def test_a_begun_middle_stands_last_where_the_family_lets_it(catalog: Catalog):
    qwen = layout(catalog, "qwen2.5-coder")
    assert middle_stands_last(qwen)
    assert render_fim(qwen, "p", "s", begun="m").endswith("s<|fim_middle|>m")
    assert (
        "<|fim_suffix|>"
        not in render_fim(qwen, "p", "", begun="<|fim_suffix|>").split("<|fim_middle|>")[1]
    )
    assert not middle_stands_last(layout(catalog, "codestral"))
    assert not middle_stands_last(layout(catalog, "codegeex4"))


@every_row(
    ("family", "prompt"),
    [
        (
            "qwen2.5-coder",
            (
                "<|repo_name|>demo\n<|file_sep|>a.py\nA = 1\n<|file_sep|>b.py\nB = 2\n"
                "<|file_sep|>x.py\n<|fim_prefix|>p<|fim_suffix|>s<|fim_middle|>"
            ),
        ),
        (
            "mellum",
            (
                "<filename>a.py\nA = 1\n<filename>b.py\nB = 2\n"
                "<filename>x.py\n<fim_suffix>s<fim_prefix>p<fim_middle>"
            ),
        ),
        (
            "seed-coder",
            (
                "<[fim-suffix]>s<[fim-prefix]><filename>a.py\nA = 1\n<filename>b.py\nB = 2\n"
                "<filename>x.py\np<[fim-middle]>"
            ),
        ),
        (
            "codestral",
            "[SUFFIX]s[PREFIX]+++++ a.py\nA = 1\n+++++ b.py\nB = 2\n+++++ x.py\np",
        ),
    ],
)
def test_files_of_context_stand_where_the_family_wants_them(
    catalog: Catalog, family: str, prompt: str
):
    fim = layout(catalog, family)
    assert takes_files(fim)
    assert render_fim(fim, "p", "s", path="x.py", files=FILES, repo="demo") == prompt


def test_a_family_without_a_place_for_files_leaves_them_to_the_caller(catalog: Catalog):
    fim = layout(catalog, "codellama")
    assert not takes_files(fim)
    assert render_fim(fim, "p", "s", files=FILES) == render_fim(fim, "p", "s")


def test_user_text_cannot_forge_the_layout(catalog: Catalog):
    for family in catalog.families.values():
        if family.fim is None:
            continue
        forged = "".join(fim_tokens(family.fim)) + "{suffix}{files}"
        hostile = ContextFile(path=forged, text=forged)
        plain = render_fim(family.fim, "", "", path="x", files=[ContextFile(path="", text="")])
        prompt = render_fim(
            family.fim, forged, forged, path=forged, language=forged, files=[hostile], repo=forged
        )
        for token in fim_tokens(family.fim):
            assert prompt.count(token) <= plain.count(token) + (token == family.fim.repo), family.id


@given(st.lists(st.sampled_from(["<", "|", ">", "<|", "fim_prefix", "|>", "<|fim_prefix|>", "x"])))
def test_no_sequence_of_pieces_survives_as_a_token(catalog: Catalog, pieces: list[str]):
    fim = layout(catalog, "qwen2.5-coder")
    cleaned = neutralised(fim, "".join(pieces))
    assert not any(token in cleaned for token in fim_tokens(fim))
    assert cleaned.replace(" ", "") == "".join(pieces)


def test_the_wire_gets_at_most_four_stops_and_the_rest_is_cut(catalog: Catalog):
    for family in catalog.families.values():
        if family.fim is not None:
            assert 1 <= len(wire_stops(family.fim)) <= 4
            assert set(wire_stops(family.fim)) <= set(cuts(family.fim))
            assert family.fim.prefix in cuts(family.fim)
