"""A set of secrets in the test's own home, and a keyring that is a dict."""

import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from refact_lsp.auth.secrets import Secrets
from refact_lsp.core.paths import Folders, folders


class DictKeyring(KeyringBackend):
    """A real backend that keeps its secrets in memory."""

    priority = 5  # pyright: ignore[reportAssignmentType]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        try:
            del self.kept[service, username]
        except KeyError:
            raise PasswordDeleteError from None


@pytest.fixture
def places(home: object) -> Folders:
    return folders({"REFACT_HOME": str(home)})


@pytest.fixture
def secrets(places: Folders) -> Secrets:
    return Secrets(places, {"REFACT_KEYRING": "off", "KEY_HERE": " from-env "})


@pytest.fixture
def dict_keyring(monkeypatch: pytest.MonkeyPatch) -> DictKeyring:
    """What is chosen in a test lasts as long as the test; the machine's own is never looked for."""
    backend = DictKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", backend)
    return backend
