"""Settings, folders, progress and the product's own opening, over a session."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lsp.raw_client import BARE, HELIX, VSCODE, RawClient, framed

Start = Callable[..., RawClient]


@pytest.fixture(scope="module")
def with_progress() -> Iterator[RawClient]:
    """A server whose client shows progress, for tests that need no fresh one."""
    client = RawClient()
    client.start(HELIX)
    yield client
    client.end()


@pytest.fixture(scope="module")
def bare() -> Iterator[RawClient]:
    """The same for a client that announces nothing."""
    client = RawClient()
    client.start(BARE)
    yield client
    client.end()


def settings(client: RawClient) -> dict[str, Any]:
    """What is set, by group."""
    seen = client.result("refact/seen")["value"][0]
    groups = {
        name: {key: each for key, each in group.items() if each != {}}
        for name, group in seen.items()
    }
    return {name: group for name, group in groups.items() if group}


def begin(client: RawClient, params: dict[str, Any], pulled: object) -> None:
    client.send("initialize", params, "init")
    client.reply("init")
    client.send("initialized", {})
    asked = client.told("workspace/configuration")
    assert asked["params"] == {"items": [{"section": "refact"}]}
    client.answer(asked, [pulled])


def test_settings_are_pulled_over_the_options_before_the_product_opens_and_when_they_change(
    start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HURRY", "QUIET_S")
    client = start()
    options = {
        "initializationOptions": {
            "completion": {"debounceMs": 10, "multiline": "never"},
            "capabilities": {"approve": True},
        }
    }
    begin(
        client, VSCODE | options, {"completion": {"debounceMs": 20}, "privacy": {"localOnly": True}}
    )
    seen = settings(client)
    assert seen["completion"] == {"debounceMs": 20, "multiline": "never"}
    assert seen["privacy"] == {"localOnly": True}
    assert client.result("refact/seen")["value"][2]["approve"] is True
    registration = client.told("client/registerCapability")
    assert (
        registration["params"]["registrations"][0]["method"] == "workspace/didChangeConfiguration"
    )
    client.answer(registration, None)
    client.send("workspace/didChangeConfiguration", {"settings": None})
    client.answer(client.told("workspace/configuration"), [{"completion": {"enabled": False}}])
    changed = {"debounceMs": 10, "multiline": "never", "enabled": False}
    assert settings(client) == {"completion": changed, "capabilities": {"approve": True}}


@pytest.mark.parametrize(("wrapped", "enabled"), [(True, False), (False, True)])
def test_a_client_that_cannot_be_asked_pushes_its_settings(
    bare: RawClient, wrapped: bool, enabled: bool
):
    pushed: dict[str, Any] = {"completion": {"enabled": enabled}}
    sent = {"refact": pushed} if wrapped else pushed
    bare.send("workspace/didChangeConfiguration", {"settings": sent})
    assert settings(bare)["completion"] == {"enabled": enabled}


def test_a_value_that_does_not_fit_is_one_warning_and_the_default(start: Start):
    client = start()
    client.start(BARE | {"initializationOptions": {"completion": {"debounceMs": "soon"}}})
    assert "completion" not in settings(client)
    assert "completion.debounceMs" in client.told("window/showMessage")["params"]["message"]
    client.send("workspace/didChangeConfiguration", {"settings": {"index": {"enabled": True}}})
    assert settings(client)["index"] == {"enabled": True}
    assert not [each for each in client.others if each.get("method") == "window/showMessage"]


@pytest.mark.parametrize("answer", [{"result": 3}, {"error": {"code": 1, "message": "no"}}])
def test_an_odd_answer_about_settings_does_not_stop_the_server(start: Start, answer: object):
    client = start()
    client.send("initialize", VSCODE, "init")
    client.send("initialized", {})
    asked = client.told("workspace/configuration")
    reply = {"jsonrpc": "2.0", "id": asked["id"]} | answer  # pyright: ignore[reportOperatorIssue]
    client.raw(framed(json.dumps(reply).encode()))
    assert settings(client) == {}


def test_a_client_that_is_slow_to_answer_about_settings_is_served_and_heard(
    start: Start, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HURRY", "SETTINGS_WAIT_S")
    client = start()
    client.send("initialize", VSCODE, "init")
    client.send("initialized", {})
    assert settings(client) == {}
    client.answer(client.told("workspace/configuration"), [{"completion": {"enabled": False}}])
    assert settings(client)["completion"] == {"enabled": False}


def test_documents_opened_meanwhile_are_told_when_the_product_opens(start: Start):
    client = start()
    client.send("initialize", VSCODE, "init")
    client.send("initialized", {})
    client.open("a")
    client.open("b", "file:///w/b.py")
    client.change("b2", uri="file:///w/b.py")
    client.answer(client.told("workspace/configuration"), [{}])
    log = client.result("refact/log")["value"]
    assert log == [["opened", "file:///w/a.py"], ["opened", "file:///w/b.py"]]
    assert client.text("file:///w/b.py") == "b2"


def test_workspace_folders_come_and_go(with_progress: RawClient):
    client = with_progress
    assert client.result("refact/seen")["value"][2]["roots"] == ["/w"]
    event = {
        "added": [{"uri": "file:///x%20y", "name": "x"}],
        "removed": [{"uri": "file:///w", "name": "w"}],
    }
    client.send("workspace/didChangeWorkspaceFolders", {"event": event})
    assert client.result("refact/log")["value"] == [["folders", "/x y"]]


def test_folders_that_change_before_the_product_is_open_reach_it(start: Start):
    client = start()
    client.send("initialize", VSCODE, "init")
    client.send("initialized", {})
    asked = client.told("workspace/configuration")  # the product opens when it is answered
    event = {"added": [{"uri": "file:///x", "name": "x"}], "removed": []}
    client.send("workspace/didChangeWorkspaceFolders", {"event": event})
    client.answer(asked, [None])
    assert client.result("refact/log")["value"] == [["folders", "/w", "/x"]]


def test_progress_is_shown_where_the_client_can(with_progress: RawClient):
    client = with_progress
    client.send("refact/progress", {}, 1)
    create = client.told("window/workDoneProgress/create")
    client.answer(create, None)
    client.reply(1)
    kinds = [client.told("$/progress")["params"]["value"] for _ in range(3)]
    assert [each["kind"] for each in kinds] == ["begin", "report", "end"]
    assert kinds[0]["title"] == "Indexing"
    assert kinds[1]["percentage"] == 50


def test_progress_is_silent_where_the_client_cannot(bare: RawClient):
    bare.others.clear()
    assert bare.result("refact/progress") == {"value": None}
    assert bare.others == []


def test_a_client_that_refuses_progress_stops_nothing(with_progress: RawClient):
    client = with_progress
    client.send("refact/progress", {}, 1)
    create = client.told("window/workDoneProgress/create")
    refusal = {"jsonrpc": "2.0", "id": create["id"], "error": {"code": 1, "message": "no"}}
    client.raw(framed(json.dumps(refusal).encode()))
    assert client.reply(1)["result"] == {"value": None}


def test_trace_and_cancelled_progress_are_taken_by_pygls(bare: RawClient):
    bare.send("$/setTrace", {"value": "verbose"})
    bare.send("$/setTrace", {"value": 3})
    bare.send("window/workDoneProgress/cancel", {"token": "unknown"})
    assert bare.result("refact/echo", {"text": "a"}) == {"text": "a"}
    assert bare.result("refact/collects")["value"] is True  # now that pygls is there
