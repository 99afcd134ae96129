"""An independent client, which checks every message against LSP's types.

Building all these types takes a third of a second: only the process that runs its tests does.
"""

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.lsp.raw_client import URI

_COMMAND = [sys.executable, "-m", "tests.lsp.constant_server"]


class RealClient:
    """A session with a server that always gives the same text."""

    def __init__(self, client: LanguageClient) -> None:
        self._client = client

    @contextmanager
    def opened(self, text: str) -> Generator[None]:
        document = types.TextDocumentItem(uri=URI, language_id="python", version=1, text=text)
        self._client.text_document_did_open(types.DidOpenTextDocumentParams(document))
        yield
        identifier = types.TextDocumentIdentifier(uri=URI)
        self._client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))

    async def ghost_text(self, line: int, character: int) -> types.InlineCompletionItem:
        answer = await self._client.text_document_inline_completion_async(_here(line, character))
        assert isinstance(answer, types.InlineCompletionList)
        [item] = answer.items
        return item

    async def accept(self, item: types.InlineCompletionItem) -> None:
        assert item.command is not None
        await self._client.workspace_execute_command_async(
            types.ExecuteCommandParams(item.command.command, item.command.arguments)
        )

    async def menu(self, line: int, character: int) -> list[types.CompletionItem]:
        where = types.CompletionParams(
            types.TextDocumentIdentifier(uri=URI), types.Position(line, character)
        )
        answer = await self._client.text_document_completion_async(where)
        assert isinstance(answer, types.CompletionList)
        return list(answer.items)

    async def ask_and_cancel(self, line: int, character: int) -> None:
        """Ask for ghost text and give up at once; raises what the client is told."""
        asked = asyncio.get_running_loop().create_task(
            self._client.protocol.send_request_async(
                "textDocument/inlineCompletion", _here(line, character), msg_id="asked"
            )
        )
        await asyncio.sleep(0)  # let it be sent
        self._client.cancel_request(types.CancelParams(id="asked"))
        await asked


@asynccontextmanager
async def real_client(editor: str) -> AsyncGenerator[RealClient]:
    """Start a server and a client that can what an editor can."""
    client = await ClientServerConfig(server_command=_COMMAND).start()
    assert isinstance(client, LanguageClient)
    await client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(editor),
            workspace_folders=[types.WorkspaceFolder(uri="file:///w", name="w")],
        )
    )
    yield RealClient(client)
    await client.shutdown_session()
    await client.stop()


def _here(line: int, character: int) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        text_document=types.TextDocumentIdentifier(uri=URI),
        position=types.Position(line, character),
        context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
    )
