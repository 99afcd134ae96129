"""What is read from one file: definitions with their extents, imports, resolved to files."""

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.context.extract import read_source
from refact_lsp.features.context.facts import Definition, FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.resolve import Manifest
from tests.features.context.graphs import linked, read
from tests.rows import every_row


def shown(facts: FileFacts, name: str, text: str) -> list[str]:
    one = next(one for one in facts.definitions if one.name == name)
    lines = text.split("\n")
    return [lines[row].strip() for start, end in one.shown for row in range(start, end)]


PYTHON = '''\
from .door import Key, open_door as opened
import tools.saw

LIMIT = 3

@traced
class Lock(Base):
    """A lock."""

    name: str

    def __init__(self, key: Key,
                 turns: int) -> None:
        # turned once
        self.turns = turns

    def turn(self) -> int:
        return self.turns
'''
TYPESCRIPT = """\
import Base, { Key as K, type Door } from './door';
export * from './more';
export interface Shape { area(): number; sides: number }
export class Lock extends Base {
  turns = 0;
  constructor(private key: K) { super(); }
  turn(by: number): void { this.turns += by; }
}
export const make = async (key: K): Promise<Lock> => {
  return new Lock(key);
};
"""
GO = """\
package lock
import (
	"fmt"
	d "example.com/house/door"
)
type Lock struct {
	Turns, Limit int
}
func (l *Lock) Turn(by int) error {
	return nil
}
const Most = 3
"""
RUST = """\
use crate::door::{Key, Door as Gate, self};
pub use super::more::*;
pub struct Lock { pub turns: u8 }
impl Openable for Lock {
    fn turn(&mut self, by: u8) -> bool { true }
}
macro_rules! lock { () => {} }
"""


@every_row(
    ("path", "text", "names"),
    [
        ("a.py", PYTHON, {"LIMIT", "Lock", "Lock.name", "Lock.turns", "Lock.turn"}),
        ("a.ts", TYPESCRIPT, {"Shape", "Shape.area", "Lock", "Lock.turns", "Lock.turn", "make"}),
        ("a.go", GO, {"Lock", "Lock.Turns", "Lock.Limit", "Lock.Turn", "Most"}),
        ("a.rs", RUST, {"Lock", "Lock.turns", "Lock.turn", "lock"}),
        ("a.java", "class A { int x; void f(int q) {} }", {"A", "A.x", "A.f"}),
        (
            "a.c",
            "#define N 1\nstruct P { int a; };\nint *f(int a) { return 0; }\n",
            {"N", "P", "f"},
        ),
        ("a.lua", "local function f(a) end\n", {"f"}),
    ],
)
def test_definitions_are_found_with_what_holds_them(path: str, text: str, names: set[str]):
    found = {
        f"{one.container}.{one.name}" if one.container else one.name
        for one in read(path, text).definitions
    }
    assert names <= found


def test_a_class_is_shown_with_its_constructor_and_a_function_with_its_head():
    facts = read("a.py", PYTHON)
    assert shown(facts, "Lock", PYTHON) == [
        "class Lock(Base):",
        "def __init__(self, key: Key,",
        "turns: int) -> None:",
    ]
    assert shown(facts, "turn", PYTHON) == ["def turn(self) -> int:"]
    assert shown(read("a.go", GO), "Lock", GO) == ["type Lock struct {", "Turns, Limit int"]


def test_imports_name_what_they_take():
    def taken(path: str, text: str) -> set[tuple[str, str, str]]:
        return {
            (each.module, name, local)
            for each in read(path, text).imports
            for name, local in each.names or [("", each.local)]
        }

    assert taken("a.py", PYTHON) >= {
        (".door", "Key", "Key"),
        (".door", "open_door", "opened"),
        ("tools.saw", "", "tools.saw"),
    }
    assert taken("a.ts", TYPESCRIPT) == {
        ("./door", "default", "Base"),
        ("./door", "Key", "K"),
        ("./door", "Door", "Door"),
        ("./more", "*", "*"),
    }
    assert ("example.com/house/door", "", "d") in taken("a.go", GO)
    assert taken("a.rs", RUST) == {
        ("crate::door", "Key", "Key"),
        ("crate::door", "Door", "Gate"),
        ("crate", "door", "door"),
        ("super::more", "*", "*"),
    }


