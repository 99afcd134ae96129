from refact_lsp.registry.capabilities import facts_patch
from refact_lsp.registry.model_schema import Facts, ReasoningEntry
from tests.rows import every_row


@every_row(
    ("levels", "can_disable", "told"),
    [
        (("low", "high"), True, ("off", "low", "high")),
        (("none", "low"), True, ("none", "low")),
        (("low", "high"), False, ("low", "high")),
        (("low", "high"), None, ("low", "high")),
    ],
)
def test_a_level_says_that_thinking_can_be_switched_off(
    levels: tuple[str, ...], can_disable: bool | None, told: tuple[str, ...]
):
    entry = ReasoningEntry(kind="effort", levels=levels, can_disable=can_disable)
    reasoning = facts_patch(Facts(reasoning=entry)).reasoning
    assert reasoning is not None
    assert reasoning.levels == told
