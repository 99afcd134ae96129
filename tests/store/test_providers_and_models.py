from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from refact_lsp.core.problems import Problem
from refact_lsp.store.defaults import all_defaults, set_default
from refact_lsp.store.models import (
    Listed,
    ModelRow,
    all_models,
    delete_custom,
    enable_models,
    learn,
    list_states,
    mark_stale,
    save_custom,
    store_list,
)
from refact_lsp.store.providers import (
    all_providers,
    delete_provider,
    free_id,
    save_provider,
)
from refact_lsp.store.settings import all_settings, raw_setting, set_setting

Run = Callable[..., Any]


def save(run: Run, id: str, at: datetime, **changed: object) -> None:  # noqa: A002
    fields: dict[str, Any] = {
        "template": "tpl",
        "display_name": "Tpl",
        "enabled": True,
        "settings": {"baseUrl": "http://127.0.0.1:1", "headers": {"x": "y"}},
    }
    run(save_provider, id=id, at=at, **(fields | changed))


def model_of(run: Run, provider: str, name: str) -> ModelRow:
    rows: list[ModelRow] = run(all_models)
    return next(row for row in rows if (row.provider, row.name) == (provider, name))


def test_a_provider_is_stored_changed_and_found(run: Run, noon: datetime):
    save(run, "tpl", noon)
    save(run, "tpl", noon + timedelta(1), display_name="Work", enabled=False, settings={})
    (row,) = run(all_providers)
    assert (row.display_name, row.enabled, row.settings) == ("Work", False, {})
    assert (row.created_at, row.updated_at) == (noon, noon + timedelta(1))


def test_further_instances_of_a_template_are_numbered(run: Run, noon: datetime):
    assert run(free_id, "tpl") == "tpl"
    save(run, "tpl", noon)
    assert run(free_id, "tpl") == "tpl-2"
    save(run, "tpl-2", noon)
    assert run(free_id, "tpl") == "tpl-3"


def test_deleting_a_provider_takes_its_models_but_not_the_role_that_points_at_it(
    run: Run, noon: datetime
):
    save(run, "tpl", noon)
    run(store_list, "tpl", [Listed(name="m")], at=noon)
    run(set_default, "chat", "tpl/m")
    assert run(delete_provider, "tpl")
    assert not run(delete_provider, "tpl")
    assert (run(all_providers), run(all_models), run(list_states)) == ([], [], {})
    assert run(all_defaults)["chat"].model == "tpl/m"


def test_a_new_list_drops_what_is_gone_and_keeps_what_the_user_touched(run: Run, noon: datetime):
    first = [Listed(name=name, live={"contextWindow": 8192}) for name in "abcd"]
    run(store_list, "p", first, at=noon)
    run(enable_models, "p", ["b"], enabled=True)
    run(learn, "p", "c", {"dropped": ["temperature"]})
    later = noon + timedelta(hours=1)
    run(store_list, "p", [Listed(name="e", display_name="E")], at=later)
    assert [model.name for model in run(all_models)] == ["b", "c", "e"]
    assert model_of(run, "p", "b").listed_at == noon
    assert model_of(run, "p", "e").enabled is None
    assert run(list_states)["p"].fetched_at == later


def test_a_failed_refresh_keeps_the_list_with_the_reason(run: Run, noon: datetime):
    problem = Problem(kind="network", message="No answer.", hint="Start the server.")
    run(store_list, "p", [Listed(name="a")], at=noon)
    run(mark_stale, "p", problem)
    state = run(list_states)["p"]
    assert (state.stale, state.error, state.fetched_at) == (True, problem, noon)
    assert len(run(all_models)) == 1
    run(store_list, "p", [Listed(name="a")], at=noon)
    assert (run(list_states)["p"].stale, run(list_states)["p"].error) == (False, None)


def test_a_custom_model_stays_custom_when_a_list_names_it(run: Run, noon: datetime):
    run(save_custom, "p", "mine", display_name="Mine", override={"contextWindow": 1, "tools": None})
    run(store_list, "p", [Listed(name="mine", display_name="Theirs")], at=noon)
    run(store_list, "p", [], at=noon + timedelta(1))
    model = model_of(run, "p", "mine")
    assert (model.source, model.display_name, model.enabled) == ("custom", "Mine", True)
    assert model.override == {"contextWindow": 1}


def test_overrides_of_single_fields_add_up_and_are_taken_back(run: Run, noon: datetime):
    run(store_list, "p", [Listed(name="a", live={"tools": True})], at=noon)
    run(save_custom, "p", "a", display_name=None, override={"contextWindow": 1, "vision": True})
    run(save_custom, "p", "a", display_name=None, override={"contextWindow": 2, "vision": None})
    model = model_of(run, "p", "a")
    assert (model.source, model.override, model.live) == (
        "api",
        {"contextWindow": 2},
        {"tools": True},
    )
    assert run(delete_custom, "p", "a")
    assert model_of(run, "p", "a").override == {}
    assert not run(delete_custom, "p", "a")


def test_lessons_add_up_and_none_forgets_one(run: Run):
    run(learn, "p", "a", {"renamed": {"max_tokens": "max_completion_tokens"}, "x": 1})
    run(learn, "p", "a", {"tokensPerEstimate": 1.1, "x": None})
    assert model_of(run, "p", "a").learned == {
        "renamed": {"max_tokens": "max_completion_tokens"},
        "tokensPerEstimate": 1.1,
    }


def test_a_role_keeps_what_is_not_named_again(run: Run):
    run(set_default, "chat", "p/a", fallbacks=["p/b"], parameters={"temperature": 0.2})
    run(set_default, "chat", "p/c")
    row = run(all_defaults)["chat"]
    assert (row.model, row.fallbacks, row.parameters) == ("p/c", ("p/b",), {"temperature": 0.2})
    run(set_default, "chat", None)
    assert run(all_defaults)["chat"].model is None


def test_settings_hold_any_value_and_none_forgets(run: Run):
    run(set_setting, "completion.languages", {"python": False})
    run(set_setting, "privacy.localOnly", value=True)
    run(set_setting, "privacy.localOnly", value=None)
    assert run(all_settings) == {"completion.languages": {"python": False}}
    assert run(raw_setting, "privacy.localOnly") is None


@pytest.mark.parametrize("text", ["'; DROP TABLE models; --", '"', "ü\u2028💥", "a\x00b"])
def test_names_are_data(run: Run, text: str):
    run(enable_models, text, [text], enabled=False)
    assert model_of(run, text, text).enabled is False
