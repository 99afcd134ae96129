"""What is made from the protocol's structs lies beside them and must not drift.

UPDATE_PROTOCOL=1 pytest tests/rpc/test_generated.py writes it anew.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.rpc.reference import reference
from refact_lsp.rpc.schema import protocol_schema
from refact_lsp.rpc.typescript import typescript

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("editors/vscode/src/protocol.ts", typescript),
        ("refact_lsp/rpc/PROTOCOL.md", reference),
    ],
)
def test_what_is_made_from_the_protocol_is_up_to_date(
    name: str, make: Callable[[Mapping[str, Any]], str]
):
    made = make(protocol_schema())
    place = REPOSITORY / name
    if os.environ.get("UPDATE_PROTOCOL"):
        place.write_text(made)
    assert place.read_text() == made


def test_no_description_is_indented_as_code():
    shapes = protocol_schema()["$defs"].values()
    told = [line for shape in shapes for line in shape.get("description", "").splitlines()]
    assert not [line for line in told if line.startswith(" ")]


def test_every_shape_has_a_name_of_its_own():
    assert all(name.isidentifier() for name in protocol_schema()["$defs"])
