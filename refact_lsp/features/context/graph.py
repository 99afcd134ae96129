"""All files of a workspace together: who defines a name, who imports whom, who uses what.

Everything is numbered; in a changed file what keeps its name keeps its number, and what is gone and
comes back gets its number again. Numbers under a name ascend, whatever was changed before: so the
same files give the same answers.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from refact_lsp.features.context.facts import MEMBERS, TYPES, Definition, FileFacts
from refact_lsp.features.context.hits import HitIndex
from refact_lsp.features.context.resolve import Manifest, Resolved, Resolver

MOST_DEFINITIONS = 60_000
"""About 55 MB; the files listed first win."""
_MOST_PASSES = 5
_MOST_OWNERS = 4
_MOST_USED_A_FILE = 600
_SHORTEST_MEMBER = 3
_KIN = {"tsx": "typescript", "javascript": "typescript"}
"""Grammars of one language: what one defines, files of the other use."""
_MOST_GONE = 4000
"""So many names that are gone keep their numbers, those that went last: as many as one file has."""
_NOTHING = Definition("", "", "", ((0, 0),), 0)


class Node:
    """One file in the graph."""

    __slots__ = ("facts", "local", "modules", "numbers", "resolved", "used")

    def __init__(self, facts: FileFacts) -> None:
        self.facts = facts
        self.numbers: list[int] = []
        self.resolved: list[Resolved] = []
        self.local: dict[str, tuple[int, ...]] = {}
        self.modules: tuple[str, ...] = ()
        self.used: frozenset[int] = frozenset()

    def leave_out(self, gone: frozenset[str]) -> None:
        """Let go of where imports lead, of files that are gone."""
        self.modules = tuple(path for path in self.modules if path not in gone)
        left = (
            replace(each, files=tuple(path for path in each.files if path not in gone))
            for each in self.resolved
        )
        self.resolved = [each for each in left if each.files]


class Graph:
    """Definitions of a workspace, numbered; `link` must be run before it is asked."""

    def __init__(self, files: Iterable[FileFacts] = (), manifests: Sequence[Manifest] = ()) -> None:
        self.files: dict[str, Node] = {}
        self.definitions: list[Definition] = []
        self.homes: list[str] = []
        self.by_name: dict[str, list[int]] = defaultdict(list)
        self.by_container: dict[str, list[int]] = defaultdict(list)
        self._types: dict[str, list[int]] = defaultdict(list)
        self.popularity: dict[int, int] = defaultdict(int)
        self.importers: dict[str, set[str]] = defaultdict(set)
        self.together: dict[str, dict[str, float]] = {}
        self._hits: dict[str, HitIndex] = defaultdict(HitIndex)
        self._gone: dict[tuple[str, str, str], list[int]] = {}
        for facts in files:
            if len(self.definitions) + len(facts.definitions) <= MOST_DEFINITIONS:
                self._add(facts)
        self.resolver = Resolver(self.files, manifests)

    def link(self) -> Iterator[None]:
        """Resolve every import and count uses; hands back between files, so that others may run."""
        types = {one.name for one in self.definitions if one.kind in TYPES}
        once = {path: path for path in self.files}
        for node in self.files.values():
            self._resolve(node)
            self._index(node)
            self._slim(node, types, once)
            yield
        for node in self.files.values():
            self._count(node)
            yield

    def replace(self, facts: FileFacts) -> None:
        """Take a file as it is now."""
        self._bury(facts.path)
        node = self._add(facts)
        for key in list(self._gone)[:-_MOST_GONE]:
            del self._gone[key]
        self._resolve(node)
        self._index(node)
        self._count(node)

    def forget(self, paths: Collection[str]) -> None:
        """Drop files and all that came from them, down to their names."""
        gone = frozenset(paths)
        for path in gone:
            self._bury(path)
            self.together.pop(path, None)
        for path in gone:
            for importer in self.importers.pop(path, ()):
                self.files[importer].leave_out(gone)
        for key in [key for key in self._gone if key[0] in gone]:
            for number in self._gone.pop(key):
                self.popularity.pop(number, None)
        for partners in self.together.values():
            for path in gone & partners.keys():
                del partners[path]
        self.resolver = self.resolver.without(gone)

    def hits(self, grammar: str) -> HitIndex:
        """Give the lexical index of a language's definitions."""
        return self._hits[_KIN.get(grammar, grammar)]

    def resolved(self, facts: FileFacts) -> list[Resolved]:
        """Resolve the imports of any file, known or not."""
        found = [
            each
            for taken in facts.imports
            for each in self.resolver.resolve(facts.grammar, facts.path, taken)
        ]
        if facts.grammar == "go":
            own = tuple(f for f in self.resolver.folder(facts.path) if f != facts.path)
            if own:
                found.append(Resolved(own, "*", "*"))
        return found

    def named(self, files: Sequence[str], name: str, passes: int = 0) -> tuple[int, ...]:
        """Find what a name taken from files means, following what they pass on."""
        found: list[int] = []
        for path in files:
            node = self.files.get(path)
            if node is None:
                continue
            own = [n for n in self.by_name.get(name, ()) if self.homes[n] == path]
            found += [n for n in own if not self.definitions[n].container]
            if found or passes == _MOST_PASSES:
                continue
            if name == "default" and len(top := list(self.top(path))):
                found += top[:1]
                continue
            for each in node.resolved:
                if each.passed_on and each.local in {name, "*"} and each.name:
                    target = name if each.name == "*" else each.name
                    found += self.named(each.files, target, passes + 1)
                    if found:
                        break
        return tuple(found)

    def exported(self, files: Sequence[str], passes: int = 0) -> Iterator[int]:
        """Give what modules define at their top level, and what they pass on by name."""
        for path in files:
            yield from self.top(path)
            node = self.files.get(path)
            for each in node.resolved if node and passes < _MOST_PASSES else ():
                if not each.passed_on:
                    continue
                if each.name == "*":
                    yield from self.exported(each.files, passes + 1)
                elif each.name:
                    yield from self.named(each.files, each.name, passes + 1)

    def top(self, path: str) -> Iterator[int]:
        """Give the numbers of a file's definitions outside of classes."""
        node = self.files.get(path)
        if node is not None:
            for number in node.numbers:
                if not self.definitions[number].container:
                    yield number

    def members(self, number: int) -> list[int]:
        """Give the members of a type, wherever they stand; its own file's first."""
        one, home = self.definitions[number], self.homes[number]
        found = self.by_container.get(one.name, ())
        same = [n for n in found if self.homes[n] == home]
        folder = home.rpartition("/")[0]
        near = [n for n in found if self.homes[n] != home and self.homes[n].startswith(folder)]
        return same + near

    def types_named(self, name: str, imported: frozenset[str] | set[str]) -> list[int]:
        """Find types of a name; imported files' win, and a common name without one says nothing."""
        found = self._types.get(name, ())
        near = [n for n in found if self.homes[n] in imported]
        return near or (list(found) if len(found) <= _MOST_OWNERS else [])

    def local_names(self, resolved: Sequence[Resolved]) -> dict[str, tuple[int, ...]]:
        """Say what each imported name means."""
        local: dict[str, tuple[int, ...]] = {}
        for each in resolved:
            if each.name and each.name != "*" and each.local not in local:
                found = self.named(each.files, each.name)
                if found:
                    local[each.local] = found
        return local

    def used_by(
        self, facts: FileFacts, local: dict[str, tuple[int, ...]], modules: set[str]
    ) -> set[int]:
        """Say which definitions of other files a file uses, as far as names tell."""
        used: set[int] = set()
        for name in facts.uses:
            found = local.get(name)
            if found:
                used.update(found)
                continue
            numbers = self.by_name.get(name)
            if not numbers or len(name) < _SHORTEST_MEMBER:
                continue
            near = [n for n in numbers if self.homes[n] in modules]
            if not near and len(numbers) <= _MOST_OWNERS:
                near = [n for n in numbers if self.definitions[n].kind in MEMBERS]
            used.update(near[:_MOST_OWNERS])
            if len(used) > _MOST_USED_A_FILE:
                break
        return {n for n in used if self.homes[n] != facts.path}

    def _add(self, facts: FileFacts) -> Node:
        node = Node(facts)
        self.files[facts.path] = node
        for one in facts.definitions:
            key = facts.path, one.container, one.name
            before = self._gone.get(key)
            if before:
                number = before.pop(0)
                if not before:
                    del self._gone[key]
                self.definitions[number], self.homes[number] = one, facts.path
            else:
                number = len(self.definitions)
                self.definitions.append(one)
                self.homes.append(facts.path)
            node.numbers.append(number)
            for lists, key in self._places(one):
                insort(lists[key], number)
        return node

    def _places(self, one: Definition) -> Iterator[tuple[dict[str, list[int]], str]]:
        """Say where a definition is found, and under what."""
        yield self.by_name, one.name
        if one.container:
            yield self.by_container, one.container
        elif one.kind in TYPES:
            yield self._types, one.name

    def _bury(self, path: str) -> None:
        """Take a file out; its numbers are kept for what comes back."""
        node = self.files.pop(path, None)
        if node is None:
            return
        self.hits(node.facts.grammar).remove(path, node.numbers)
        for number in node.numbers:
            one = self.definitions[number]
            for lists, key in self._places(one):
                numbers = lists[key]
                del numbers[bisect_left(numbers, number)]
                if not numbers:
                    del lists[key]
            self.definitions[number], self.homes[number] = _NOTHING, ""
            insort(self._gone.setdefault((path, one.container, one.name), []), number)
        for number in node.used:
            self.popularity[number] -= 1
        for module in node.modules:
            self.importers[module].discard(path)

    def _resolve(self, node: Node) -> None:
        node.resolved = self.resolved(node.facts)
        modules = (file for each in node.resolved for file in each.files)
        node.modules = tuple(dict.fromkeys(modules))
        for module in node.modules:
            self.importers[module].add(node.facts.path)

    def _index(self, node: Node) -> None:
        numbered = ((number, self.definitions[number]) for number in node.numbers)
        self.hits(node.facts.grammar).add(node.facts.path, numbered)

    def _slim(self, node: Node, type_names: set[str], once: dict[str, str]) -> None:
        """Keep equal strings once, and of the words in a definition's head the types alone."""
        for number in node.numbers:
            one = self.definitions[number]
            types = (word for word in one.types if word in type_names)
            self.definitions[number] = replace(
                one,
                name=once.setdefault(one.name, one.name),
                kind=once.setdefault(one.kind, one.kind),
                container=once.setdefault(one.container, one.container),
                types=tuple(once.setdefault(word, word) for word in types),
            )
        node.modules = tuple(once.setdefault(path, path) for path in node.modules)

    def _count(self, node: Node) -> None:
        node.local = self.local_names(node.resolved)
        node.used = frozenset(self.used_by(node.facts, node.local, set(node.modules)))
        for number in node.used:
            self.popularity[number] += 1
        # Counted and resolved: names are most of the memory, and each is kept once.
        node.facts = replace(node.facts, uses={}, definitions=(), imports=())
        node.resolved = [each for each in node.resolved if each.passed_on]
