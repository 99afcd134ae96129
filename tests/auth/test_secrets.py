import asyncio
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import keyring
import keyring.backends.fail
import keyring.backends.null
import pytest
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked

from refact_lsp.auth.secret import Secret
from refact_lsp.auth.secrets import Secrets
from refact_lsp.auth.system_keyring import find_backend
from refact_lsp.core.paths import Folders
from refact_lsp.core.problems import RefactError
from tests.auth.conftest import DictKeyring

KEY = "sk-planted-0123456789"


async def test_without_a_keyring_a_secret_lies_in_a_private_file(secrets: Secrets, places: Folders):
    assert await secrets.set("p", "apiKey", f" {KEY}\n") == "file"
    found = await secrets.get("p", "apiKey")
    assert found is not None
    assert (found.reveal(), found.source) == (KEY, "file")
    if os.name != "nt":
        assert stat.S_IMODE(places.secrets.stat().st_mode) == 0o600
        places.secrets.chmod(0o644)
        again = Secrets(places, {"REFACT_KEYRING": "off"})
        assert await again.get("p", "apiKey") == found
        assert stat.S_IMODE(places.secrets.stat().st_mode) == 0o600


async def test_what_is_not_stored_is_none(secrets: Secrets, places: Folders):
    assert await secrets.get("p", "apiKey") is None
    assert secrets.source("p", "apiKey") is None
    assert secrets.fields("p") == ()
    await secrets.delete("p", "apiKey")
    await secrets.delete_all("p")
    assert not places.secrets.exists()


async def test_deleting_takes_one_or_all(secrets: Secrets):
    for field in ("apiKey", "oauth", "headers.x"):
        await secrets.set("p", field, KEY)
    await secrets.set("q", "apiKey", KEY)
    await secrets.delete("p", "oauth")
    assert secrets.fields("p") == ("apiKey", "headers.x")
    await secrets.set("p", "apiKey", "")
    assert secrets.fields("p") == ("headers.x",)
    await secrets.delete_all("p")
    assert (secrets.fields("p"), secrets.fields("q")) == ((), ("apiKey",))


def test_a_secret_never_shows_itself():
    secret = Secret(KEY, "env")
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        hash(secret)


async def test_a_mask_hints_at_long_secrets_only(secrets: Secrets):
    assert await secrets.masked("p", "apiKey") == {"secret": True, "set": False}
    for value, hint in ((KEY, "6789"), ("123456789012", None), ("env:KEY_HERE_LONG", None)):
        await secrets.set("p", "apiKey", value)
        shown = await secrets.masked("p", "apiKey")
        assert shown == {"secret": True, "set": True} | ({"hint": hint} if hint else {})


@pytest.mark.parametrize("value", ["sk\nx", "sk\x00x", "a\r\nX-Evil: 1"])
async def test_a_key_with_line_breaks_is_refused(secrets: Secrets, value: str):
    with pytest.raises(RefactError, match="characters") as caught:
        await secrets.set("p", "apiKey", value)
    assert caught.value.problem.field == "apiKey"


# --- references -------------------------------------------------------------------------------


async def test_references_are_resolved_at_use_and_never_stored_resolved(
    secrets: Secrets, places: Folders, tmp_path: Path
):
    (tmp_path / "key").write_text("from-file\n")
    script = tmp_path / "print key.py"
    script.write_text("print('from-command'); print('second line')")
    cases = {
        "env:KEY_HERE": ("from-env", "env"),
        f"file:{tmp_path}/key": ("from-file", "file"),
        f"cmd:{sys.executable} '{script}'": ("from-command", "command"),
    }
    for reference, (value, source) in cases.items():
        assert await secrets.set("p", "apiKey", reference) == source
        found = await secrets.get("p", "apiKey")
        assert found is not None
        assert (found.reveal(), found.source) == (value, source)
        assert secrets.source("p", "apiKey") == source
        assert value not in places.secrets.read_text()
    (tmp_path / "key").write_text("changed")
    await secrets.set("p", "apiKey", f"file:{tmp_path}/key")
    found = await secrets.get("p", "apiKey")
    assert found is not None
    assert found.reveal() == "changed"


