"""A graph that is kept current: what comes back is as it was, what must be forgotten is gone."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FunctionType, ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.context.desk import Desk
from refact_lsp.features.context.facts import Definition, FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.ranking import ranked_items
from refact_lsp.features.context.recent import OpenText
from refact_lsp.features.context.resolve import Manifest
from refact_lsp.features.context.scene import Scene
from tests.features.context.graphs import linked, read


def test_a_changed_file_leaves_nothing_of_its_old_self():
    graph = linked(
        {"/w/a.py": "def old(): ...\ndef kept(): ...\n", "/w/b.py": "from a import old, kept\n"}
    )
    kept = graph.by_name["kept"][0]
    graph.replace(read("/w/a.py", "\ndef kept(): ...\ndef new(): ...\n"))
    assert not graph.by_name["old"]
    assert graph.by_name["kept"] == [kept]
    assert graph.definitions[kept].start == 1
    graph.forget(["/w/a.py"])
    assert not graph.by_name["kept"]
    assert "/w/a.py" not in graph.homes


def users(graph: Graph, name: str) -> list[int]:
    return [graph.popularity[number] for number in graph.by_name.get(name, ())]


PATHS = ("/w/a.py", "/w/b.py", "/w/c.py", "/w/inner/d.py")
LINES = st.sampled_from(
    (
        *(
            "from a import open_door",
            "from b import *",
            "import c",
            "from c import Door, open_door",
        ),
        *("def open_door(key: Door) -> Door: ...", "def turn(door): ...", "SHUT = 1"),
        *("class Door:\n    wide: int\n    def turn(self) -> Key: ...", "class Key(Door): ..."),
        *("open_door(SHUT)", "door = c.Door().turn()", "key = Key(wide)"),
    )
)
TEXTS = st.lists(LINES, max_size=7).map("\n".join)
FILES = st.fixed_dictionaries(dict.fromkeys(PATHS, TEXTS))
CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), st.lists(TEXTS, min_size=1, max_size=2)))


def answers(graph: Graph, files: dict[str, str]) -> dict[str, object]:
    """Everything that a graph is asked, and what is ranked by it for the end of each file."""
    scenes = {path: (read(path, text), text.split("\n")) for path, text in files.items()}
    return {
        "names": dict(graph.by_name),
        "members": {n: graph.members(n) for some in graph.by_name.values() for n in some},
        "popularity": {n: users for n, users in graph.popularity.items() if users},
        "uses": {path: graph.files[path].used for path in files},
        "importers": {path: graph.importers[path] for path in files},
        "hits": graph.hits("python").best({"door": 1.0, "key": 0.5, "turn": 0.4, "shut": 0.3}),
        "ranked": [
            ranked_items(Scene(graph, facts, lines, len(lines) - 1))
            for facts, lines in scenes.values()
        ],
    }


@settings(max_examples=20)  # each builds graphs
@given(FILES, CHANGES)
def test_a_file_that_is_replaced_and_restored_leaves_the_graph_as_one_made_anew(
    files: dict[str, str], changes: list[tuple[str, list[str]]]
):
    graph = linked(files)
    for path, texts in changes:
        for text in (*texts, files[path]):
            graph.replace(read(path, text))
    assert answers(graph, files) == answers(linked(files), files)


def test_a_definition_that_is_away_for_a_moment_stays_popular():
    home = "def shut_door(): ...\ndef open_door(): ...\n"
    uses = {f"/w/{n}.py": "from b import open_door\nopen_door()\n" for n in range(3)}
    graph = linked({"/w/b.py": home, **uses})
    assert users(graph, "open_door") == [3]
    graph.replace(read("/w/b.py", "def open_(): ...\n"))
    assert users(graph, "open_door") == []
    graph.replace(read("/w/b.py", ""))
    graph.replace(read("/w/b.py", home))
    assert users(graph, "open_door") == [3]


def facts(path: str, names: Sequence[str]) -> FileFacts:
    definitions = (
        Definition(name, "function", "", ((row, row + 1),), row + 1)
        for row, name in enumerate(names)
    )
    return FileFacts(path, "python", tuple(definitions), (), {})


@pytest.mark.parametrize(("others", "kept"), [(3999, [1]), (4000, [0])])
def test_of_what_is_gone_the_newest_is_kept(others: int, kept: list[int]):
    graph = linked(
        {"/w/a.py": "def open_door(): ...\n", "/w/c.py": "from a import open_door\nopen_door()\n"}
    )
    graph.replace(facts("/w/a.py", ()))
    graph.replace(facts("/w/b.py", [f"name_{number}" for number in range(others)]))
    graph.replace(facts("/w/b.py", ()))
    graph.replace(facts("/w/a.py", ["open_door"]))
    assert users(graph, "open_door") == kept


def texts_in(root: object) -> Iterator[str]:
    """Give every text that an object holds, however deep."""
    seen, pending = dict[int, object](), [root]
    while pending:
        one = pending.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | FunctionType):
            continue
        seen[id(one)] = one
        if isinstance(one, str | bytes):
            yield one if isinstance(one, str) else one.decode(errors="replace")
        pending += gc.get_referents(one)


def holds_secret(root: object) -> bool:
    return any("secret" in text.lower() for text in texts_in(root))


SECRET = "package w\ntype SecretDoor struct {\n\tSecretKey int\n}\nfunc SecretOpen() {}\n"
MAIN = "package w\nfunc Enter() {\n\tOpen()\n}\n"


def test_what_is_forgotten_is_gone_down_to_its_names():
    hidden = "/w/secret.go"
    graph = linked(
        {hidden: SECRET, "/w/main.go": MAIN, "/w/use.py": "from open import *\n", "/w/open.py": ""},
        [Manifest("/w/secrets/package.json", "npm", "secret-package")],
    )
    graph.together = {hidden: {"/w/main.go": 1.0}, "/w/main.go": {hidden: 1.0, "/w/use.py": 0.5}}
    graph.replace(read(hidden, SECRET.replace("SecretOpen", "SecretShut")))
    assert holds_secret(graph)
    graph.forget([hidden, "/w/secrets/package.json"])
    assert not holds_secret(graph)
    assert graph.files["/w/use.py"].modules == ("/w/open.py",)
    assert graph.together == {"/w/main.go": {"/w/use.py": 0.5}}


def at(path: str, text: str) -> Snapshot:
    """Put the cursor into the third line."""
    return Snapshot(
        uri=f"file://{path}",
        path=path,
        language="",
        version=1,
        lines=split_lines(text),
        line=2,
        column=0,
    )


def test_a_desk_forgets_texts_trees_and_what_was_shown(tmp_path: Path):
    folder = tmp_path.as_posix()
    files = {f"{folder}/secret.go": SECRET, f"{folder}/main.go": MAIN}
    for path, text in files.items():
        Path(path).write_text(text)
    desk = Desk([folder], linked(files))
    lines = split_lines(SECRET)
    opened = {f"{folder}/secret.go": OpenText(lines, lines, at=1)}
    desk.rank(at(f"{folder}/secret.go", SECRET), 1500, opened)
    shown = desk.rank(at(f"{folder}/main.go", MAIN), 1500, opened)
    assert "SecretOpen" in "".join(each.text for each in shown)
    assert holds_secret(desk)
    assert f"{folder}/secret.go" in desk.known()
    desk.forget([f"{folder}/secret.go"])
    assert not holds_secret(desk)
    assert desk.known() == {f"{folder}/main.go"}


def test_every_change_on_disk_is_seen_but_not_all_in_one_ranking(tmp_path: Path):
    folder = tmp_path.as_posix()
    paths = [f"{folder}/door_{n}.py" for n in range(12)]
    main = "".join(f"import door_{n}\n" for n in range(12)) + "door_1."
    here = f"{folder}/main.py"
    desk = Desk([folder], linked({**dict.fromkeys(paths, "def shut(): ...\n"), here: main}))
    for turn in ("first", "second"):
        for path in paths:
            Path(path).write_text(f"def open_{turn}(): ...\n")
        seen: list[int] = []
        while not seen or seen[-1] < 12:
            desk.rank(at(here, main), 1500, {})
            seen.append(len(desk.graph.by_name.get(f"open_{turn}", ())))
        assert seen == [8, 12]
    nodes = dict(desk.graph.files)
    desk.rank(at(here, main), 1500, {})
    assert desk.graph.files == nodes, "what did not change is not read again"
