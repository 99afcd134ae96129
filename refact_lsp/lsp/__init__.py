"""Speaks LSP over stdio: the only place that knows pygls and lsprotocol."""
