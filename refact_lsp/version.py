"""The version, alone in its file so that start-up reads nothing else for it."""

VERSION = "0.1.0"
__version__ = VERSION
