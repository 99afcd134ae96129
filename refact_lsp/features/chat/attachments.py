"""Puts files and images of a message in place, as far as the privacy rules allow.

A file that a rule keeps back is refused before anything is sent: the user attached it, so leaving
it out silently would make the answer wrong. In earlier messages of a thread, what may not be sent
any more, or is gone, is replaced by a note that says so.
"""

import asyncio
import base64
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import msgspec

from refact_lsp.app.privacy_guard import PrivacyGuard
from refact_lsp.core.parts import FilePart, ImagePart, LineRange, Part, SearchPart, TextPart
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.types import Locality, Value
from refact_lsp.core.uris import file_path

MAX_FILE_BYTES = 1 << 20
MAX_IMAGE_BYTES = 10 << 20

# Gives the text of a document that is open in the editor, or None.
Document = Callable[[str], str | None]


class _Position(Value, frozen=True, kw_only=True):
    line: int
    character: int = 0


class _LspRange(Value, frozen=True, kw_only=True):
    start: _Position
    end: _Position


class Attachments(msgspec.Struct, frozen=True, kw_only=True):
    """Reads for one provider; what is open in the editor is taken as it stands there."""

    guard: PrivacyGuard
    document: Document
    provider: str
    locality: Locality

    async def resolved(
        self, parts: Sequence[Part], *, fresh: bool
    ) -> tuple[tuple[Part, ...], tuple[str, ...]]:
        """Give the parts with files read, and the paths that were read for them.

        Raises for what cannot be sent, where the message is a `fresh` one.
        """
        found: list[Part] = []
        files: list[str] = []
        for part in parts:
            if not isinstance(part, FilePart | SearchPart | ImagePart):
                found.append(part)
                continue
            try:
                content, path = await self._resolve(part)
            except RefactError as error:
                if fresh:
                    raise
                content, path = TextPart(text=f"[Not attached: {error.problem.message}]\n"), None
            found.append(content)
            files += [path] if path else []
        return tuple(found), tuple(files)

    async def _resolve(self, part: FilePart | SearchPart | ImagePart) -> tuple[Part, str | None]:
        match part:
            case FilePart():
                path = await self._allowed(part.uri)
                return await self._file(path, part), path
            case ImagePart(data=None, uri=str(uri)) if uri.startswith("data:"):
                return _inline_image(uri, part), None
            case ImagePart(data=None, uri=str(uri)):
                path = await self._allowed(uri)
                return await asyncio.to_thread(_image, path, part), path
            case ImagePart(data=None):
                raise refuse(
                    "invalidRequest",
                    "The image has neither data nor a uri.",
                    "Send it as base64 in data, or name its file in uri.",
                    field="content",
                )
            case ImagePart():
                return part, None
            case SearchPart():
                raise refuse(
                    "unsupported",
                    "There is no index to search.",
                    "Attach the files themselves.",
                    field="content",
                )

    async def _allowed(self, uri: str) -> str:
        path = file_path(uri)
        if path is None:
            raise refuse(
                "invalidRequest",
                f"{uri[:200]!r} is no file of this machine.",
                "Attach files by their file: URI.",
                field="content",
            )
        await self.guard.prepare(path)
        verdict = self.guard.check(path, self.provider, self.locality)
        if not verdict.allowed:
            raise refuse(
                "privacy",
                f"{Path(path).name} is kept back by the rule {verdict.rule!r}.",
                verdict.reason or "Change the rule, or choose a model that it allows.",
                provider=self.provider,
            )
        return path

    async def _file(self, path: str, part: FilePart) -> TextPart:
        text = self.document(part.uri)
        if text is None:
            text = await asyncio.to_thread(_text, path)
        place = self._shown(path)
        if part.range is not None:
            lines = text.splitlines(keepends=True)
            start, end = _lines(part.range)
            text = "".join(lines[start:end])
            place = f"{place}:{start + 1}-{min(end, len(lines))}"
        fence = "`" * max(3, _longest_ticks(text) + 1)
        return TextPart(text=f"{place}\n{fence}\n{text.rstrip()}\n{fence}\n")

    def _shown(self, path: str) -> str:
        """Name the file as the project does: where it lies on this machine is nobody's business."""
        name = Path(path)
        for root in self.guard.roots:
            if name.is_relative_to(root):
                return name.relative_to(root).as_posix()
        return name.name


def is_read(part: Part) -> bool:
    """Tell whether a part is read from this machine."""
    return isinstance(part, FilePart) or (isinstance(part, ImagePart) and part.data is None)


def _inline_image(uri: str, part: ImagePart) -> ImagePart:
    head, comma, data = uri.partition(",")
    kind = head.removeprefix("data:").removesuffix(";base64")
    if not comma or not head.endswith(";base64"):
        raise refuse(
            "invalidRequest",
            "The image's data: URI is not base64.",
            "Write it as data:image/png;base64,…, or send the data itself.",
            field="content",
        )
    return ImagePart(mime_type=part.mime_type or kind, data=data)


def _image(path: str, part: ImagePart) -> ImagePart:
    data = base64.b64encode(_read(path, MAX_IMAGE_BYTES)).decode()
    return ImagePart(mime_type=part.mime_type, data=data)


def _text(path: str) -> str:
    content = _read(path, MAX_FILE_BYTES)
    if b"\0" in content:
        raise refuse("unsupported", f"{Path(path).name} is no text file.", "Attach its text.")
    return content.decode("utf-8-sig", errors="replace")


def _read(path: str, most_bytes: int) -> bytes:
    name = Path(path).name
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            _unreadable(name, "it is no regular file")
        with Path(path).open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        _unreadable(name, error.strerror or "it cannot be opened")
    if len(content) > most_bytes:
        raise refuse(
            "contextTooLong",
            f"{name} is larger than {most_bytes >> 20} MiB.",
            "Attach the part that matters.",
            field="content",
        )
    return content


def _unreadable(name: str, why: str) -> NoReturn:
    raise refuse(
        "invalidRequest",
        f"{name} cannot be read: {why}.",
        "Attach a file that can be read.",
        field="content",
    )


def _lines(value: object) -> tuple[int, int]:
    """Take whole lines of an LSP range, or of `{start, end}` with end exclusive."""
    try:
        found = msgspec.convert(value, _LspRange)
    except msgspec.ValidationError:
        try:
            lines = msgspec.convert(value, LineRange)
        except msgspec.ValidationError:
            raise refuse(
                "invalidRequest",
                "The attachment's range does not fit.",
                'Send {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}.',
                field="content",
            ) from None
        first, last = lines.start, lines.end
    else:
        first, last = found.start.line, found.end.line + (found.end.character > 0)
    first = max(first, 0)
    return first, max(last, first)


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest
