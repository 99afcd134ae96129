"""A session with an independent client, which checks every message against LSP's types."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager

import pytest
import pytest_asyncio
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

from tests.lsp.raw_client import URI

pytestmark = pytest.mark.asyncio(loop_scope="module")

COMMAND = [sys.executable, "-m", "tests.lsp.constant_server"]


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["neovim", "visual_studio_code"]
)
async def client(request: pytest.FixtureRequest) -> AsyncGenerator[LanguageClient]:
    capabilities = client_capabilities(request.param)
    client = await ClientServerConfig(server_command=COMMAND).start()
    assert isinstance(client, LanguageClient)
    await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            workspace_folders=[types.WorkspaceFolder(uri="file:///w", name="w")],
        )
    )
    yield client
    await client.shutdown_session()
    await client.stop()


@contextmanager
def opened(client: LanguageClient, text: str) -> Generator[None]:
    document = types.TextDocumentItem(uri=URI, language_id="python", version=1, text=text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(text_document=document))
    yield
    identifier = types.TextDocumentIdentifier(uri=URI)
    client.text_document_did_close(types.DidCloseTextDocumentParams(text_document=identifier))


def params(line: int, character: int) -> types.InlineCompletionParams:
    return types.InlineCompletionParams(
        text_document=types.TextDocumentIdentifier(uri=URI),
        position=types.Position(line, character),
        context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
    )


async def test_ghost_text_is_asked_for_and_accepted(client: LanguageClient):
    with opened(client, "abc\n"):
        answer = await client.text_document_inline_completion_async(params(0, 1))
    assert isinstance(answer, types.InlineCompletionList)
    [item] = answer.items
    assert item.insert_text == "ghost_text()"
    assert item.range == types.Range(types.Position(0, 1), types.Position(0, 3))
    assert item.command is not None
    await client.workspace_execute_command_async(
        types.ExecuteCommandParams(item.command.command, item.command.arguments)
    )


async def test_the_menu_has_the_same_text(client: LanguageClient):
    where = types.CompletionParams(types.TextDocumentIdentifier(uri=URI), types.Position(0, 3))
    with opened(client, "gho\n"):
        answer = await client.text_document_completion_async(where)
    assert isinstance(answer, types.CompletionList)
    assert answer.items[0].label == "ghoghost_text()"


async def test_a_cancelled_request_is_told_so(client: LanguageClient):
    with opened(client, "# slow\n"):
        asked = asyncio.get_running_loop().create_task(
            client.protocol.send_request_async(
                "textDocument/inlineCompletion", params(0, 2), msg_id="asked"
            )
        )
        await asyncio.sleep(0)  # let it be sent
        client.cancel_request(types.CancelParams(id="asked"))
        with pytest.raises(Exception, match="cancelled"):
            await asked
