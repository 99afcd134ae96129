"""The lexical index: what is found by its words, what is passed over, and that it stays current."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.features.context.facts import Definition
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.hits import MOST_HITS, HitIndex
from refact_lsp.features.context.scene import Scene
from refact_lsp.features.context.sources import index_hits
from refact_lsp.features.context.words import words_of
from tests.features.context.graphs import linked, read
from tests.rows import every_row

OTHER = "def paint_wall(): ...\ndef sweep(floor): ...\n"


def found(files: dict[str, str], path: str, text: str) -> list[str]:
    """Name the hits for a file whose cursor is at `|`."""
    before, _, after = text.partition("|")
    scene = Scene(
        linked(files),
        read(path, before + after),
        (before + after).split("\n"),
        before.count("\n"),
    )
    return [scene.graph.definitions[number].name for number in index_hits(scene)]


@every_row(
    ("path", "other", "needed", "text"),
    [
        pytest.param("/w/a.py", "/w/b.py", "def open_door(): ...\n", "# open it\n|", id="comment"),
        pytest.param("/w/a.py", "/w/b.py", "def open_door(): ...\n", "frontDoor = |", id="case"),
        pytest.param("/w/a.py", "/w/b.py", "def lift(parcel: Box): ...\n", "parcel = |", id="head"),
        pytest.param(
            "/w/a.py", "/w/b.py", "class Parcel:\n  def lift(s): ...\n", "parcel.|", id="holder"
        ),
        pytest.param("/w/a.py", "/w/parcels.py", "def lift(): ...\n", "parcels = |", id="file"),
        pytest.param(
            "/w/a.py", "/w/b.py", "def lift(): ...\n", "def lift_all(x):\n\n\n    |", id="function"
        ),
        pytest.param(
            "/w/a.tsx", "/w/b.js", "function openDoor() {}\n", "let door = |", id="one language"
        ),
    ],
)
def test_words_around_the_cursor_find_what_is_not_imported(
    path: str, other: str, needed: str, text: str
):
    names = {one.name for one in read(other, needed).definitions}
    more = OTHER if path.endswith(".py") else "function sweep() {}\n"
    # Between equals what was read first wins: the file that is needed comes last.
    files = {f"/w/c.{other.rpartition('.')[2]}": more, other: needed}
    assert found(files, path, text)[0] in names


@every_row(
    ("files", "text"),
    [
        pytest.param({"/w/a.py": "def open_door(): ...\n"}, "open(|", id="the file itself"),
        pytest.param(
            {"/w/b.go": "package b\nfunc OpenDoor() {}\n"}, "open(|", id="another language"
        ),
        pytest.param({"/w/b.py": OTHER}, "open(|", id="no word alike"),
        pytest.param(
            {"/w/b.py": "def open_door(): ...\n"}, "import open\n|", id="an import's words"
        ),
    ],
)
def test_what_cannot_help_is_no_hit(files: dict[str, str], text: str):
    assert found(files, "/w/a.py", text) == []


def test_the_likeliest_comes_first():
    near = "old_wall = 1\n" + "\n" * 8 + "new_door = |"
    assert found({"/w/b.py": "def paint_wall(): ...\ndef open_door(): ...\n"}, "/w/a.py", near) == [
        "open_door",
        "paint_wall",
    ], "what is near weighs more"
    assert found(
        {"/w/b.py": "def lift(door): ...\ndef open_door(): ...\n"}, "/w/a.py", "door = |"
    ) == ["open_door", "lift"], "a word of the name weighs more than one of the head"
    rare = "".join(f"def door_{each}(): ...\n" for each in ("east", "west", "north", "south"))
    hits = found({"/w/b.py": f"{rare}def hinge_top(): ...\n"}, "/w/a.py", "hinge = door |")
    assert hits[0] == "hinge_top", "a rare word weighs more"
    users = {f"/w/u{n}.py": "from b import shut_door\nshut_door()\n" for n in range(4)}
    files = {"/w/b.py": "def open_door(): ...\ndef shut_door(): ...\n", **users}
    assert found(files, "/w/a.py", "door = |")[0] == "shut_door", "what many files use"


def test_words_that_are_too_common_are_passed_over_and_hits_are_bounded():
    index = HitIndex()
    names = ("get_rest", "get_thing") * 2500
    many = [Definition(name, "function", "", ((n, n + 1),), n + 1) for n, name in enumerate(names)]
    index.add("/w/b.py", enumerate(many))
    assert index.best({"get": 1.0}) == []
    hits = index.best({"get": 1.0, "thing": 0.2})
    assert len(hits) == MOST_HITS
    assert all(number % 2 for number, _ in hits)


NAMES = ("open_door", "Door", "shut_door", "paint", "lift_wall")
TEXTS = st.lists(st.sampled_from(NAMES), max_size=4).map(
    lambda names: "".join(f"def {name}(door_key, wall: Brick): ...\n" for name in names)
)
PATHS = st.sampled_from(("/w/a.py", "/w/stone.py", "/w/c.py"))
FILES = st.dictionaries(PATHS, TEXTS)
CHANGES = st.lists(st.tuples(PATHS, st.none() | TEXTS), max_size=8)
WORDS = [*words_of(" ".join(NAMES)), "key", "brick", "a", "stone", "c"]

Hit = tuple[str, str, int, float]


def answers(graph: Graph) -> list[list[Hit]]:
    return [
        sorted(
            (graph.homes[number], one.name, one.start, score)
            for number, score in graph.hits("python").best({word: 1.0})
            for one in [graph.definitions[number]]
        )
        for word in WORDS
    ]


@given(FILES, CHANGES)
def test_an_index_kept_current_is_as_one_made_anew(
    files: dict[str, str], changes: list[tuple[str, str | None]]
):
    graph = linked(files)
    now = dict(files)
    for path, text in changes:
        if text is None:
            graph.forget([path])
            now.pop(path, None)
        else:
            graph.replace(read(path, text))
            now[path] = text
    assert answers(graph) == answers(linked(now))
    graph.forget(now)
    assert not any(answers(graph)), "what is forgotten is gone"
