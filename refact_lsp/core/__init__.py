"""Plain values and pure functions that every layer shares."""
