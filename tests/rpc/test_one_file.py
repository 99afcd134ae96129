"""A new OpenAI-compatible provider is one TOML file and no Python."""

from pathlib import Path
from typing import Any

import msgspec

from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import open_session
from refact_lsp.rpc.table import call
from tests.servers.families import TEXT, Family
from tests.servers.scripted import scripted

FILE = """
name = "Acme"
notes = "Models of a company that nobody has heard of."
wires = ["openai-chat"]
base_url = "{url}/v3"
auth = {{ kinds = ["api-key"], header = "api-key" }}
model_list = "openai"
env = ["ACME_KEY"]

[routes]
chat = "/chat/completions"
models = "/models"

[[fields]]
name = "team"
label = "Team"
header = "X-Acme-Team"

[quirks]
max_tokens_field = "max_completion_tokens"

[defaults]
chat = ["acme-1"]
"""


async def test_a_file_in_the_user_s_folder_is_a_provider_that_chats(home: Path):
    folder = home / "config" / "registry" / "providers"
    folder.mkdir(parents=True)
    async with scripted(Family("openai", {"acme-1": "chat", "acme-2": "chat"})) as server:
        (folder / "acme.toml").write_text(FILE.format(url=server.url))
        async with open_session() as session:

            async def ask(method: str, **params: Any) -> Any:
                result = await call(TABLE, session, method, msgspec.json.encode(params))
                return msgspec.json.decode(msgspec.json.encode(result))

            templates = (await ask("refact/providers/templates"))["templates"]
            (shown,) = [each for each in templates if each["id"] == "acme"]
            assert {"apiKey", "team", "baseUrl"} <= {field["name"] for field in shown["fields"]}
            settings = {"apiKey": "sk-acme-0123456789", "team": "red"}
            await ask("refact/providers/save", template="acme", settings=settings)
            assert (await ask("refact/providers/test", id="acme"))["ok"]
            models = (await ask("refact/models/refresh", provider="acme"))["models"]
            assert {model["name"]: model["enabled"] for model in models} == {
                "acme-1": True,
                "acme-2": False,
            }
            proposed = (await ask("refact/defaults/propose", provider="acme"))["proposals"]
            assert [(each["role"], each["model"]) for each in proposed] == [("chat", "acme/acme-1")]
            await ask("refact/defaults/set", role="chat", model="acme/acme-1")
            turn = await ask(
                "refact/chat/send", content="Hello?", ephemeral=True, parameters={"maxTokens": 9}
            )
    assert turn["message"]["content"] == [{"type": "text", "text": "".join(TEXT)}]
    last = server.requests[-1]
    assert last.target == "/v3/chat/completions"
    assert last.json["max_completion_tokens"] == 9
    assert (last.headers["api-key"], last.headers["x-acme-team"]) == ("sk-acme-0123456789", "red")
    assert "authorization" not in last.headers
