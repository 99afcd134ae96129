"""File URIs and paths, both ways. No other scheme has a path."""

import os
import re
from urllib.parse import quote, unquote, urlsplit

_DRIVE = re.compile(r"/[A-Za-z]:")


def file_path(uri: str) -> str | None:
    """Return the absolute path of a `file:` URI; None for any other scheme."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return None
    if parts.scheme.lower() != "file":
        return None
    # `?` and `#` are legal in file names and some clients leave them bare.
    rest = uri[uri.index(":") + 1 :]
    path = unquote(rest[2 + len(parts.netloc) :] if rest.startswith("//") else rest)
    if not path.startswith("/") or "\0" in path:
        return None
    if parts.netloc and parts.netloc != "localhost":
        path = f"//{unquote(parts.netloc)}{path}"
    elif _DRIVE.match(path):
        path = path[1].lower() + path[2:]
    return os.path.normpath(path)


def file_uri(path: str) -> str:
    """Return the `file:` URI of an absolute path."""
    path = path.replace("\\", "/") if os.sep == "\\" else path
    if path.startswith("//"):
        return "file:" + quote(path)
    return "file://" + quote(path if path.startswith("/") else "/" + path)
