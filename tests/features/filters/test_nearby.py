"""What is parsed instead of a long document: short, and whole wherever the document is."""

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.completion.filters.nearby import WHOLE_CHARS, nearby
from tests.rows import every_row

ENOUGH_CHARS = 7_000
MOST_CHARS = 21_000
MEMBERS, PLACES = 90, 32  # every line of a member
DOCUMENTS = {
    "python": (
        "import os\n\nclass Shop(Base):\n",
        """
    @property
    def total{n}(
        self, items: list[int]
    ) -> int:
        '''Sum up.

        Some of it.

        '''
        text = \"\"\"
Some ({n}
of it.
        \"\"\"
        # All of it.
        for item in items:
            if item > {n}:
                try:
                    self.sell(item)
                except ValueError:
                    return 0
                finally:
                    self.close()
            elif item == {n}:
                match item:
                    case 1:
                        continue
                    case _:
                        break
            else:
                self.note(
                    item,
                )
        return {n}
""",
        "\nshop = Shop()\n",
    ),
    "typescript": (
        "export class Shop {\n",
        """
  /**
   * Sum up.
   */
  total{n}(
    items: number[],
  ): number {
    const page = `
<p>
) ({n}
`;
    for (const item of items) {
      if (item > {n}) {
        try {
          this.sell(item);
        } catch (error) {
          return 0;
        }
      } else {
        switch (item) {
          case 1:
            items.map((each) => {
              return each;
            });
            break;
          default:
            return 1;
        }
      }
    }
    return {n};
  }
""",
        "}\n",
    ),
    "typescriptreact": (
        "export const Shop = () => {\n",
        """
  const part{n} = async <
    T,
  >(
    item: T,
  ) => {
    return (
      <div>
        <Door
          key={item}
          open={() => {
            shut(item);
          }}
        />
        <button
          onClick={item}
        >
          {item ? (
            <b>
              {n}
            </b>
          ) : (
            <i />
          )}
        </button>
      </div>
    );
  };
""",
        "};\n",
    ),
    "go": (
        "package shop\n",
        """
func Total{n}(items []int) (int, error) {
\tpage := `
<p>
) ({n}
`
\tfor _, item := range items {
\t\tif item > {n} {
\t\t\treturn 0, nil
\t\t} else {
\t\t\tswitch item {
\t\t\tcase 1:
\t\t\t\tgo func() {
\t\t\t\t\tsell(item)
\t\t\t\t}()
\t\t\tdefault:
\t\t\t\tbreak
\t\t\t}
\t\t}
\t}
\treturn {n}, nil
}
""",
        "",
    ),
    "c": (
        "#include <stdio.h>\n",
        """
static int
total{n}(int *items, int count)
{
    for (int i = 0; i < count; i++)
    {
#ifdef LOUD
        puts("item");
#endif
        do {
            items[i]--;
        } while (items[i] > {n});
    }
    return {n};
}
""",
        "",
    ),
    "lua": (
        "local shop = {\n",
        """
  total{n} = function(items)
    for _, item in ipairs(items) do
      if item > {n} then
        sell(item)
      elseif item == {n} then
        each(items, function(one)
          note(one)
        end)
      else
        repeat
          item = item + 1
        until item > {n}
      end
    end
    return {n}
  end,
""",
        "}\n",
    ),
}


def document(language: str) -> str:
    head, member, end = DOCUMENTS[language]
    return head + "".join(member.replace("{n}", str(n)) for n in range(MEMBERS)) + end


@every_row("language", DOCUMENTS)
def test_it_is_short_and_whole_at_every_line_of_a_whole_document(language: str):
    text = document(language)
    assert len(text) > 2 * WHOLE_CHARS
    grammar, syntax = grammar_of(language), Syntax()
    assert grammar is not None
    assert not syntax.parse(grammar, text.encode()).root_node.has_error
    starts = [at for at in range(len(text) + 1) if not at or text[at - 1] == "\n"]
    middle = len(starts) // 2
    for at in (*starts[:PLACES], *starts[middle : middle + PLACES], *starts[-PLACES:]):
        before, after = nearby(text[:at], text[at:], grammar.name)
        part = before + after
        assert text[:at].endswith(before.rpartition("\n")[2])
        assert len(part) < ENOUGH_CHARS
        assert not syntax.parse(grammar, part.encode()).root_node.has_error, part


def test_a_short_document_is_kept_as_it_is():
    assert nearby("  x = 1\n", "y", "python") == ("  x = 1\n", "y")


@every_row("line", ["}\n", "  x,\n", "// x\n", "\n", "  }\n    {\n", "x" * 400 + "\n"])
def test_a_document_without_a_beginning_or_an_end_is_no_long_one_to_parse(line: str):
    text = line * (300_000 // len(line))
    for at in (0, len(text) // 2, len(text)):
        before, after = nearby(text[:at], text[at:], "typescript")
        assert len(before) + len(after) < MOST_CHARS