@every_row(
    "text",
    ["", "class", "def f(:\n  class (", "import \nfrom . import", "\ud800 = 1\n", "(" * 4000],
)
@every_row("end", ["py", "ts", "tsx", "go", "rs", "java", "c", "lua", "js"])
def test_broken_text_is_read_as_far_as_it_goes(text: str, end: str):
    grammar = grammar_of("", f"a.{end}")
    assert grammar is not None
    source = text.encode("utf-8", "surrogatepass")
    assert read_source(Syntax(), grammar, f"a.{end}", source).path == f"a.{end}"


def meaning(graph: Graph, path: str, local: str) -> list[tuple[str, Definition]]:
    found = graph.files[path].local.get(local, ())
    return [(graph.homes[number], graph.definitions[number]) for number in found]


def test_pythons_imports_lead_through_packages_that_pass_names_on():
    graph = linked(
        {
            "/w/house/__init__.py": "from .door import Key\n",
            "/w/house/door.py": "class Key: ...\ndef open_door(): ...\n",
            "/w/main.py": "from house import Key, door\nfrom house.door import open_door as o\n",
        }
    )
    assert [home for home, _ in meaning(graph, "/w/main.py", "Key")] == ["/w/house/door.py"]
    assert [one.name for _, one in meaning(graph, "/w/main.py", "o")] == ["open_door"]
    assert "/w/house/door.py" in graph.files["/w/main.py"].modules


def test_typescripts_imports_lead_to_sources_aliases_and_packages_of_the_workspace():
    graph = linked(
        {
            "/w/src/door.ts": "export class Key {}\nexport default function open() {}\n",
            "/w/src/index.ts": "export { Key as Schluessel } from './door.js';\n",
            "/w/packages/b/src/index.ts": "export const lock = 1;\n",
            "/w/src/main.ts": "import { Schluessel } from '@/index';\n"
            "import open from './door';\nimport { lock } from '@house/b';\n",
        },
        (
            Manifest("/w/tsconfig.json", "typescript", "", (("@/*", "./src/*"),)),
            Manifest("/w/packages/b/package.json", "npm", "@house/b"),
        ),
    )
    assert [one.name for _, one in meaning(graph, "/w/src/main.ts", "Schluessel")] == ["Key"]
    assert [home for home, _ in meaning(graph, "/w/src/main.ts", "open")] == ["/w/src/door.ts"]
    assert [one.name for _, one in meaning(graph, "/w/src/main.ts", "lock")] == ["lock"]


def test_gos_imports_lead_to_folders_and_a_package_knows_its_own_files():
    graph = linked(
        {
            "/w/door/door.go": "package door\nfunc Open() {}\n",
            "/w/main.go": 'package main\nimport "example.com/house/door"\n',
            "/w/other.go": "package main\nfunc help() {}\n",
        },
        (Manifest("/w/go.mod", "go", "example.com/house"),),
    )
    assert set(graph.files["/w/main.go"].modules) == {"/w/door/door.go", "/w/other.go"}


def test_rusts_uses_lead_through_crates_and_modules():
    graph = linked(
        {
            "/w/a/src/lib.rs": "pub mod door;\npub use door::Key;\n",
            "/w/a/src/door.rs": "pub struct Key;\npub fn open() {}\n",
            "/w/b/src/main.rs": "use a_crate::Key;\nuse a_crate::door::open;\n",
            "/w/a/src/door/lock.rs": "use super::Key;\n",
        },
        (
            Manifest("/w/a/Cargo.toml", "cargo", "a-crate"),
            Manifest("/w/b/Cargo.toml", "cargo", "b-crate"),
        ),
    )
    door = "/w/a/src/door.rs"
    assert [home for home, _ in meaning(graph, "/w/b/src/main.rs", "Key")] == [door]
    assert [home for home, _ in meaning(graph, "/w/b/src/main.rs", "open")] == [door]
    assert [home for home, _ in meaning(graph, "/w/a/src/door/lock.rs", "Key")] == [door]
