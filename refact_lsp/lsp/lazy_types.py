"""Imports lsprotocol.types without building its 554 classes: each is built when it is first used.

lsprotocol decorates its classes with the bare `@attrs.define`, whose generated code is most of the
import's time. While the module is imported, `define` only puts two stand-ins on each class:
`__init__` and `__attrs_attrs__` (what `attrs.fields` and `attrs.has` look at). Touching either runs
the real `define` in place. In place means without slots, so that instances have a `__dict__`.

What this leans on: `attrs.define` as a module attribute, `__attrs_attrs__`, and
`lsprotocol._hooks._resolved_forward_references` (if that name goes, all classes are built at once:
slower, still right). A class of another shape is left to attrs. Without this file everything works
the same, only slower and larger; `REFACT_STARTUP=plain` or `early` does without it.
"""

import sys
import threading
from collections.abc import Mapping
from typing import Any

import attrs

_MODULE = "lsprotocol.types"


class _Pending:
    """The classes that are not built yet."""

    def __init__(self) -> None:
        self.define: Any = attrs.define
        self.names: Mapping[str, Any] = {}
        self._classes: set[type] = set()
        self._lock = threading.RLock()

    def add(self, cls: type) -> None:
        self._classes.add(cls)

    def build(self, cls: type) -> None:
        with self._lock:
            if cls in self._classes:
                self._classes.discard(cls)
                self.define(slots=False, init=True)(cls)  # replaces both stand-ins
                attrs.resolve_types(cls, dict(self.names), {})


class _Fields:
    """Stands in for `__attrs_attrs__`."""

    def __init__(self, cls: type, pending: _Pending) -> None:
        self._cls, self._pending = cls, pending

    def __get__(self, instance: object, owner: type) -> Any:
        self._pending.build(self._cls)
        return owner.__attrs_attrs__  # type: ignore[attr-defined]


def import_lazily() -> None:
    """Import lsprotocol.types so; does nothing where it is imported already."""
    if _MODULE in sys.modules:
        return
    pending = _Pending()

    def define(cls: Any = None, **options: Any) -> Any:
        if cls is None or options or cls.__module__ != _MODULE or "__init__" in vars(cls):
            return pending.define(cls, **options)

        def first_init(self: Any, *args: Any, **kwargs: Any) -> None:
            pending.build(cls)
            cls.__init__(self, *args, **kwargs)

        cls.__attrs_attrs__ = _Fields(cls, pending)
        cls.__init__ = first_init
        pending.add(cls)
        return cls

    attrs.define = define
    try:
        from lsprotocol import types
    finally:
        attrs.define = pending.define
    pending.names = types.ALL_TYPES_MAP
    from lsprotocol import _hooks

    if hasattr(_hooks, "_resolved_forward_references"):
        # Each class resolves its own references when it is built.
        hooks: Any = _hooks
        hooks._resolved_forward_references = True  # noqa: SLF001  — see the module's docstring
