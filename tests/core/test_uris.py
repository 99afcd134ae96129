"""Files and their URIs."""

import pytest

from refact_lsp.core.uris import file_path, file_uri


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a.py", "/w/a.py"),
        ("file:///w/a%20b%23.py", "/w/a b#.py"),
        ("file:///w/a#b?.py", "/w/a#b?.py"),
        ("file://localhost/w/a.py", "/w/a.py"),
        ("FILE:///w/../x", "/x"),
        ("file:/w/a.py", "/w/a.py"),
        ("file:///c%3A/a.py", "c:/a.py"),
        ("file:///C:/a.py", "c:/a.py"),
        ("untitled:Untitled-1", None),
        ("vscode-notebook-cell:/w/a.ipynb#W0", None),
        ("file:///w/%00", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_file_uri_has_a_path(uri: str, path: str | None):
    assert file_path(uri) == path


@pytest.mark.parametrize("path", ["/w/a b.py", "/w/é#?%.py", "/"])
def test_a_path_survives_its_uri(path: str):
    assert file_path(file_uri(path)) == path
