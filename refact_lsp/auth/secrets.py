"""Secrets of providers: in the keyring where it is real, else in a file for the owner alone.

The file says of every secret where it is, and holds those that the keyring cannot; references are
kept there as written. Several processes share both: a change is made under a lock, after reading
again, and others see it by the file's stamp.
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Literal

import msgspec

from refact_lsp.auth.references import resolve
from refact_lsp.auth.secret import Secret, SecretSource, is_reference, mask
from refact_lsp.auth.system_keyring import (
    Backend,
    aside,
    backend_name,
    find_backend,
    forget,
    keeps,
    recall,
)
from refact_lsp.core.paths import Folders
from refact_lsp.core.private_files import locked, write_private
from refact_lsp.core.problems import RefactError, refuse

_VERSION = 1
# Another window's change is seen after this long at most.
_LOOK_EVERY_S = 1.0
# A command's answer is used this long, so that a stream of requests does not run it each time.
_COMMAND_KEPT_S = 60.0

_REFERENCE_SOURCES: dict[str, SecretSource] = {"env": "env", "cmd": "command", "file": "file"}


class _Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    place: Literal["keyring", "file"]
    value: str | None = None


class _File(msgspec.Struct, frozen=True, kw_only=True):
    version: int = _VERSION
    providers: dict[str, dict[str, _Entry]] = msgspec.field(
        default_factory=dict[str, dict[str, _Entry]]
    )


class _Version(msgspec.Struct, frozen=True):
    version: int


class Secrets:
    """Reads and writes secrets by provider id and field name; every value may be a reference."""

    def __init__(self, folders: Folders, env: Mapping[str, str]) -> None:
        self._path = folders.secrets
        self._env = env
        # Two homes on one machine do not share an entry of the keyring.
        self._service = f"refact-lsp {folders.home}" if folders.home else "refact-lsp"
        self._backend: Backend | None = None
        self._opened = False
        self._opening = asyncio.Lock()
        self._file = _File()
        self._stamp: tuple[int, int, int] | None = None
        self._looked_s = float("-inf")
        self._recalled: dict[tuple[str, str], str] = {}
        self._commands: dict[str, tuple[float, Secret]] = {}
        self._commanding = asyncio.Lock()

    async def get(self, provider: str, field: str, *, fresh: bool = False) -> Secret | None:
        """Fetch a secret, or None where none is stored; `fresh` asks a command again."""
        stored = await self._stored(provider, field)
        if stored is None:
            return None
        value, source = stored
        if not is_reference(value):
            return Secret(value, source)
        if value.startswith("cmd:"):
            return await self._commanded(value, fresh=fresh)
        return await resolve(value, self._env)

    async def set(self, provider: str, field: str, value: str) -> SecretSource:
        """Store a secret or a reference and tell where it went; an empty value deletes it."""
        value = value.strip()
        if not value:
            await self.delete(provider, field)
            return "file"
        if not value.isprintable():
            raise refuse(
                "invalidRequest",
                "The secret holds characters that no key has.",
                "Copy it again, without line breaks.",
                field=field,
                provider=provider,
            )
        entry = _Entry(place="file", value=value)
        if not is_reference(value):
            backend = await self._keyring()
            name = f"{provider}/{field}"
            if backend and await aside(lambda: keeps(backend, self._service, name, value)):
                entry = _Entry(place="keyring")
        replaced = await asyncio.to_thread(self._change, _put(provider, field, entry))
        if entry.place == "file":
            await self._forget(provider, {field: replaced.get(field)})
        self._recalled.pop((provider, field), None)
        return _source(entry)

    async def delete(self, provider: str, field: str) -> None:
        """Delete one secret; one that is not there is fine."""
        gone = await asyncio.to_thread(self._change, _take(provider, field))
        await self._forget(provider, {field: gone.get(field)})

    async def delete_all(self, provider: str) -> None:
        """Delete everything kept for a provider."""
        gone = await asyncio.to_thread(self._change, _take(provider, None))
        await self._forget(provider, dict(gone))

    def fields(self, provider: str) -> tuple[str, ...]:
        """Name the fields that are set, without opening the keyring."""
        return tuple(self._look().providers.get(provider, {}))

    def source(self, provider: str, field: str) -> SecretSource | None:
        """Tell where a secret is, without opening the keyring; None where it is not set."""
        entry = self._look().providers.get(provider, {}).get(field)
        return None if entry is None else _source(entry)

    def look_again(self) -> None:
        """See what another window changed just now: the next read asks the disk."""
        self._looked_s = float("-inf")

    async def masked(self, provider: str, field: str) -> dict[str, Any]:
        """Show a secret as front ends see it; one that cannot be read now is set all the same."""
        if self.source(provider, field) is None:
            return mask(None)
        try:
            stored = await self._stored(provider, field)
        except RefactError:
            return mask("")
        return mask(None if stored is None else stored[0])

    def check(self) -> None:
        """Raise where the file of secrets cannot be read."""
        self._look()

    async def keyring_name(self) -> str | None:
        """Name the keyring that is used, for `doctor`; None where the file is."""
        return backend_name(await self._keyring())

    async def _stored(self, provider: str, field: str) -> tuple[str, SecretSource] | None:
        """Read a value as stored, a reference unresolved."""
        entry = self._look().providers.get(provider, {}).get(field)
        if entry is None:
            return None
        if entry.place == "file":
            return (entry.value or "", _source(entry))
        known = self._recalled.get((provider, field))
        if known is not None:
            return (known, "keyring")
        backend = await self._keyring()
        value = (
            await aside(lambda: recall(backend, self._service, f"{provider}/{field}"))
            if backend
            else None
        )
        if value is None:
            raise refuse(
                "authentication",
                f"The secret {field} of {provider} is not in the keyring any more.",
                "Store it again." if backend else "Unset REFACT_KEYRING, or store it again.",
                field=field,
                provider=provider,
            )
        self._recalled[provider, field] = value
        return (value, "keyring")

    async def _commanded(self, reference: str, *, fresh: bool) -> Secret:
        async with self._commanding:
            kept = self._commands.get(reference)
            if kept and not fresh and time.monotonic() < kept[0]:
                return kept[1]
            secret = await resolve(reference, self._env)
            self._commands[reference] = (time.monotonic() + _COMMAND_KEPT_S, secret)
            return secret

    async def _keyring(self) -> Backend | None:
        async with self._opening:
            if not self._opened:
                self._backend = await aside(lambda: find_backend(self._env))
                self._opened = True
        return self._backend

    async def _forget(self, provider: str, gone: Mapping[str, _Entry | None]) -> None:
        for field, entry in gone.items():
            self._recalled.pop((provider, field), None)
            if entry is None or entry.place != "keyring":
                continue
            if backend := await self._keyring():
                name = f"{provider}/{field}"
                await aside(lambda backend=backend, name=name: forget(backend, self._service, name))

    def _change(
        self, change: "Callable[[dict[str, dict[str, _Entry]]], dict[str, _Entry]]"
    ) -> dict[str, _Entry]:
        """Read again, change and write under the lock; gives what was taken away or replaced."""
        with locked(self._path.with_suffix(".lock")):
            current = self._read()
            providers = {name: dict(fields) for name, fields in current.providers.items()}
            before = msgspec.json.encode(providers)
            gone = change(providers)
            if gone or msgspec.json.encode(providers) != before:
                self._write(_File(providers={k: v for k, v in providers.items() if v}))
            self._looked_s = float("-inf")
            return gone

    def _look(self) -> _File:
        """Read the file where it changed since; asks the disk once a second at most."""
        now = time.monotonic()
        if now - self._looked_s >= _LOOK_EVERY_S:
            stamp = self._stat()
            if stamp != self._stamp:
                self._file = self._read()
                self._stamp = stamp
                self._recalled.clear()
            self._looked_s = now
        return self._file

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        if os.name != "nt" and found.st_mode & 0o077:
            with suppress(OSError):
                self._path.chmod(0o600)
        return (found.st_mtime_ns, found.st_size, found.st_ino)

    def _read(self) -> _File:
        try:
            content = self._path.read_bytes()
            if msgspec.json.decode(content, type=_Version).version > _VERSION:
                raise refuse(
                    "authentication",
                    f"The file of secrets {self._path} was written by a newer refact-lsp.",
                    "Update refact-lsp. Nothing was changed.",
                )
            return msgspec.json.decode(content, type=_File)
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise refuse(
                "authentication",
                f"The file of secrets {self._path} cannot be read: {error.strerror}.",
                "Give it to your user.",
            ) from error
        except msgspec.DecodeError as error:
            raise refuse(
                "authentication",
                f"The file of secrets {self._path} is damaged.",
                "Move it away and store the secrets again. Nothing was changed.",
            ) from error

    def _write(self, file: _File) -> None:
        try:
            write_private(self._path, msgspec.json.encode(file))
        except OSError as error:
            raise refuse(
                "internal",
                f"The file of secrets {self._path} cannot be written: {error.strerror}.",
                "Free some space or give the folder to your user. The old secrets are still there.",
            ) from error


_Fields = dict[str, dict[str, _Entry]]


def _put(provider: str, field: str, entry: _Entry) -> Callable[[_Fields], dict[str, _Entry]]:
    def put(providers: _Fields) -> dict[str, _Entry]:
        fields = providers.setdefault(provider, {})
        replaced = {field: fields[field]} if field in fields else {}
        fields[field] = entry
        return replaced

    return put


def _take(provider: str, field: str | None) -> Callable[[_Fields], dict[str, _Entry]]:
    def take(providers: _Fields) -> dict[str, _Entry]:
        fields = providers.get(provider, {})
        names = list(fields) if field is None else [field] if field in fields else []
        return {name: fields.pop(name) for name in names}

    return take


def _source(entry: _Entry) -> SecretSource:
    if entry.place == "keyring":
        return "keyring"
    kind = (entry.value or "").partition(":")[0]
    return _REFERENCE_SOURCES[kind] if is_reference(entry.value or "") else "file"
