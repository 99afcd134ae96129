from collections.abc import Callable
from typing import Any

import pytest

from refact_lsp.core.privacy import Zone
from refact_lsp.core.problems import RefactError
from refact_lsp.store.privacy import PrivacyRow, privacy, set_privacy
from refact_lsp.store.settings import set_setting

Run = Callable[..., Any]


def test_rules_and_the_switch_are_kept_apart(run: Run):
    zone = Zone(name="z", patterns=("*.sql",), send_to=("local",))
    assert run(privacy) == PrivacyRow()
    run(set_privacy, zones=[zone])
    run(set_privacy, local_only=True)
    assert run(privacy) == PrivacyRow(zones=(zone,), local_only=True)


@pytest.mark.parametrize("stored", [[{"name": 1}], {"x": 1}, [{"patterns": []}], "x"])
def test_stored_rules_that_cannot_be_read_block(run: Run, stored: object):
    run(set_setting, "privacy.rules", stored)
    found = run(privacy)
    assert "cannot be read" in found.problem
    assert found.local_only


@pytest.mark.parametrize(
    "zone",
    [Zone(name="z", patterns=("!",)), Zone(name="z", patterns=("a",), source="project")],
)
def test_a_rule_that_could_not_be_kept_is_refused(run: Run, zone: Zone):
    with pytest.raises(RefactError):
        run(set_privacy, zones=[zone])
    assert run(privacy) == PrivacyRow()
