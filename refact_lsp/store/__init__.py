"""The SQLite store: one module a table group."""
