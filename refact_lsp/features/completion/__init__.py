"""Inline completion, from a document snapshot to an item."""
