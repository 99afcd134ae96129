"""How many tokens a text has for a model: the one front door of everything that must know."""
