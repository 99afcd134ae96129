"""The embedded model `builtin/workspace`: finishes lines from the user's own code, offline."""
