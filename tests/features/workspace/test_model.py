"""What the embedded model offers, and when it stays silent."""

from collections.abc import Sequence

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.values import Guess
from refact_lsp.features.completion.workspace.confidence import QUIET_THRESHOLD
from refact_lsp.features.completion.workspace.model import WorkspaceModel
from tests.features.workspace.texts import index_texts
from tests.rows import every_row

PATH = "/project/app/orders.py"
LOADER = """\
def load_customers(session, limit):
    rows = session.execute(select(Customer).order_by(Customer.created_at).limit(limit))
    return [row.to_public_dict() for row in rows.scalars()]


def load_invoices(session, limit):
    rows = session.execute(select(Invoice).order_by(Invoice.created_at).limit(limit))
    return [row.to_public_dict() for row in rows.scalars()]
"""


def model_of(**files: str) -> WorkspaceModel:
    model = WorkspaceModel()
    paths = {name: f"/project/app/{name}.py" for name in files}
    model.use(index_texts([(paths[name], text.splitlines()) for name, text in files.items()]))
    return model


def ask(
    model: WorkspaceModel, text: str, *, path: str | None = PATH, threshold: float = 0.0
) -> Guess | None:
    """Ask at the mark `|` of a text."""
    before, after = text.split("|")
    lines = (before + after).splitlines(keepends=True)
    if not lines or lines[-1].endswith("\n"):
        lines.append("")
    head = before.split("\n")
    snapshot = Snapshot(
        uri=f"file://{path}",
        path=path,
        language="python",
        version=1,
        lines=lines,
        line=len(head) - 1,
        column=len(head[-1]),
    )
    return model.complete(snapshot, threshold)


def text_of(guess: Guess | None) -> str | None:
    return guess.text if guess else None


def test_a_line_is_finished_from_another_file():
    guess = ask(model_of(loader=LOADER), "def f(session, limit):\n    rows = session.execute(|")
    assert guess
    assert guess.text.startswith("select(")
    assert 0 < guess.probability < 1


def test_what_differs_by_a_consistent_renaming_is_renamed_alike():
    model = model_of(shipping="for order in orders:\n    ship(order, order.address)\n")
    assert text_of(ask(model, "for parcel in parcels:\n    ship(|")) == "parcel, parcel.address)"


def test_an_unfinished_word_is_finished():
    assert text_of(ask(model_of(loader=LOADER), "    return [row.to_pub|")) == (
        "lic_dict() for row in rows.scalars()]"
    )


def test_nothing_is_known_without_code():
    assert ask(WorkspaceModel(), "import |") is None


def test_what_was_just_typed_is_learned_when_the_cursor_leaves_the_line():
    model = WorkspaceModel()
    body = "self.registry.register(widget, on_close=self.forget)\n"
    ask(model, f"{body}|")
    assert text_of(ask(model, f"{body}self.reg|")) == "istry.register(widget, on_close=self.forget)"


def test_an_edited_line_is_known_as_it_is_now():
    model = WorkspaceModel()
    ask(model, "connect(host, port, timeout=4)\nx = 1\n|")
    changed = "connect(host, port, retries=9)\nx = 1\n"
    assert text_of(ask(model, f"{changed}connect(host, |")) == "port, retries=9)"


def test_the_line_under_the_cursor_does_not_answer_itself():
    model = WorkspaceModel()
    lines = "alpha_beta(gamma)\nother = 1\n"
    ask(model, f"{lines}|")
    assert ask(model, "alpha_|beta(gamma)\nother = 1\n") is None
    assert ask(model, "alpha_|\nother = 1\n") is None


def test_another_open_buffer_teaches_what_was_changed_in_it():
    model = WorkspaceModel()
    other = "/project/app/other.py"
    ask(model, "old = 1\ny = 2\n|", path=other)
    ask(model, "old = 1\ncompute_total(prices, discount)\n|", path=other)
    assert text_of(ask(model, "new = 1\ncompute_|")) == "total(prices, discount)"


def test_an_open_buffer_stands_for_its_file():
    model = model_of(other="stale_call(with_old, arguments)\n")
    ask(model, "x = 1\n|", path="/project/app/other.py")
    assert ask(model, "stale_call(|") is None
    model.close_buffer("/project/app/other.py")
    assert text_of(ask(model, "stale_call(|")) == "with_old, arguments)"


def test_a_buffer_that_nobody_completed_in_is_read_bit_by_bit():
    model = model_of(other="open_door(with_this, key)\n")
    body = [f"line_{number} = {number}\n" for number in range(300)]
    model.set_buffer("/project/app/other.py", [*body, "open_door(with_this, key)\n"])
    model.set_buffer("/project/app/last.py", [*body, "open_box(with_that, lid)\n"])
    assert text_of(ask(model, "open_door(|")) == "with_this, key)"  # its file speaks meanwhile
    assert ask(model, "open_box(|") is None
    for _ in range(10):
        ask(model, "x|")
    assert text_of(ask(model, "open_box(|")) == "with_that, lid)"
    assert text_of(ask(model, "open_door(|")) == "with_this, key)"


