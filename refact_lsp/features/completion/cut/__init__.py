"""When to stop reading a model's stream. Pure: text in, decisions out; no I/O, no clock, no log."""
