import json
from typing import Any

import pytest

from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.schema import protocol_schema
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import InvalidParams, UnknownMethod, call
from tests.rows import every_row


async def test_an_unknown_method_is_told(session: Session):
    with pytest.raises(UnknownMethod):
        await call(TABLE, session, "refact/nope", b"{}")


@every_row(
    ("method", "params", "word"),
    [
        ("refact/providers/get", b"{}", "id"),
        ("refact/defaults/set", b'{"role": "chat"}', "model"),
        ("refact/defaults/set", b'{"role": "cook", "model": null}', "role"),
        ("refact/models/enable", b'{"models": "x", "enabled": true}', "models"),
        ("refact/providers/get", b"[1]", "array"),
    ],
)
async def test_params_that_do_not_fit_name_the_field(
    session: Session, method: str, params: bytes, word: str
):
    with pytest.raises(InvalidParams) as caught:
        await call(TABLE, session, method, params)
    assert word in str(caught.value)


async def test_unknown_params_are_ignored(ask: Any):
    assert await ask("refact/status", later="yes")


async def test_the_schema_describes_real_results(ask: Any):
    import jsonschema  # takes a tenth of a second: only the process that runs this does

    schema = protocol_schema()
    assert json.loads(json.dumps(schema)) == schema
    results = {name: method["result"] for name, method in schema["methods"].items()}
    validator = jsonschema.Draft202012Validator
    validator.check_schema({"$defs": schema["$defs"] | results})
    for method in ("refact/status", "refact/providers/templates", "refact/defaults/get"):
        validator({**results[method], "$defs": schema["$defs"]}).validate(await ask(method))
