"""A server as pygls' documentation builds one: what the benchmarks compare with."""

from lsprotocol import types
from pygls.lsp.server import LanguageServer

server = LanguageServer("stock", "1.0")


@server.feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())
def complete(ls: LanguageServer, params: types.InlineCompletionParams):
    here = types.Range(params.position, params.position)
    item = types.InlineCompletionItem(insert_text="ghost_text()", range=here)
    return types.InlineCompletionList(items=[item])


if __name__ == "__main__":
    server.start_io()
