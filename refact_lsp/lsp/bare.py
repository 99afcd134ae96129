"""A backend without a product: it offers nothing and says so."""

from collections.abc import Sequence

import msgspec

from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.text import Edit, Snapshot
from refact_lsp.lsp.backend import Ask, Editor, Suggestion, UnknownMethod


class Bare:
    """Answers everything with what there is: nothing."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor

    async def open(self, settings: EditorSettings) -> None: ...
    async def close(self) -> None: ...

    async def complete(self, snapshot: Snapshot, ask: Ask) -> Sequence[Suggestion]:
        del snapshot, ask
        return ()

    async def call(self, method: str, params: bytes) -> msgspec.Struct | None:
        del params
        raise UnknownMethod(method)

    def configured(self) -> bool:
        return False

    def settings_changed(self, settings: EditorSettings) -> None: ...
    def folders_changed(self, roots: Sequence[str]) -> None: ...
    def opened(self, uri: str) -> None: ...
    def changed(self, uri: str, edits: Sequence[Edit]) -> None: ...
    def closed(self, uri: str) -> None: ...
    def focused(self, uri: str | None) -> None: ...
    def shown(self, item: str) -> None: ...
    def accepted(self, item: str) -> None: ...
    def accepted_part(self, item: str, characters: int) -> None: ...
