"""Which module serves which wire format, one table a capability.

A wire format is named by a provider's chat; where it says nothing of completions or embeddings,
an address for them speaks OpenAI's shape.
"""

from collections.abc import Mapping

from refact_lsp.core.types import Wire
from refact_lsp.llm.wire import (
    anthropic_messages,
    claude_print,
    codex_exec,
    llamacpp,
    ollama,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_responses,
)
from refact_lsp.llm.wire.base import ChatWire, CompletionWire, EmbeddingWire

CHAT: Mapping[Wire, ChatWire] = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic_messages,
    "openai-completions": openai_completions,
    "ollama": ollama,
    "llamacpp": openai_chat,
    "codex-exec": codex_exec,
    "claude-print": claude_print,
}
COMPLETION: Mapping[Wire, CompletionWire] = {
    "openai-chat": openai_completions,
    "openai-responses": openai_completions,
    "anthropic-messages": openai_completions,
    "openai-completions": openai_completions,
    "ollama": ollama,
    "llamacpp": llamacpp,
}
EMBEDDING: Mapping[Wire, EmbeddingWire] = {
    "openai-chat": openai_embeddings,
    "openai-responses": openai_embeddings,
    "anthropic-messages": openai_embeddings,
    "openai-completions": openai_embeddings,
    "openai-embeddings": openai_embeddings,
    "ollama": ollama,
    "llamacpp": openai_embeddings,
}
