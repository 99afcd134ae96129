"""`refact-lsp models tokenizer` and `probe`: what is found out, and kept only when asked to."""

from pathlib import Path

from refact_lsp.rpc.session import open_session
from tests.cli.shell import Shell
from tests.rpc.chatting import Desk, says
from tests.rpc.conftest import asker
from tests.rpc.test_counting import Shop, publish, tiny
from tests.rpc.test_probing import MODEL, Runtime, add
from tests.servers.scripted import Reply, scripted


async def test_a_vocabulary_is_fetched_after_a_yes(shell: Shell, home: Path):
    shop = Shop(Desk(says("Yes.")), Reply(body=tiny()))
    async with scripted(shop) as server:
        publish(home, f"{server.url}/tiny.tiktoken")
        async with open_session() as session:
            ask = asker(session)
            await ask("refact/providers/save", template="custom", settings={"baseUrl": server.url})
            await ask("refact/models/save", model="custom/m", capabilities={"tokenizer": "tiny"})
        out, _ = await shell.beside("models", "show", "custom/m")
        assert "an estimate times 1, which is on the safe side" in out
        assert "models tokenizer custom/m --fetch" in out
        _, err = await shell.beside("models", "tokenizer", "custom/m", "--fetch", code=2)
        assert "from 127.0.0.1? Say so with --yes" in err
        assert shop.given == 0
        out, _ = await shell.beside("models", "tokenizer", "custom/m", "--fetch", "--yes")
        assert "counted by the vocabulary tiny" in out
        assert shop.given == 1
        out, _ = await shell.beside("models", "tokenizer", "custom/m", "--fetch", "--json")
        assert '"by": "vocabulary"' in out
    assert shop.given == 1


async def test_what_a_probe_found_is_kept_with_apply(shell: Shell):
    async with scripted(Runtime()) as server:
        async with open_session() as session:
            await add(asker(session), server.url)
        out, err = await shell.beside("models", "probe", MODEL, "completion")
        assert "suffix works" in out
        assert 'Found: completion {"method":"suffix"}. Keep it with --apply.' in err
        _, err = await shell.beside("models", "probe", MODEL, "completion", "--apply")
        assert "Kept: completion" in err
        out, _ = await shell.beside("models", "show", MODEL)
        assert '{"method":"suffix"}  (user)' in out
        _, err = await shell.beside("models", "probe", MODEL, "completion")
        assert err == ""


async def test_names_stay_whole_where_another_program_reads_them(shell: Shell):
    name = "custom/" + "a-very-long-name-of-a-model-" * 9
    async with open_session() as session:
        ask = asker(session)
        settings = {"baseUrl": "http://127.0.0.1:1"}
        await ask("refact/providers/save", template="custom", settings=settings)
        await ask("refact/models/save", model=name)
    out, _ = await shell.beside("models", "list")
    assert name in out


async def test_what_the_user_knows_of_a_model_is_set_shown_and_forgotten(shell: Shell):
    async with open_session() as session:
        settings = {"baseUrl": "http://127.0.0.1:1"}
        await asker(session)("refact/providers/save", template="custom", settings=settings)
    out, _ = await shell.beside("models", "set", "custom/mine", "contextWindow=50000", "tools=true")
    assert "contextWindow      50000  (user)" in out
    assert "models probe custom/mine" in out  # the rest is only safe
    fim = 'completion={"method":"template","family":"qwen2.5-coder"}'
    out, _ = await shell.beside("models", "set", "custom/mine", fim, "tools=null", "--json")
    assert '"overridden": [' in out
    out, _ = await shell.beside("models", "show", "custom/mine")
    assert "tools              false  (default)" in out
    assert '"family":"qwen2.5-coder"}  (user)' in out
    _, err = await shell.beside("models", "set", "custom/mine", "colour=red", code=1)
    assert "There is no capability 'colour'" in err
    _, err = await shell.beside("models", "set", "custom/mine", "contextWindow=-5", code=1)
    assert "at least 1" in err
    unknown = 'completion={"method":"template","family":"nobody"}'
    _, err = await shell.beside("models", "set", "custom/mine", unknown, code=1)
    assert "'nobody' is no family" in err
    await shell.beside("models", "set", "custom/mine", "tools", code=2)
    out, _ = await shell.beside("models", "forget", "custom/mine")
    assert out == "Forgot what was set of custom/mine.\n"
    _, err = await shell.beside("models", "forget", "custom/mine", code=1)
    assert "no model of your own" in err
