"""The LSP messages that this server decodes itself, with msgspec and without lsprotocol.

They are the hot path (text sync, inline completion) and the few dialects that lsprotocol does not
know. Only the fields that are read are named; everything else is skipped while decoding.
"""

from typing import Annotated, Any

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class Incoming(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """Base of what a client sends."""


class Position(Incoming, frozen=True, gc=False):
    """Zero-based; `character` in the negotiated encoding's units. Also sent."""

    line: Count
    character: Count


class Range(Incoming, frozen=True, gc=False):
    """End exclusive. Also sent."""

    start: Position
    end: Position


class DocumentItem(Incoming, frozen=True):
    """An opened document."""

    uri: str
    text: str
    language_id: str = ""
    version: int | None = None


class DocumentRef(Incoming, frozen=True):
    """Names a document, and in some dialects the version that is meant."""

    uri: str
    version: int | None = None


class DidOpen(Incoming, frozen=True):
    """`textDocument/didOpen`."""

    text_document: DocumentItem


class Change(Incoming, frozen=True):
    """One edit; the whole text where there is no range."""

    text: str
    range: Range | None = None


class DidChange(Incoming, frozen=True):
    """`textDocument/didChange`."""

    text_document: DocumentRef
    content_changes: list[Change]


class AboutDocument(Incoming, frozen=True):
    """`textDocument/didClose` and others that only name a document."""

    text_document: DocumentRef


class DidFocus(Incoming, frozen=True):
    """Copilot's `textDocument/didFocus`; no document means that none has the focus."""

    text_document: DocumentRef | None = None


class SelectedCompletion(Incoming, frozen=True):
    """The entry of the completion menu that is selected while ghost text is asked for."""

    range: Range
    text: str


class InlineContext(Incoming, frozen=True):
    """`trigger_kind` is 1 for an explicit request and 2 for an automatic one."""

    trigger_kind: int = 2
    selected_completion_info: SelectedCompletion | None = None


class Formatting(Incoming, frozen=True):
    """The editor's indentation for the document (Copilot's dialect)."""

    tab_size: int | None = None
    insert_spaces: bool | None = None


class InlineCompletionParams(Incoming, frozen=True):
    """`textDocument/inlineCompletion`; some clients leave the context out."""

    text_document: DocumentRef
    position: Position
    context: InlineContext | None = None
    formatting_options: Formatting | None = None


class CompletionParams(Incoming, frozen=True):
    """`textDocument/completion`."""

    text_document: DocumentRef
    position: Position


class CancelParams(Incoming, frozen=True):
    """`$/cancelRequest`."""

    id: int | str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of what this server sends."""


class Command(Outgoing, frozen=True, kw_only=True):
    """Run by the client when the item is accepted."""

    title: str
    command: str
    arguments: list[str]


class InlineItem(Outgoing, frozen=True, kw_only=True):
    """One ghost text."""

    insert_text: str
    range: Range
    command: Command


class InlineList(Outgoing, frozen=True, kw_only=True, omit_defaults=False):
    """The answer to `textDocument/inlineCompletion`; empty rather than null."""

    items: list[InlineItem]


class TextEdit(Outgoing, frozen=True, kw_only=True, omit_defaults=False):
    """An edit of one line's range."""

    range: Range
    new_text: str


class CompletionItem(Outgoing, frozen=True, kw_only=True):
    """The same text for the menu of a client without ghost text."""

    label: str
    text_edit: TextEdit
    filter_text: str
    sort_text: str
    detail: str
    documentation: str | None = None
    insert_text_mode: int  # 1: as it is
    command: Command


class CompletionList(Outgoing, frozen=True, kw_only=True, omit_defaults=False):
    """The answer to `textDocument/completion`."""

    is_incomplete: bool
    items: list[CompletionItem]


class ClientInfo(Incoming, frozen=True):
    """Who the client is."""

    name: str
    version: str | None = None


class WorkspaceFolder(Incoming, frozen=True):
    """An opened folder."""

    uri: str


class InitializeParams(Incoming, frozen=True):
    """`initialize`; `capabilities` stays JSON, since hardly anything of it is looked at."""

    capabilities: dict[str, Any]
    process_id: int | None = None
    client_info: ClientInfo | None = None
    root_path: str | None = None
    root_uri: str | None = None
    workspace_folders: list[WorkspaceFolder] | None = None
    initialization_options: Any = None


class DidChangeConfiguration(Incoming, frozen=True):
    """`workspace/didChangeConfiguration`; empty where the client wants to be asked."""

    settings: Any = None


class ExecuteCommand(Incoming, frozen=True):
    """`workspace/executeCommand`."""

    command: str
    arguments: list[Any] | None = None


class ItemCommand(Incoming, frozen=True):
    """The command of an item that was sent."""

    arguments: list[str]


class ShownItem(Incoming, frozen=True):
    """An item that comes back in Copilot's dialect."""

    command: ItemCommand


class DidShow(Incoming, frozen=True):
    """Copilot's `textDocument/didShowCompletion`."""

    item: ShownItem


class DidAcceptPart(Incoming, frozen=True):
    """Copilot's `textDocument/didPartiallyAcceptCompletion`: UTF-16 units taken so far."""

    item: ShownItem
    accepted_length: Count


class ConfigurationItem(Outgoing, frozen=True, kw_only=True):
    """One section to be told."""

    section: str


class ConfigurationParams(Outgoing, frozen=True, kw_only=True, omit_defaults=False):
    """`workspace/configuration`."""

    items: list[ConfigurationItem]


class ShowMessage(Outgoing, frozen=True, kw_only=True):
    """`window/showMessage`."""

    type: int
    message: str


class Account(Outgoing, frozen=True, kw_only=True):
    """Copilot's `checkStatus` and `signIn`: whether anything is set up that can complete."""

    status: str