async def test_a_command_is_not_run_for_every_request(secrets: Secrets, tmp_path: Path):
    script = tmp_path / "count.py"
    script.write_text(
        "import pathlib; p = pathlib.Path(__file__).with_name('runs');"
        "p.write_text((p.read_text() if p.exists() else '') + 'x'); print(p.read_text())"
    )
    await secrets.set("p", "apiKey", f"cmd:{sys.executable} {script}")
    found = await asyncio.gather(*(secrets.get("p", "apiKey") for _ in range(3)))
    assert [each.reveal() for each in found if each] == ["x"] * 3
    fresh = await secrets.get("p", "apiKey", fresh=True)
    assert fresh is not None
    assert fresh.reveal() == "xx"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_SET", "NOT_SET is not set"),
        ("file:relative/key", "not an absolute path"),
        ("file:~nobody-of-this-name/key", "not an absolute path"),
        ("file:/nowhere/key", "No such file"),
        ("cmd:", "cannot be read"),
        ("cmd:echo 'open", "cannot be read"),
        ("cmd:no-such-program-here planted", "'no-such-program-here' is not installed"),
        (f"cmd:{sys.executable} -c 'import sys; print(1); sys.exit(3)' planted", "status 3"),
        (f"cmd:{sys.executable} -c '' planted", "gives nothing"),
        (f"cmd:{sys.executable} -c 'print(\"planted\" * 20000)'", "more than"),
    ],
)
async def test_a_reference_that_leads_nowhere_says_so_and_shows_no_argument(
    secrets: Secrets, reference: str, words: str
):
    await secrets.set("p", "apiKey", reference)
    with pytest.raises(RefactError, match=words) as caught:
        await secrets.get("p", "apiKey")
    problem = caught.value.problem
    assert problem.kind == "notConfigured"
    assert problem.hint
    assert "planted" not in problem.message + problem.hint


async def test_a_command_that_hangs_is_ended():
    from refact_lsp.auth.references import resolve

    with pytest.raises(RefactError, match="did not end"):
        await resolve(f"cmd:{sys.executable} -c 'import time; time.sleep(60)'", {}, timeout_s=0.2)


# --- the keyring ------------------------------------------------------------------------------


async def test_a_real_keyring_keeps_the_secret_and_the_file_only_says_so(
    places: Folders, dict_keyring: DictKeyring
):
    secrets = Secrets(places, {})
    assert await secrets.set("p", "apiKey", KEY) == "keyring"
    assert list(dict_keyring.kept.values()) == [KEY]
    assert KEY not in places.secrets.read_text()
    found = await Secrets(places, {}).get("p", "apiKey")
    assert found is not None
    assert (found.reveal(), found.source) == (KEY, "keyring")
    await secrets.delete("p", "apiKey")
    assert dict_keyring.kept == {}
    assert await secrets.get("p", "apiKey") is None


async def test_a_secret_moved_to_a_reference_leaves_the_keyring(
    places: Folders, dict_keyring: DictKeyring
):
    secrets = Secrets(places, {"K": "x"})
    await secrets.set("p", "apiKey", KEY)
    await secrets.set("p", "apiKey", "env:K")
    assert dict_keyring.kept == {}


async def test_homes_do_not_share_an_entry(
    places: Folders, dict_keyring: DictKeyring, tmp_path: Path
):
    from refact_lsp.core.paths import folders

    other = folders({"REFACT_HOME": str(tmp_path / "other")})
    await Secrets(places, {}).set("p", "apiKey", KEY)
    await Secrets(other, {}).set("p", "apiKey", "another-key-entirely")
    assert sorted(dict_keyring.kept.values()) == sorted([KEY, "another-key-entirely"])


async def test_a_change_through_the_keyring_is_seen_by_another_window(
    places: Folders, dict_keyring: DictKeyring
):
    here, there = Secrets(places, {}), Secrets(places, {})
    await here.set("p", "apiKey", KEY)
    assert await there.get("p", "apiKey") == Secret(KEY, "keyring")
    await here.set("p", "apiKey", "rotated-key-0001")
    there._looked_s = float("-inf")
    assert await there.get("p", "apiKey") == Secret("rotated-key-0001", "keyring")


