"""Context from other files: what the next line needs, prepared before it is asked for."""
