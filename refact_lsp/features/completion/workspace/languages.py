"""Which files hold code worth learning from, by the end of their names."""

import os

_SUFFIXES = frozenset(
    """
    .asm .astro .awk .bash .bat .c .cc .cfg .cjs .clj .cljs .cmake .conf .cpp .cr .cs .css .cts .cu
    .cxx .d .dart .el .elm .erl .ex .exs .f90 .fish .fs .fsx .gd .gleam .glsl .go .gradle .graphql
    .groovy .h .hcl .hh .hlsl .hpp .hrl .hs .html .hxx .ini .java .jl .js .jsx .kt .kts .less .lisp
    .lua .m .mjs .ml .mli .mm .mts .nim .nix .odin .pas .php .pl .pm .proto .ps1 .purs .py .pyi .pyx
    .r .rb .rkt .rs .rst .s .sass .scala .scm .scss .sh .sol .sql .svelte .swift .tcl .tex .tf .toml
    .ts .tsx .v .vala .vb .vhd .vim .vue .wgsl .xml .yaml .yml .zig .zsh
    """.split()  # noqa: SIM905  — a table to read, not ninety quoted strings
)
_NAMES = frozenset(("CMakeLists.txt", "Dockerfile", "Justfile", "Makefile", "Rakefile"))


def holds_code(path: str) -> bool:
    """Whether a file's name says that it is source text; prose and data are not learned from."""
    name = os.path.basename(path)  # noqa: PTH119  — asked for every file of a workspace
    return name in _NAMES or os.path.splitext(name)[1].lower() in _SUFFIXES  # noqa: PTH122
