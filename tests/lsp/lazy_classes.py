"""What lsprotocol's classes are like, to compare lazily built ones with those that attrs builds.

`python -m tests.lsp.lazy_classes` builds them lazily and prints how that went, as JSON.
"""

import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from refact_lsp.core import collector
from refact_lsp.lsp.lazy_types import import_lazily

RACED = ("Position", "Range", "TextEdit", "Location", "CompletionItem", "Command")
MARKS = ("__attrs_props__", "__attrs_own_setattr__")
THREADS = 16


def described() -> Iterator[str]:
    """Tell of every class, field by field, and of those that can be made without arguments."""
    import attrs
    from lsprotocol import converters, types

    convert = converters.get_converter()
    for name, cls in sorted(types.ALL_TYPES_MAP.items()):
        if not (isinstance(cls, type) and attrs.has(cls)):
            continue
        fields = [
            (f.name, repr(f.type), repr(f.default), f.kw_only, f.init, f.eq, f.validator is None)
            for f in attrs.fields(cls)
        ]
        yield f"{name} {fields}"
        try:
            made = cls()
        except TypeError as error:
            yield str(error)[:300]
            continue
        yield f"{convert.unstructure(made)} {made!r} {made == cls()} {cls.__hash__ is None}"

    class Sub(types.Command): ...

    @attrs.define
    class More(types.TextEdit):
        extra: int = 0

    where = types.Range(types.Position(0, 0), types.Position(0, 1))
    yield f"{Sub('a', 'b')} {Sub('a', 'b') == Sub('a', 'b')} {attrs.fields(Sub)[0].name}"
    yield f"{More(where, 'x', 3)} {[field.name for field in attrs.fields(More)]}"
    one = types.Position(1, 2)
    yield f"{one} {one == types.Position(1, 2)} {one < types.Position(2, 0)} {one.__match_args__}"
    for bad in (-1, "x"):
        try:
            types.Position(bad, 0)  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError) as error:
            yield f"{bad} {type(error)}"


def raced() -> list[str]:
    """Have many threads ask for the same classes at once; gives what went wrong."""
    from lsprotocol import types

    begin = threading.Barrier(THREADS)

    def work() -> None:
        begin.wait()
        for name in RACED:
            assert getattr(types, name).__attrs_attrs__
            types.Position(1, 2)
            types.Command("a", "b")

    before_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(THREADS) as threads:
        outcomes = [threads.submit(work).exception for _ in range(THREADS)]
    sys.setswitchinterval(before_s)
    return [repr(failure()) for failure in outcomes if failure()]


def built_for_a_server() -> int:
    """Count the classes that are built once a server's features are declared."""
    from lsprotocol import types

    from refact_lsp.lsp.messages import InitializeParams
    from refact_lsp.lsp.pygls_server import Features

    Features(InitializeParams({}))
    classes = [cls for cls in types.ALL_TYPES_MAP.values() if isinstance(cls, type)]
    return sum(any(mark in vars(cls) for mark in MARKS) for cls in classes)


if __name__ == "__main__":
    collector.hold_off()
    import_lazily()
    # In this order: a class that is built can no longer be raced for, nor counted as spared.
    print(json.dumps({"raced": raced(), "built": built_for_a_server(), "all": list(described())}))
