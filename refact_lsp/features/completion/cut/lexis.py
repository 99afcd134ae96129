"""How each language writes strings, comments and blocks: what a lexer must know to see brackets.

Tables only. A language that is not listed is read with quotes and brackets alone.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import NamedTuple


class Region(NamedTuple):
    """A stretch that is not code: a string or a comment.

    `escape` says that a backslash takes the next character with it, `template` that `${` goes back
    to code.
    """

    open: str
    close: str
    multiline: bool = False
    escape: bool = True
    template: bool = False
    comment: bool = False

    def pattern(self) -> re.Pattern[str]:
        """Match what can happen inside."""
        parts = [r"\\." if self.escape else "", r"\$\{" if self.template else ""]
        parts += [re.escape(self.close), r"\n"]
        return re.compile("|".join(filter(None, parts)), re.DOTALL)


class _Lexis(NamedTuple):
    regions: Sequence[Region]
    long: str = ""  # regions whose close depends on how they open (Rust's r#", Lua's [=[)
    atom: str = ""  # literals to step over whole
    words: Mapping[str, str] = MappingProxyType({})  # closing word -> its opening words, spaced
    header: str = ""  # how a line ends that opens a block, brackets aside
    exempt: str = ""  # beginnings of lines whose indentation says nothing
    line_comment: str = ""
    lines_end: bool = False  # a line break ends a statement
    tail_values: bool = False  # a last line without a semicolon is the block's value
    trails: str = ""  # how a line ends that goes on in the next one, brackets aside
    leads: str = ""  # how a line begins that goes on with the one before
    hangs: bool = False  # so does a line that is indented deeper


class Lexis(_Lexis):
    """One language's table, with what is compiled from it."""

    __slots__ = ()

    def opening_words(self) -> frozenset[str]:
        return frozenset(" ".join(self.words.values()).split())

    def code_pattern(self) -> re.Pattern[str]:
        """Match what can happen in code; the group's name says what it is."""
        openers = sorted((region.open for region in self.regions), key=len, reverse=True)
        words = sorted({*self.opening_words(), *self.words})
        parts = [
            f"(?P<atom>{self.atom})" if self.atom else "",
            f"(?P<long>{self.long})" if self.long else "",
            f"(?P<region>{'|'.join(map(re.escape, openers))})" if openers else "",
            rf"(?P<word>\b(?:{'|'.join(words)})\b)" if words else "",
            r"(?P<bracket>[()\[\]{}])",
            r"(?P<newline>\n)",
        ]
        return re.compile("|".join(filter(None, parts)))

    def header_pattern(self) -> re.Pattern[str]:
        """Match the end of a line that opens a block or a bracket."""
        return re.compile(rf"(?:[(\[{{]{'|' + self.header if self.header else ''})$")


def _quotes(*quotes: str) -> tuple[Region, ...]:
    return tuple(Region(quote, quote) for quote in quotes)


def _line(*openers: str) -> tuple[Region, ...]:
    return tuple(Region(opener, "\n", escape=False, comment=True) for opener in openers)


