"""Files and images of a message, as far as the privacy rules allow."""

import os
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.app.privacy_guard import PrivacyGuard
from refact_lsp.core.parts import FilePart, ImagePart, Part, TextPart
from refact_lsp.core.privacy import Zone
from refact_lsp.core.problems import RefactError
from refact_lsp.features.chat.attachments import MAX_FILE_BYTES, Attachments, Document
from tests.rows import every_row


def reader(root: Path, document: Document = lambda _: None, *zones: Zone) -> Attachments:
    guard = PrivacyGuard([root])
    guard.set_zones(zones)
    return Attachments(guard=guard, document=document, provider="acme", locality="cloud")


async def text_of(attachments: Attachments, part: Part, *, fresh: bool = True) -> str:
    (found,), _ = await attachments.resolved([part], fresh=fresh)
    assert isinstance(found, TextPart)
    return found.text


async def kind_of(attachments: Attachments, part: Part) -> str:
    with pytest.raises(RefactError) as caught:
        await attachments.resolved([part], fresh=True)
    assert caught.value.problem.hint
    return caught.value.problem.kind


@every_row(
    ("given", "shown"),
    [
        ({"start": 1, "end": 3}, "two\nthree"),
        ({"start": {"line": 1}, "end": {"line": 2, "character": 3}}, "two\nthree"),
        ({"start": {"line": 1, "character": 2}, "end": {"line": 2, "character": 0}}, "two"),
        ({"start": 3, "end": 900}, "four"),
        ({"start": -5, "end": 1}, "one"),
        ({"start": 3, "end": 1}, ""),
        ({"start": 90, "end": 99}, ""),
    ],
)
async def test_a_range_gives_whole_lines(tmp_path: Path, given: Any, shown: str):
    file = tmp_path / "deep" / "a.txt"
    file.parent.mkdir(exist_ok=True)
    file.write_text("one\ntwo\nthree\nfour")
    text = await text_of(reader(tmp_path), FilePart(uri=file.as_uri(), range=given))
    assert text.startswith("deep/a.txt:")
    assert text.split("```")[1].strip() == shown


@every_row("given", ["1-3", {"start": "one"}, {"start": {"line": "x"}}, [1, 2], 7])
async def test_a_range_that_does_not_fit_is_refused(tmp_path: Path, given: Any):
    file = tmp_path / "a.txt"
    file.write_text("one")
    assert (
        await kind_of(reader(tmp_path), FilePart(uri=file.as_uri(), range=given))
        == "invalidRequest"
    )


async def test_an_open_document_is_taken_as_it_stands_in_the_editor(tmp_path: Path):
    file = tmp_path / "a.txt"
    file.write_text("saved")
    attachments = reader(tmp_path, {file.as_uri(): "unsaved"}.get)
    assert "\nunsaved\n" in await text_of(attachments, FilePart(uri=file.as_uri()))


async def test_an_open_document_is_asked_of_the_rules_too(tmp_path: Path):
    file = tmp_path / ".env"
    attachments = reader(tmp_path, {file.as_uri(): "TOKEN=1"}.get)
    assert await kind_of(attachments, FilePart(uri=file.as_uri())) == "privacy"


async def test_a_zone_says_who_may_have_a_file(tmp_path: Path):
    file = tmp_path / "plan.md"
    file.write_text("secret plan")
    zone = Zone(name="plans", patterns=("plan.md",), send_to=("other",))
    part = FilePart(uri=file.as_uri())
    assert await kind_of(reader(tmp_path, lambda _: None, zone), part) == "privacy"
    allowed = Zone(name="plans", patterns=("plan.md",), send_to=("acme",))
    assert "secret plan" in await text_of(reader(tmp_path, lambda _: None, allowed), part)


async def test_what_is_no_text_or_no_file_or_too_large_is_refused(tmp_path: Path):
    attachments = reader(tmp_path)
    binary, large, pipe = tmp_path / "a.bin", tmp_path / "b.txt", tmp_path / "pipe"
    binary.write_bytes(b"\x00\x01")
    large.write_bytes(b"a" * (MAX_FILE_BYTES + 1))
    os.mkfifo(pipe)
    assert await kind_of(attachments, FilePart(uri=binary.as_uri())) == "unsupported"
    assert await kind_of(attachments, FilePart(uri=large.as_uri())) == "contextTooLong"
    assert await kind_of(attachments, FilePart(uri=pipe.as_uri())) == "invalidRequest"
    assert await kind_of(attachments, FilePart(uri="untitled:1")) == "invalidRequest"


async def test_ticks_in_a_file_do_not_end_its_fence(tmp_path: Path):
    file = tmp_path / "a.md"
    file.write_text("`````\ncode\n`````")
    text = await text_of(reader(tmp_path), FilePart(uri=file.as_uri()))
    assert text == "a.md\n``````\n`````\ncode\n`````\n``````\n"


async def test_an_image_comes_from_a_file_or_out_of_its_uri(tmp_path: Path):
    file = tmp_path / "a.png"
    file.write_bytes(b"\x89PNG")
    parts = [
        ImagePart(mime_type="image/png", uri=file.as_uri()),
        ImagePart(mime_type="image/png", uri="data:image/png;base64,iVBORw=="),
        ImagePart(mime_type="image/png", data="iVBORw=="),
    ]
    found, files = await reader(tmp_path).resolved(parts, fresh=True)
    assert [part.data for part in found if isinstance(part, ImagePart)] == ["iVBORw=="] * 3
    assert files == (str(file),)
    web = ImagePart(mime_type="image/png", uri="https://example.com/a.png")
    assert await kind_of(reader(tmp_path), web) == "invalidRequest"


async def test_an_earlier_file_that_may_not_be_sent_is_replaced_by_a_note(tmp_path: Path):
    secret = tmp_path / ".env"
    secret.write_text("TOKEN=planted")
    text = await text_of(reader(tmp_path), FilePart(uri=secret.as_uri()), fresh=False)
    assert text.startswith("[Not attached: .env is kept back")
    assert "planted" not in text
