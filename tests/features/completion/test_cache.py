from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.cache import Cache, Entry
from refact_lsp.features.completion.typed import typed_since
from refact_lsp.features.completion.values import Answer
from tests.features.completion import scripts
from tests.features.snapshots import at_cursor


def at(text: str, uri: str = "f:a") -> Snapshot:
    return at_cursor(text, "text", uri=uri, mark="|")


def entry(*texts: str, replaced: int = 0) -> Entry:
    return Entry(tuple(Answer(text, replaced) for text in texts), "m", "model", 0.0)


def found(cache: Cache, text: str, scope: int = 1) -> list[tuple[str, int]] | None:
    hit = cache.find(at(text), scope, not_before_s=0.0)
    return [(answer.text, answer.replaced) for answer in hit.answers] if hit else None


@given(st.integers(0, 2**40))
def test_an_answer_is_served_only_where_it_gives_the_document_it_was_made_for(seed: int):
    assert scripts.run(seed).wrong == []


@given(
    st.text("a\n", min_size=6, max_size=12),
    st.lists(st.tuples(st.integers(0, 12), st.text("a\n", max_size=3)), min_size=2, max_size=4),
)
def test_what_is_found_is_what_a_look_at_everything_given_finds(
    text: str, asked: list[tuple[int, str]]
):
    cache, known = Cache(), dict[str, tuple[str, str]]()
    for start, other in asked:
        known[text[:start]] = answers = (other, text[start:])
        cache.put(at(f"{text[:start]}|\nend"), 1, entry(*answers))
    for typed in (text[:cursor] for cursor in range(len(text) + 1)):
        fitting = [
            (len(begun), [(rest, 0) for rest in rests])
            for begun, answers in known.items()
            if typed.startswith(begun) and (rests := unsaid(answers, typed[len(begun) :]))
        ]
        assert found(cache, f"{typed}|\nend") == max(fitting, default=(0, None))[1]
        assert found(cache, f"{typed}|\nother") is None


def unsaid(answers: Sequence[str], typed: str) -> list[str]:
    return [a[len(typed) :] for a in answers if a.startswith(typed) and a != typed]


def test_a_text_is_followed_over_its_lines():
    cache = Cache()
    cache.put(at("x\nif |\ny\n"), 1, entry("a:\n    b()\n"))
    assert found(cache, "x\nif a:\n    |\ny\n") == [("b()\n", 0)]
    assert found(cache, "x\nif a:\n  |\ny\n") == [("  b()\n", 0)]
    assert found(cache, "x\nif a:\n\t|\ny\n") is None


def test_what_was_typed_chooses_among_candidates():
    cache = Cache()
    cache.put(at("|\n"), 1, entry("one", "other", "two"))
    assert found(cache, "o|\n") == [("ne", 0), ("ther", 0)]
    assert found(cache, "ot|\n") == [("her", 0)]


def test_a_closer_typed_over_belongs_to_the_text():
    cache = Cache()
    cache.put(at("f(|)\n"), 1, entry("x).then()", replaced=1))
    assert found(cache, "f(x|)\n") == [(").then()", 1)]
    assert found(cache, "f(x)|\n") == [(".then()", 0)]
    assert found(cache, "f(|\n") is None


def test_closers_that_the_editor_added_are_the_text_s_own_or_it_is_not_served():
    cache = Cache()
    cache.put(at("|\nz\n"), 1, entry("f(a) {\n  b();\n}"))
    assert found(cache, "f(|)\nz\n") == [("a) {\n  b();\n}", 1)]
    assert found(cache, "f(a) {|}\nz\n") == [("\n  b();\n}", 1)]
    assert found(cache, "f(a|]\nz\n") is None
    assert found(cache, "f(a) {\n  |\n}\nz\n") == [("b();", 0)]
    assert found(cache, "f(a) {\n  b|\n}\nz\n") == [("();", 0)]
    assert found(cache, "f(a) {\n  |\n  }\nz\n") is None
    assert found(cache, "f(a) {\n  |\n}\ny\n") is None
    cache.put(at("|);\n"), 1, entry("g(() => {\n  b()\n})"))
    assert found(cache, "g(() => {\n  |\n}));\n") == [("b()", 0)]


def test_an_edit_far_above_leaves_answers_and_one_near_does_not():
    lines = "".join(f"line {number}\n" for number in range(400))
    cache = Cache()
    cache.put(at(f"{lines}x = |\n"), 1, entry("1"))
    assert found(cache, f"new\n{lines}x = |\n") == [("1", 0)]
    assert found(cache, f"{lines.replace('line 390', 'line')}x = |\n") is None


def test_the_least_recently_used_goes_first_and_bytes_are_bounded():
    cache = Cache(max_entries=2)
    for char in "abc":
        cache.put(at(f"{char}|\n"), 1, entry("x"))
        found(cache, "a|\n")
    assert found(cache, "a|\n")
    assert found(cache, "b|\n") is None
    small = Cache(max_bytes=50_000)
    for number in range(1000):
        small.put(at(f"{number}|\n"), 1, entry("x" * 100))
    assert small.bytes <= 50_000
    assert 10 < len(small) < 100


def test_an_emptied_cache_holds_nothing_back():
    cache = Cache(max_entries=1)
    for number in range(50):
        cache.put(at(f"{number}(|)\n"), 1, entry("x)", replaced=1))
    cache.forget("f:a")
    assert (len(cache), cache.bytes, cache._buckets) == (0, 0, {})


def test_what_was_typed_between_two_snapshots_is_seen_only_where_nothing_else_changed():
    assert typed_since(at("a|b\nc"), at("axy|b\nc")) == "xy"
    assert typed_since(at("a|b\nc"), at("ax\n y|b\nc")) == "x\n y"
    assert typed_since(at("a|b\nc"), at("a|b\nc")) == ""
    for other in ("ax|b\nd", "zx|b\nc", "ax|\nc", "|b\nc", "ax|b\nc\n"):
        assert typed_since(at("a|b\nc"), at(other)) is None
    assert typed_since(at("a|b"), at("ax|b", uri="f:b")) is None
