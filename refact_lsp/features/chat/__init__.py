"""Chat turns and threads."""