def test_nothing_is_taken_from_or_offered_in_an_excluded_file():
    secret = "connect(password_of_the_vault, port)\n"
    model = model_of(secret=secret, plain="x = 1\n")
    assert ask(model, "connect(|")
    model.forget("/project/app/secret.py")
    assert ask(model, "connect(|") is None
    assert ask(model, f"{secret}connect(|", path="/project/app/secret.py") is None
    model.set_buffer("/project/app/secret.py", [secret])
    assert ask(model, "connect(|") is None


def test_an_exclusion_outlives_a_new_index():
    model = WorkspaceModel()
    model.forget("/project/app/secret.py")
    model.use(index_texts([("/project/app/secret.py", ["open_sesame(with_this, word)"])]))
    assert ask(model, "open_|") is None


def test_an_exclusion_can_be_lifted():
    model = WorkspaceModel()
    model.forget("/project/app/a.py")
    model.allow("/project/app/a.py")
    model.use(index_texts([("/project/app/a.py", ["open_door(with_this, key)"])]))
    assert text_of(ask(model, "open_door(|")) == "with_this, key)"


@every_row(
    ("text", "offered"),
    [
        ("open_door(|)", "with_this, key"),
        ("open_door(|)  ", "with_this, key"),
        ("open_door(|]", None),
        ("open_door(|, 3)", None),
        ("open_door(wi|th", None),
        ("open_door(| and more", None),
    ],
    ids=["closer", "blanks", "otherCloser", "arguments", "inWord", "code"],
)
def test_text_after_the_cursor_is_respected(text: str, offered: str | None):
    assert text_of(ask(model_of(a="open_door(with_this, key)\n"), text)) == offered


def test_a_line_that_stands_right_below_is_not_repeated():
    model = model_of(a="first = 1\nopen_door(with_this, key)\n")
    assert ask(model, "first = 1\nopen_|\n") is not None
    assert ask(model, "first = 1\nopen_|\n\nopen_door(with_this, key)\n") is None


def test_a_text_that_was_typed_past_is_not_offered_again_on_the_line():
    model = model_of(a="open_door(with_this, key)\ncall(with_this, key)\n(with_this, key)\n")
    assert text_of(ask(model, "open_door(|")) == "with_this, key)"
    assert ask(model, "open_door(call(|") is None
    assert ask(model, "x\nopen_door(call(|") is not None


def test_going_back_offers_the_same_text_again():
    model = model_of(a="open_door(with_this, key)\n")
    first = ask(model, "open_door(|")
    ask(model, "open_door(n|")
    assert ask(model, "open_door(|") == first


def test_quiet_mode_shows_less():
    model, shown = model_of(loader=LOADER), []
    for threshold in (0.0, 0.7, QUIET_THRESHOLD):
        lines = LOADER.splitlines()
        shown.append(
            sum(
                ask(
                    WorkspaceModel() if column < 0 else model,
                    line[:column] + "|",
                    threshold=threshold,
                )
                is not None
                for line in lines
                for column in range(len(line))
            )
        )
    assert shown[0] > shown[1] >= shown[2]


def test_blanks_are_those_of_the_document():
    text = 'type Pair struct {\n\tleft\tint `json:"left"`\n\tright\tint\n}\n'
    model = model_of(a=text)
    assert text_of(ask(model, "type Pair struct {\n\tle|")) == 'ft\tint `json:"left"`'


def test_indentation_in_tabs_and_in_spaces_is_alike():
    model = model_of(a="if ready:\n\tlaunch(rocket, pad)\n")
    assert text_of(ask(model, "if ready:\n    la|")) == "unch(rocket, pad)"


@every_row("ending", ["\n", "\r\n", "\r"])
def test_line_endings_never_reach_the_text(ending: str):
    model = WorkspaceModel()
    body = f"open_door(with_this, key){ending}"
    lines: Sequence[str] = [body, f"open_door({ending}", body, ""]
    snapshot = Snapshot(
        uri="untitled:1", path=None, language="x", version=1, lines=lines, line=1, column=10
    )
    guess = model.complete(snapshot, 0.0)
    assert guess is None  # it stands right below
    snapshot = Snapshot(
        uri="untitled:1", path=None, language="x", version=2, lines=lines[:2], line=1, column=10
    )
    assert text_of(model.complete(snapshot, 0.0)) == "with_this, key)"


def test_overlong_lines_are_neither_learned_nor_finished():
    long = "a" * 200 + "(" + "b, " * 100 + ")"
    model = model_of(a=f"{long}\n")
    assert ask(model, "a" * 200 + "(|") is None
    assert ask(model, long + "|") is None
