"""Where streams are cut."""

from refact_lsp.features.completion.cut.context import CutContext
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.cut.stops import undecided_tail, wire_stops


def read(context: CutContext, *deltas: str):
    cutter = Cutter(context)
    for delta in deltas:
        if cut := cutter.feed(delta):
            return cut
    return cutter.finish()


def test_a_control_token_in_two_pieces_ends_the_text():
    context = CutContext(language="python", prefix="x = ", suffix="", cut_strings=["<|endoftext|>"])
    cut = read(context, "1", "<|endof", "text|>junk")
    assert (cut.text, cut.reason) == ("1", "controlToken")


def test_half_a_control_token_is_not_shown():
    cutter = Cutter(
        CutContext(language="python", prefix="x = ", suffix="", cut_strings=["<|endoftext|>"])
    )
    cutter.feed("1<|endof")
    assert cutter.so_far == "1"


def test_text_in_the_middle_of_a_line_stays_on_the_line():
    context = CutContext(language="python", prefix="x = foo(", suffix=" + 1\ny = 2\n")
    cut = read(context, "a)", "\nmore")
    assert (cut.text, cut.rest) == ("a)", "\nmore")


def test_meeting_the_right_text_ends_the_text():
    context = CutContext(language="python", prefix="x = foo(", suffix=" + offset\ny = 2\n")
    assert read(context, "a) + off", "set").text == "a)"


def test_an_echo_of_the_suffix_is_trimmed():
    context = CutContext(language="python", prefix="x = ", suffix="\nyyyy = 2222\n")
    assert read(context, "1\nyyyy = 2222\n").text == "1"


def test_at_most_four_stops_go_on_the_wire():
    assert wire_stops(["a", "b", "a", ""], ["c", "d", "e"]) == ("a", "b", "c", "d")


def test_the_undecided_tail_is_the_longest_beginning_of_a_stop():
    assert undecided_tail("x<|e", ["<|end|>", "|e!"]) == 3
    assert undecided_tail("x", ["<|end|>"]) == 0