_OPERATORS = r"(?<![-+*/])[-+*/%=|&^]|&&|\|\||=>|\?\?"
_LEADING = r"\??\.|&&|\|\||\?\?|[-+%|?:] |\{|else\b"
_BLOCK = Region("/*", "*/", multiline=True, escape=False, comment=True)
_TRIPLE = tuple(Region(quote * 3, quote * 3, multiline=True) for quote in "\"'")
_SLASHED = (*_line("//"), _BLOCK)
_C = Lexis(
    (*_SLASHED, *_quotes('"', "'")),
    exempt=r"#|\w+:(?!:)|case\b|default\b",
    line_comment="//",
    trails=_OPERATORS + r"|\\",
    leads=_LEADING + r"|<< ",
    hangs=True,
)
_JAVA = Lexis(
    (*_SLASHED, *_quotes('"', "'"), _TRIPLE[0]),
    line_comment="//",
    trails=_OPERATORS,
    leads=_LEADING,
    hangs=True,
)
_SCRIPT = Lexis(
    (*_SLASHED, *_quotes('"', "'"), Region("`", "`", multiline=True, template=True)),
    # A regular expression where no value stands before the slash.
    atom=r"(?<=[(,=:\[!&|?{};\n ])/(?![/*\s=])"
    r"(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*(?=[\s.,;)\]])",
    line_comment="//",
    trails=_OPERATORS,
    leads=_LEADING,
    hangs=True,
)
_GO = Lexis(
    (*_SLASHED, *_quotes('"', "'"), Region("`", "`", multiline=True, escape=False)),
    line_comment="//",
    lines_end=True,
    trails=_OPERATORS + r"|\.",
)
_RUST = Lexis(
    (*_SLASHED, Region('"', '"', multiline=True)),
    long=r'(?<!\w)b?r#*"',
    atom=r"b?'(?:\\(?:u\{\w+\}|x\w\w|.)|[^\\'\n])'",
    line_comment="//",
    tail_values=True,
    trails=_OPERATORS,
    leads=_LEADING,
    hangs=True,
)
_PYTHON = Lexis(
    (*_line("#"), *_TRIPLE, *_quotes('"', "'")),
    header=":",
    line_comment="#",
    lines_end=True,
    trails=r"\\",
)
_LUA = Lexis(
    (*_line("--"), *_quotes('"', "'")),
    long=r"(?:--)?\[=*\[",
    words=MappingProxyType({"end": "function if do", "until": "repeat"}),
    header=r"\b(?:then|do|else|repeat)|\bfunction\b[^()]*\([^()]*\)",
    line_comment="--",
    trails=r"(?<!-)[-+*/=]|\.\.|\b(?:and|or|not)",
    leads=r"[.:]\w|\.\. |(?:and|or)\s|[+*/] ",
)
_HASH = Lexis((*_line("#"), *_quotes('"', "'")), header=":", line_comment="#")
_PLAIN = Lexis(_quotes('"'))
_TABLE: Mapping[str, Lexis] = MappingProxyType(
    {
        "python": _PYTHON,
        "lua": _LUA,
        "rust": _RUST,
        "go": _GO,
        "java": _JAVA,
    }
    | dict.fromkeys(("c", "cpp", "objective-c", "csharp", "cuda-cpp"), _C)
    | dict.fromkeys(("kotlin", "scala", "swift", "dart", "php", "groovy"), _JAVA)
    | dict.fromkeys(
        ("javascript", "javascriptreact", "typescript", "typescriptreact", "vue", "svelte"), _SCRIPT
    )
    | dict.fromkeys(("shellscript", "yaml", "toml", "ruby", "perl", "r", "elixir"), _HASH)
)


class Reading:
    """A language's table compiled, region patterns included."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.lexis = _TABLE.get(language, _PLAIN)
        self.code = self.lexis.code_pattern()
        self.header = self.lexis.header_pattern()
        self.trails = re.compile(f"(?:{self.lexis.trails})$") if self.lexis.trails else None
        self.leads = re.compile(self.lexis.leads) if self.lexis.leads else None
        self.exempt = re.compile(self.lexis.exempt) if self.lexis.exempt else None
        self.regions = {region.open: region for region in self.lexis.regions}
        self.openers = self.lexis.opening_words()
        self._patterns: dict[Region, re.Pattern[str]] = {}

    def inside(self, region: Region) -> re.Pattern[str]:
        """Match what can happen inside a region."""
        if region not in self._patterns:
            self._patterns[region] = region.pattern()
        return self._patterns[region]

    def long_region(self, opener: str) -> Region:
        """Make a region whose close mirrors its opener: `r#"`, `[==[`, `--[[`."""
        if opener.endswith('"'):
            close = '"' + "#" * opener.count("#")
            return Region(opener, close, multiline=True, escape=False)
        close = "]" + "=" * opener.count("=") + "]"
        return Region(opener, close, multiline=True, escape=False, comment=opener.startswith("--"))

    @cached_property
    def longest_opener(self) -> int:
        """How many characters may be needed to know which region begins."""
        longest = max((len(opener) for opener in self.regions), default=1)
        return max(longest, 4) if self.lexis.long else longest

    def goes_on(self, text: str, *, deeper: bool) -> bool:
        """Whether a line, without its indentation, goes on with a statement above it."""
        comment = self.lexis.line_comment
        if self.leads is None or (comment and text.startswith(comment)):
            return False
        return bool(self.leads.match(text)) or (deeper and self.lexis.hangs)
