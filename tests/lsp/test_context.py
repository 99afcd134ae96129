"""Through the real server: a prompt brings what the next line needs, and explain says whence."""

import asyncio
from pathlib import Path

from tests.bench.stdio import Document, bench

DOOR = "class Door:\n    def open_with(self, key: str) -> bool:\n        return bool(key)\n"
HINGE = "def oil_hinge(drops: int) -> None: ...\n"
KEY_S = 0.02
HINT = "    # oil each hinge\n"
MAIN = f"from door import Door\n\n\ndef enter(door: Door) -> None:\n{HINT}    x0 = door."


async def test_the_prompt_brings_what_is_imported_or_named_and_nothing_excluded(
    furnished: Path, tmp_path: Path
):
    (tmp_path / "door.py").write_text(DOOR)
    (tmp_path / "hinge.py").write_text(HINGE)
    (tmp_path / "vault.py").write_text("class Vault:\n    def unlock_all(self) -> None: ...\n")
    (tmp_path / ".refactignore").write_text("vault.py\n")
    text = "from vault import Vault\n" + MAIN
    async with bench(home=furnished, completion={"debounceMs": 0}, root=tmp_path) as (
        server,
        provider,
    ):
        provider.answer = lambda _hole: ["nothing_of_use()"]
        document = Document(server, text, (tmp_path / "main.py").as_uri())
        async with asyncio.timeout(60):  # the worker is nice: where others compute it waits
            number = 0
            while not any(
                "def open_with(self" in call.prompt and "def oil_hinge(" in call.prompt
                for call in provider.calls
            ):
                await document.complete()
                number += 1
                # The hint stays close to the cursor, however long the reading takes.
                document.type(f"a\n{HINT}    x{number} = door.")
                await asyncio.sleep(KEY_S)  # the server reads the files between the keys
        explained = await server.ask("refact/completion/explain", {})
        assert all("unlock_all" not in call.prompt for call in provider.calls)
        # The file is named as inside the workspace: the machine's folders are nobody's business.
        assert all(str(tmp_path / "door.py") not in call.prompt for call in provider.calls)
        used = {use["uri"]: use["source"] for use in explained["context"]}
        door, hinge = (str(tmp_path / name) for name in ("door.py", "hinge.py"))
        assert used == {door: "imports", hinge: "index"}
