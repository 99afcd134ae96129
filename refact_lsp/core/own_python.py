"""How this program starts another Python that runs its own code."""

import sys
from pathlib import Path

_PACKAGE_FOLDER = str(Path(__file__).resolve().parents[2])


def own_python(statement: str, *arguments: str) -> tuple[str, ...]:
    """Give the command that runs a statement, which imports from this package.

    `-P` keeps the folder that it is run in out of the import path: a project must not be able to
    put its own modules there. The package's own folder is named instead, after all others.
    """
    path = "import sys; sys.path.append(sys.argv.pop(1))"
    return (sys.executable, "-P", "-c", f"{path}; {statement}", _PACKAGE_FOLDER, *arguments)