class Losing(DictKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Refusing(DictKeyring):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(service, username, len(password))


@pytest.mark.parametrize("kind", [Losing, Refusing])
async def test_a_keyring_that_loses_or_refuses_the_secret_gives_way_to_the_file(
    places: Folders, dict_keyring: DictKeyring, kind: type[DictKeyring]
):
    keyring.set_keyring(kind())
    secrets = Secrets(places, {})
    assert await secrets.set("p", "apiKey", KEY) == "file"
    assert await secrets.get("p", "apiKey") == Secret(KEY, "file")


async def test_a_secret_that_left_the_keyring_is_told(places: Folders, dict_keyring: DictKeyring):
    await Secrets(places, {}).set("p", "apiKey", KEY)
    elsewhere = Secrets(places, {"REFACT_KEYRING": "off"})
    assert await elsewhere.masked("p", "apiKey") == {"secret": True, "set": True}
    with pytest.raises(RefactError, match="not in the keyring") as caught:
        await Secrets(places, {"REFACT_KEYRING": "off"}).get("p", "apiKey")
    assert "REFACT_KEYRING" in (caught.value.problem.hint or "")


class Weak(DictKeyring):
    priority = 0.5


class Plaintext(DictKeyring):
    pass


Plaintext.__module__ = "keyrings.alt.file"


@pytest.mark.parametrize(
    "backend",
    [
        keyring.backends.null.Keyring(),
        keyring.backends.fail.Keyring(),
        Weak(),
        Plaintext(),
        ChainerBackend(),
    ],
    ids=lambda backend: f"{type(backend).__module__}.{type(backend).__name__}",
)
def test_a_backend_that_keeps_nothing_safe_is_not_used(
    dict_keyring: DictKeyring, backend: DictKeyring
):
    keyring.set_keyring(backend)
    found = find_backend({})
    assert found is None or type(found) not in {type(backend), Weak, Plaintext}
    keyring.set_keyring(dict_keyring)
    assert find_backend({}) is dict_keyring
    assert find_backend({"REFACT_KEYRING": "off"}) is None


def test_a_keyring_that_is_set_up_wrongly_is_as_good_as_none(
    dict_keyring: DictKeyring, monkeypatch: pytest.MonkeyPatch
):
    def broken() -> DictKeyring:
        raise ModuleNotFoundError("No module named 'keyrings'")

    with monkeypatch.context() as patched:
        patched.setattr(keyring, "get_keyring", broken)
        assert find_backend({}) is None
    assert find_backend({}) is dict_keyring


async def test_reading_other_places_does_not_open_the_keyring(secrets: Secrets):
    await secrets.set("p", "apiKey", "env:KEY_HERE")
    assert await secrets.get("p", "apiKey") == Secret("from-env", "env")
    assert not secrets._opened


# --- the file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{half", "damaged"),
        (b'{"version": 1, "providers": {"p": 3}}', "damaged"),
        (b"\xff", "damaged"),
        (b'{"version": 2, "other": 1}', "newer refact-lsp"),
    ],
)
async def test_a_file_that_cannot_be_read_is_left_alone(
    secrets: Secrets, places: Folders, content: bytes, words: str
):
    places.data.mkdir(parents=True)
    places.secrets.write_bytes(content)
    with pytest.raises(RefactError, match=words):
        await secrets.get("p", "apiKey")
    with pytest.raises(RefactError, match=words):
        await secrets.set("p", "apiKey", KEY)
    assert places.secrets.read_bytes() == content


WRITE = """
import asyncio, os, sys
from refact_lsp.auth.secrets import Secrets
from refact_lsp.core.paths import folders
async def main():
    secrets = Secrets(folders(os.environ), os.environ)
    for number in range(20):
        await secrets.set(sys.argv[1], f"field{number}", "value")
asyncio.run(main())
"""


def test_two_processes_that_write_at_once_lose_nothing(secrets: Secrets):
    children = [subprocess.Popen([sys.executable, "-c", WRITE, name]) for name in ("p", "q")]
    assert [child.wait(30) for child in children] == [0, 0]
    assert (len(secrets.fields("p")), len(secrets.fields("q"))) == (20, 20)


async def test_a_full_disk_keeps_the_old_secrets(secrets: Secrets):
    resource = pytest.importorskip("resource")
    await secrets.set("p", "apiKey", KEY)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(RefactError, match="cannot be written"):
            await secrets.set("p", "other", "x" * 8192)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert await secrets.get("p", "apiKey") == Secret(KEY, "file")
    assert secrets.fields("p") == ("apiKey",)
