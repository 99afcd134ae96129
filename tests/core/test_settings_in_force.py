import pytest

from refact_lsp.core.settings import EditorSettings, read_settings
from refact_lsp.core.settings_in_force import Settings, in_force


def editor(given: object) -> EditorSettings:
    return read_settings(given)[0]


def test_nothing_given_is_the_defaults():
    assert in_force({}, EditorSettings()) == (Settings(), [])


def test_the_editor_lies_over_the_store_value_by_value():
    stored = {
        "completion.debounceMs": 100,
        "completion.multiline": "never",
        "completion.languages": {"go": False, "lua": False},
        "models.chat": "p/stored",
        "privacy.rules": [{"name": "not a setting of the editor"}],
    }
    given = {"completion": {"debounceMs": 0, "languages": {"go": True}}, "models": {"chat": "p/m"}}
    settings, warnings = in_force(stored, editor(given))
    assert warnings == []
    assert settings.completion.debounce_ms == 0
    assert settings.completion.multiline == "never"
    assert settings.completion.languages == {"go": True, "lua": False}
    assert settings.models == {"chat": "p/m"}


def test_false_in_the_editor_is_a_value():
    settings, _ = in_force({"completion.enabled": True}, editor({"completion": {"enabled": False}}))
    assert not settings.completion.enabled


@pytest.mark.parametrize(("stored", "given"), [(True, False), (False, True), (True, None)])
def test_local_only_is_on_where_either_says_so(stored: bool, given: bool | None):
    settings, _ = in_force({"privacy.localOnly": stored}, editor({"privacy": {"localOnly": given}}))
    assert settings.privacy.local_only


def test_a_stored_value_that_does_not_fit_is_a_warning_and_the_default():
    settings, warnings = in_force({"completion.multiline": 7}, EditorSettings())
    assert settings == Settings()
    assert len(warnings) == 1
    assert "completion.multiline" in warnings[0]


def test_a_key_put_in_the_wrong_place_is_not_repeated():
    _, warnings = read_settings({"completion": {"multiline": "sk-secret-key"}})
    assert len(warnings) == 1
    assert "sk-secret-key" not in warnings[0]
