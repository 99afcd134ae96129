"""Which file an import means, as far as names on disk tell. Pure: knows paths, reads nothing.

Manifests (`go.mod`, `Cargo.toml`, `package.json`, `tsconfig.json`) are handed in as `(path, what
they declare)`. Paths use forward slashes.
"""

import posixpath
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from refact_lsp.features.context.facts import Import

_TYPESCRIPT_ENDS = (
    *("", ".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"),
    *("/index.ts", "/index.tsx", "/index.d.ts", "/index.js", "/index.jsx"),
)
_COMPILED_ENDS = {".js": ".ts", ".jsx": ".tsx", ".mjs": ".mts", ".cjs": ".cts"}
_RUST_ROOTS = ("lib.rs", "main.rs", "mod.rs")


class Manifest(msgspec.Struct, frozen=True, array_like=True):
    """A project file: the name that its folder is imported by, and aliases of paths below it."""

    path: str
    kind: str
    name: str
    aliases: tuple[tuple[str, str], ...] = ()


class Resolved(msgspec.Struct, frozen=True, array_like=True):
    """Where an import leads: files, and the name taken from them; without a name, the module."""

    files: tuple[str, ...]
    name: str
    local: str
    passed_on: bool = False


class Resolver:
    """Answers for one set of files and manifests."""

    def __init__(self, paths: Iterable[str], manifests: Sequence[Manifest]) -> None:
        self.manifests = manifests
        self._paths = frozenset(paths)
        self._modules: dict[str, list[str]] = defaultdict(list)
        self._folders: dict[str, list[str]] = defaultdict(list)
        self._named: dict[str, str] = {}
        self._go: list[tuple[str, str]] = []
        self._crates: dict[str, str] = {}
        self._aliases: list[tuple[str, str, str]] = []
        packages = {posixpath.dirname(p) for p in self._paths if p.endswith("/__init__.py")}
        for path in sorted(self._paths):
            if path.endswith((".py", ".pyi")):
                for name in _python_names(path, packages):
                    self._modules[name].append(path)
            elif path.endswith(".go") and not path.endswith("_test.go"):
                self._folders[posixpath.dirname(path)].append(path)
        for manifest in manifests:
            self._take(manifest)

    def without(self, gone: frozenset[str]) -> "Resolver":
        """Make one that never knew some of the files and manifests."""
        kept = [one for one in self.manifests if one.path not in gone]
        return Resolver(self._paths - gone, kept)

    def folder(self, path: str) -> Sequence[str]:
        """Give the files that share a Go file's package."""
        return self._folders.get(posixpath.dirname(path), ())

    def resolve(self, grammar: str, path: str, taken: Import) -> list[Resolved]:
        """Give where one import of a file leads; nothing for what is outside the workspace."""
        match grammar:
            case "python":
                return self._python(path, taken)
            case "typescript" | "tsx" | "javascript":
                return self._typescript(path, taken)
            case "go":
                return self._go_import(taken)
            case "rust":
                return self._rust(path, taken)
            case _:
                return []

    def _take(self, manifest: Manifest) -> None:
        folder = posixpath.dirname(manifest.path)
        match manifest.kind:
            case "go":
                self._go.append((manifest.name, folder))
            case "cargo":
                self._crates[manifest.name.replace("-", "_")] = f"{folder}/src"
            case _:
                if manifest.name:
                    self._named[manifest.name] = folder
                self._aliases += [(alias, target, folder) for alias, target in manifest.aliases]

    def _python(self, path: str, taken: Import) -> list[Resolved]:
        module = taken.module
        stripped = module.lstrip(".")
        if not taken.names:
            local = taken.local if taken.local != module else module.partition(".")[0]
            return [Resolved((f,), "", local) for f in self._module(path, module)]
        found: list[Resolved] = []
        base: str | None = None
        if module.startswith("."):
            base = path
            for _ in range(len(module) - len(stripped)):
                base = posixpath.dirname(base)
            base = posixpath.join(base, *stripped.split(".")) if stripped else base
        for name, local in taken.names:
            below = self._file(f"{base}/{name}") if base else self._module(path, f"{module}.{name}")
            home = self._file(base) if base else self._module(path, module)
            if below and name != "*":
                found += [Resolved((f,), "", local, taken.passed_on) for f in below]
            found += [Resolved((f,), name, local, taken.passed_on) for f in home]
        return found

    def _file(self, base: str) -> list[str]:
        ends = (".py", "/__init__.py", ".pyi", "/__init__.pyi")
        return [base + end for end in ends if base + end in self._paths][:1]

    def _module(self, path: str, module: str) -> list[str]:
        """Of several files with a module's name, take the one nearest to the importer."""
        files = self._modules.get(module, ())
        return sorted(files, key=lambda f: -len(posixpath.commonprefix((f, path))))[:1]

    def _typescript(self, path: str, taken: Import) -> list[Resolved]:
        file = self._typescript_file(path, taken.module)
        if file is None:
            return []
        found = [Resolved((file,), name, local, taken.passed_on) for name, local in taken.names]
        if taken.local or not found:
            found.append(Resolved((file,), "", taken.local, taken.passed_on))
        return found

    def _typescript_file(self, path: str, module: str) -> str | None:
        if module.startswith("."):
            return self._ending(posixpath.normpath(f"{posixpath.dirname(path)}/{module}"))
        for alias, target, folder in self._aliases:
            head, star, _ = alias.partition("*")
            if module == alias or (star and module.startswith(head)):
                rest = target.replace("*", module[len(head) :]) if star else target
                file = self._ending(posixpath.normpath(f"{folder}/{rest}"))
                if file:
                    return file
        parts = module.split("/")
        for length in range(len(parts), 0, -1):
            folder = self._named.get("/".join(parts[:length]))
            if folder is not None:
                rest = "/".join(parts[length:])
                tries = (f"{folder}/src/{rest}", f"{folder}/{rest}", f"{folder}/lib/{rest}")
                found = (self._ending(each.rstrip("/")) for each in tries)
                return next((each for each in found if each), None)
        return None

    def _ending(self, base: str) -> str | None:
        for end in _TYPESCRIPT_ENDS:
            if base + end in self._paths:
                return base + end
        stem, end = posixpath.splitext(base)
        written = stem + _COMPILED_ENDS.get(end, "?")
        if end == ".js" and f"{stem}.tsx" in self._paths:
            return f"{stem}.tsx"
        return written if written in self._paths else None

    def _go_import(self, taken: Import) -> list[Resolved]:
        for name, folder in self._go:
            if taken.module == name or taken.module.startswith(f"{name}/"):
                files = self._folders.get(folder + taken.module[len(name) :])
                if files:
                    return [Resolved(tuple(files), "*" if taken.names else "", taken.local)]
        return []

    def _rust(self, path: str, taken: Import) -> list[Resolved]:
        segments = [part for part in taken.module.split("::") if part]
        base = self._rust_base(path, segments)
        found: list[Resolved] = []
        for name, local in taken.names:
            whole = base and self._rust_file(base, [*segments, name]) if name != "*" else None
            if whole:
                found.append(Resolved((whole,), "", local, taken.passed_on))
            rest = list(segments)
            while base:
                file = self._rust_file(base, rest)
                if file and (file != path or rest):
                    # What follows the file is an inline module, or a type and its parts.
                    inner = segments[len(rest)] if len(rest) < len(segments) else name
                    found.append(Resolved((file,), inner, local, taken.passed_on))
                    break
                if not rest:
                    break
                rest.pop()
        return found

    def _rust_base(self, path: str, segments: list[str]) -> str | None:
        """Take the leading words off a path, and give the folder that the rest starts from."""
        if not segments:
            return self._own_folder(path)
        first = segments[0]
        if first == "crate":
            segments.pop(0)
            return self._source_root(path)
        if first in {"self", "super"}:
            base = self._own_folder(path)
            while segments and segments[0] in {"self", "super"}:
                base = posixpath.dirname(base) if segments.pop(0) == "super" else base
            return base
        if first in self._crates:
            segments.pop(0)
            return self._crates[first]
        return self._own_folder(path)

    def _own_folder(self, path: str) -> str:
        """Name the folder that holds a module's children."""
        folder, name = posixpath.split(path)
        return folder if name in _RUST_ROOTS else f"{folder}/{name.removesuffix('.rs')}"

    def _source_root(self, path: str) -> str:
        folder = posixpath.dirname(path)
        roots = [each for each in self._crates.values() if path.startswith(f"{each}/")]
        return max(roots, key=len) if roots else folder

    def _rust_file(self, base: str, segments: Sequence[str]) -> str | None:
        joined = "/".join((base, *segments))
        tries = [f"{joined}.rs", f"{joined}/mod.rs"]
        if not segments:
            tries += [f"{joined}/lib.rs", f"{joined}/main.rs"]
        return next((each for each in tries if each in self._paths), None)


def _python_names(path: str, packages: set[str]) -> list[str]:
    """Dotted names of a file: below its outermost package, and for scripts its bare name."""
    stem = path.rpartition(".")[0]
    parts = [posixpath.basename(stem)]
    folder = posixpath.dirname(path)
    while folder in packages:
        parts.insert(0, posixpath.basename(folder))
        folder = posixpath.dirname(folder)
    names = [".".join(parts)]
    if len(parts) == 1:  # a namespace package has no mark of its own
        above = [each for each in folder.split("/") if each][-3:]
        names += [".".join((*above[start:], *parts)) for start in range(len(above))]
    return [name.removesuffix(".__init__") for name in names]
