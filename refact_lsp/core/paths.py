"""Where configuration, data and cache live: the platform's folders, or all under `REFACT_HOME`.

Nothing is read or created here except by `make_private`, which makes a folder for its owner alone.
"""

import errno
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from refact_lsp.core.problems import refuse

_APPLICATION = "refact-lsp"


class Folders(msgspec.Struct, frozen=True, kw_only=True):
    """The three folders of this installation; `home` is set where `REFACT_HOME` rules them."""

    config: Path
    data: Path
    cache: Path
    home: Path | None = None

    @property
    def database(self) -> Path:
        return self.data / "refact.db"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.json"

    @property
    def vocabularies(self) -> Path:
        return self.cache / "vocabularies"

    @property
    def locks(self) -> Path:
        return self.data / "locks"


def folders(env: Mapping[str, str]) -> Folders:
    """Decide the folders; a relative `REFACT_HOME` counts from the current folder."""
    if named := env.get("REFACT_HOME"):
        try:
            home = Path(named).expanduser().absolute()
        except RuntimeError as error:  # nobody of that name has a home
            raise refuse(
                "internal", f"REFACT_HOME={named} names no folder.", "Write its whole path."
            ) from error
        return _named_in_text(
            Folders(config=home / "config", data=home / "data", cache=home / "cache", home=home)
        )
    import platformdirs

    return _named_in_text(
        Folders(
            config=platformdirs.user_config_path(_APPLICATION, appauthor=False),
            data=platformdirs.user_data_path(_APPLICATION, appauthor=False),
            cache=platformdirs.user_cache_path(_APPLICATION, appauthor=False),
        )
    )


def _named_in_text(found: Folders) -> Folders:
    """Refuse names that neither SQLite nor JSON can hold."""
    for folder in (found.config, found.data, found.cache):
        try:
            str(folder).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(folder).decode(errors="replace")
            raise refuse(
                "internal",
                f"The name of the folder {shown} is not UTF-8 text.",
                "Point REFACT_HOME at a folder with another name.",
            ) from None
    return found


def make_private(folder: Path) -> Path:
    """Make the folder and its missing parents, readable by their owner alone."""
    try:
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        for path in reversed(missing):
            path.mkdir(mode=0o700, exist_ok=True)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        if not os.access(folder, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)
    except OSError as error:
        raise refuse(
            "internal",
            f"The folder {folder} cannot be used: {error.strerror}.",
            "Give it to your user, or point REFACT_HOME at a folder that you can write to.",
        ) from error
    return folder
