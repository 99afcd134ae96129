"""Where the definition that the next line needs may come from: seven ranked lists. Pure.

Each source gives numbers of definitions in other files, best first.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import nlargest

from refact_lsp.features.context.facts import TYPES
from refact_lsp.features.context.scene import Scene

MOST_CANDIDATES = 150
MOST_SIBLINGS = 20
_MOST_NAMESAKES = 6
_MOST_PARTNERS = 12
_MOST_TYPES = 60
_MOST_MEMBERS = 80

Source = Callable[[Scene], list[int]]


def imported_names(scene: Scene) -> list[int]:
    """Give what the file's imports name, and what a package or module import lays open."""
    graph = scene.graph
    scores: dict[int, float] = {}
    for local, numbers in scene.local.items():
        bonus = 0.8 if local in scene.unused else 0.0
        for number in numbers:
            _raise(scores, number, 0.6 + bonus + _rated(scene, number, local))
    for each in scene.resolved:
        if each.name in {"", "*"}:
            weight = 1.0 if each.name else 0.4 + scene.near.get(each.local, 0.0)
            for number in graph.exported(each.files):
                _raise(scores, number, weight * _score(scene, number))
    return _best(scene, scores)


def members_in_scope(scene: Scene) -> list[int]:
    """Give members of the types that the code around the cursor deals with."""
    scores: dict[int, float] = {}
    for number, weight in types_in_scope(scene).items():
        for member in scene.graph.members(number)[:_MOST_MEMBERS]:
            _raise(scores, member, weight * (0.3 + _score(scene, member)))
    return _best(scene, scores)


def types_in_scope(scene: Scene) -> Mapping[int, float]:
    """Weigh types by how close the code names them, or names what gives them."""
    graph, weights = scene.graph, dict[int, float]()
    for type_name, weight in _mentioned(scene):
        found = scene.local.get(type_name) or graph.types_named(type_name, scene.imported)
        for number in found:
            if graph.definitions[number].kind in TYPES:
                _raise(weights, number, weight)
    return dict(nlargest(_MOST_TYPES, weights.items(), key=lambda item: item[1]))


def _mentioned(scene: Scene) -> Iterator[tuple[str, float]]:
    """Give names that may be types: near, imported, or in the head of something near."""
    graph = scene.graph
    own = {one.name: one for one in scene.facts.definitions}
    yield from ((name, 1.0) for name in scene.enclosing())
    yield from ((name, 0.35 + 0.65 * scene.near.get(name, 0.0)) for name in scene.local)
    for name, closeness in scene.near.items():
        if name in graph.by_name:
            yield name, closeness
        if (like := _as_type(name)) in graph.by_name:
            yield like, 0.8 * closeness
        if name in own:
            yield from ((each, 0.8 * closeness) for each in own[name].types)
        for giver in scene.local.get(name) or _few(scene, name):
            types = graph.definitions[giver].types
            yield from ((each, 0.6 * closeness) for each in types if each in graph.by_name)


