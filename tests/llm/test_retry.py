from refact_lsp.core.problems import Problem, ProblemKind
from refact_lsp.llm.retry import BRIEF, NONE, PATIENT, Patience, delay_ms
from tests.rows import every_row


def wait(
    tried: int,
    kind: ProblemKind = "overloaded",
    after_ms: int | None = None,
    patience: Patience = PATIENT,
    chance: float = 0.0,
) -> int | None:
    problem = Problem(kind=kind, message="", retry_after_ms=after_ms)
    return delay_ms(tried, problem, patience, chance)


def test_waits_double_and_half_of_each_is_chance():
    assert [wait(tried) for tried in (1, 2, 3, 4)] == [250, 500, 1000, None]
    assert [wait(tried, chance=0.999) for tried in (1, 2, 3)] == [499, 999, 1999]


def test_a_wait_that_the_server_named_is_never_cut_short():
    assert wait(1, "rateLimited", 7000) == 7000
    assert wait(1, "rateLimited", 7000, chance=0.5) == 7350
    assert wait(1, "rateLimited", 0) == 0


def test_a_wait_beyond_the_patience_ends_it():
    assert wait(1, "rateLimited", 60_001) is None
    assert wait(1, "rateLimited", 301, BRIEF) is None


@every_row(
    "kind", ["authentication", "billing", "invalidRequest", "contextTooLong", "budget", "privacy"]
)
def test_what_would_fail_again_is_not_tried_again(kind: ProblemKind):
    assert wait(1, kind) is None


def test_a_long_silence_and_a_cut_answer_are_tried_once_more():
    assert [wait(1, "timeout") is None, wait(2, "timeout") is None] == [False, True]
    assert [wait(1, "badResponse") is None, wait(2, "badResponse") is None] == [False, True]


def test_no_patience_is_one_try():
    assert wait(1, "network", patience=NONE) is None
    assert [wait(1, "network", patience=BRIEF), wait(2, "network", patience=BRIEF)] == [0, None]
