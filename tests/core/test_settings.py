"""What an editor may set, and what becomes of what does not fit."""

from refact_lsp.core.settings import read_settings


def test_a_later_layer_wins_field_by_field():
    settings, warnings = read_settings(
        {"completion": {"enabled": True, "debounceMs": 50}, "models": {"chat": "a/b"}},
        {"completion": {"debounceMs": "auto"}, "models": {"completion": "c/d:7b"}},
    )
    assert warnings == []
    assert settings.completion.enabled is True
    assert settings.completion.debounce_ms == "auto"
    assert settings.models == {"chat": "a/b", "completion": "c/d:7b"}


def test_a_value_that_does_not_fit_is_one_warning_naming_it_and_costs_only_itself():
    settings, warnings = read_settings(
        {"completion": {"debounceMs": -1, "multiline": "never"}, "privacy": {"localOnly": True}}
    )
    assert len(warnings) == 1
    assert "completion.debounceMs" in warnings[0]
    assert settings.completion.debounce_ms is None
    assert settings.completion.multiline == "never"
    assert settings.privacy.local_only is True


def test_whatever_is_sent_gives_settings():
    for odd in (None, 3, "x", [], {"completion": 3}, {"models": {"x": 1, "chat": "noslash"}}):
        settings, _ = read_settings(odd)
        assert settings.completion.enabled is None


def test_unknown_names_are_ignored():
    _, warnings = read_settings({"provider": {"apiKey": "k"}, "completion": {"host": "x"}})
    assert warnings == []
