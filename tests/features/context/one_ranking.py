"""Ranks once for a file whose siblings are all alike, and prints what came of it.

Run it as a program: order that depends on the seed of hashes shows only between processes.
"""

from refact_lsp.features.context.ranking import ranked_items
from refact_lsp.features.context.scene import Scene
from tests.features.context.graphs import linked, read

MAIN = "/w/main.py"
SIBLINGS = 40


def main() -> None:
    doors = "".join(f"def open_{n}(): ...\n" for n in range(SIBLINGS))
    # Each sibling uses another definition, and more of them are alike than are looked at.
    siblings = {
        f"/w/sibling_{n}.py": f"import hinge\nfrom doors import open_{n}\nopen_{n}()\n"
        for n in range(SIBLINGS)
    }
    meanings = {f"/w/lock_{n}.py": "def turn(): ...\n" for n in range(SIBLINGS)}
    text = "import hinge\n" + "".join(f"from lock_{n} import turn\n" for n in range(SIBLINGS))
    files = {"/w/hinge.py": "", "/w/doors.py": doors, MAIN: text, **meanings, **siblings}
    lines = [*text.split("\n"), "turn()"]
    scene = Scene(linked(files), read(MAIN, "\n".join(lines)), lines, len(lines) - 1)
    for item in ranked_items(scene):
        print(item)


if __name__ == "__main__":
    main()
