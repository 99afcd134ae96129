"""refact-lsp: inline completion, chat and search in any editor, with the user's own models."""