def _as_type(name: str) -> str:
    """Write a variable's name as its type may be called: `event_box` and `eventBox`, `EventBox`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def used_by_siblings(scene: Scene) -> list[int]:
    """Give what files with like imports use."""
    graph, likeness = scene.graph, defaultdict[str, float](float)
    for module in scene.modules:
        importers = graph.importers.get(module, ())
        rarity = 1 / math.log(2 + len(importers))
        for path in importers:
            likeness[path] += rarity
    folder = scene.facts.path.rpartition("/")[0]
    for path in likeness:
        likeness[path] /= (
            math.sqrt(1 + len(graph.files[path].modules)) if path in graph.files else 1
        )
        if path.rpartition("/")[0] == folder:
            likeness[path] *= 1.3
    likeness.pop(scene.facts.path, None)
    scores: dict[int, float] = defaultdict(float)
    # Importers come in no order: between equals the path decides.
    for weight, path in nlargest(MOST_SIBLINGS, ((each, path) for path, each in likeness.items())):
        node = graph.files.get(path)
        for number in node.used if node else ():
            scores[number] += weight
    for number in scores:
        scores[number] *= 0.4 + _score(scene, number)
    return _best(scene, scores)


def named_around(scene: Scene) -> list[int]:
    """Give what is called like the identifiers around the cursor."""
    scores: dict[int, float] = {}
    for name, closeness in scene.near.items():
        numbers = scene.graph.by_name.get(name, ())
        if len(numbers) <= _MOST_NAMESAKES:
            for number in numbers:
                near = 1.0 if scene.graph.homes[number] in scene.imported else 0.6
                _raise(scores, number, closeness * near / math.sqrt(len(numbers)))
    return _best(scene, scores)


def skeleton(scene: Scene) -> list[int]:
    """Give everything that imported files define."""
    scores: dict[int, float] = {}
    for module in scene.modules:
        _whole_file(scene, module, 1.0, scores)
    return _best(scene, scores)


def changed_together(scene: Scene) -> list[int]:
    """Give what files define that the same commits changed."""
    scores: dict[int, float] = {}
    partners = scene.graph.together.get(scene.facts.path, {})
    most = max(partners.values(), default=1.0)
    for path, weight in nlargest(_MOST_PARTNERS, partners.items(), key=lambda item: item[1]):
        _whole_file(scene, path, weight / most, scores)
    return _best(scene, scores)


def index_hits(scene: Scene) -> list[int]:
    """Give definitions of any file that share words with the lines around the cursor.

    So one that is not imported yet is found. What many files use is the likelier.
    """
    graph = scene.graph
    scores: dict[int, float] = {}
    for number, likeness in graph.hits(scene.facts.grammar).best(scene.words):
        users = max(0, graph.popularity.get(number, 0))
        scores[number] = likeness * (1 + math.log1p(users))
    return _best(scene, scores)


SOURCES: tuple[tuple[str, float, Source], ...] = (
    ("imports", 1.5, imported_names),
    ("members", 1.5, members_in_scope),
    ("siblings", 1.0, used_by_siblings),
    ("around", 0.7, named_around),
    ("skeleton", 0.5, skeleton),
    ("history", 0.3, changed_together),
    ("index", 1.0, index_hits),
)


def _score(scene: Scene, number: int) -> float:
    """Rate one definition by its name near the cursor, its words and how many files use it."""
    known = scene.ratings.get(number)
    if known is None:
        known = _rated(scene, number, scene.graph.definitions[number].name)
        scene.ratings[number] = known
    return known


def _rated(scene: Scene, number: int, called: str) -> float:
    users = scene.graph.popularity.get(number, 0)
    popular = math.log1p(users) / 5 if users > 0 else 0.0
    return scene.closeness(called) + popular


def _whole_file(scene: Scene, path: str, weight: float, scores: dict[int, float]) -> None:
    node = scene.graph.files.get(path)
    for number in node.numbers if node else ():
        _raise(scores, number, weight * (0.1 + _score(scene, number)))


def _few(scene: Scene, name: str) -> Iterable[int]:
    numbers = scene.graph.by_name.get(name, ())
    return numbers if len(numbers) <= _MOST_NAMESAKES else ()


def _raise(scores: dict[int, float], number: int, score: float) -> None:
    if score > scores.get(number, 0.0):
        scores[number] = score


def _best(scene: Scene, scores: Mapping[int, float]) -> list[int]:
    own, homes = scene.facts.path, scene.graph.homes
    # A number without a home was a definition that is gone.
    found = [number for number in scores if homes[number] and homes[number] != own]
    # Two sorts of plain values, the second stable, are quicker than a heap of pairs.
    found.sort()
    found.sort(key=scores.__getitem__, reverse=True)
    return found[:MOST_CANDIDATES]
