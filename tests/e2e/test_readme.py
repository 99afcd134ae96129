"""The README's first command, word for word, in a clean clone."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.e2e import checkout

ENOUGH = 5
INSTALL_S = 600


def test_the_first_command_shows_ghost_text_and_installs_a_server_that_needs_no_checkout(
    tmp_path: Path,
):
    clone, elsewhere = tmp_path / "clone", tmp_path / "elsewhere"
    git = ["git", "clone", "-q", "--no-hardlinks", str(checkout.REPOSITORY), str(clone)]
    subprocess.run(git, check=True)
    readme = (clone / "README.md").read_text()
    (command,) = re.findall(r"<!-- demo -->\n```sh\n(.*?)```", readme, re.DOTALL)
    strange = ("PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in strange}
    first = subprocess.run(
        ["bash", "-c", command],
        cwd=clone,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=INSTALL_S,
    )
    assert first.returncode == 0, first.stdout + first.stderr
    assert first.stdout.count("builtin/workspace, ") >= ENOUGH, first.stdout
    assert "refact-lsp providers add" in first.stdout

    (installed,) = (clone / ".venv/lib").glob("python*/site-packages/refact_lsp")
    shipped = {file.name for file in (installed / "_registry/providers").iterdir()}
    written = {file.name for file in (clone / "registry/providers").iterdir()}
    assert shipped >= {name for name in written if name.endswith(".toml")}

    elsewhere.mkdir()
    file = elsewhere / "cart.py"
    file.write_text(checkout.SOURCE * 2)
    second = subprocess.run(
        [clone / ".venv/bin/refact-lsp", "demo", str(file), "--json"],
        cwd=elsewhere,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    ghosts = json.loads(second.stdout)
    assert ghosts
    assert all(ghost["text"] and ghost["model"] == "builtin/workspace" for ghost in ghosts)
