import pytest

from refact_lsp.core.privacy import (
    FolderRules,
    Rules,
    Zone,
    check,
    compile_patterns,
    compile_zone,
)
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import Locality


def zones(*pairs: tuple[list[str], list[str]]) -> Rules:
    return Rules(
        zones=tuple(
            compile_zone(
                Zone(name=f"zone {number}", patterns=tuple(patterns), send_to=tuple(send_to)),
                home="/home/me",
            )
            for number, (patterns, send_to) in enumerate(pairs, 1)
        ),
        roots=("/ws",),
    )


def ignores(files: dict[str, str]) -> Rules:
    return Rules(
        folders={
            folder: FolderRules(folder=folder, ignore=compile_patterns(text.split("\n")))
            for folder, text in files.items()
        }
    )


def allowed(
    path: str, rules: Rules, provider: str | None = "p", locality: Locality | None = "cloud"
) -> bool:
    return check(path, provider, locality, rules).allowed


@pytest.mark.parametrize(
    "name",
    [
        ".env", ".env.local", ".ENV", "id_rsa", "id_ed25519.pub", "server.pem", "tls.KEY",
        "a.p12", "a.pfx", ".netrc", ".npmrc", ".pypirc", "credentials", "secrets.yaml",
        "release.keystore", ".env.", "tls.key ", "a.pem::$DATA",
    ],
)  # fmt: skip
def test_secret_like_names_are_blocked_without_any_rule(name: str):
    verdict = check(f"/ws/src/{name}", "p", "machine", Rules())
    assert not verdict.allowed
    assert verdict.rule
    assert verdict.reason


@pytest.mark.parametrize(
    "name",
    ["env.py", "environment", ".envrc", "keys.py", "monkey", "pem.go", "credentials.py", "my_id_x"],
)
def test_other_names_are_not(name: str):
    assert allowed(f"/ws/credentials/id_x/{name}", Rules())


def test_a_zone_that_names_a_secret_lifts_the_block():
    assert allowed("/ws/.env.example", zones(([".env.example"], ["all"])))
    assert allowed("/ws/test/a.pem", zones((["/test/*.pem"], ["p"])))
    assert not allowed("/ws/other/a.pem", zones((["/test/*.pem"], ["p"])))


@pytest.mark.parametrize("pattern", ["*", "**", "**/*", "/", "src/**", "src/", "*.*", "[.a-z]*"])
def test_a_zone_that_names_everything_does_not_lift_it(pattern: str):
    if pattern == "/":
        with pytest.raises(RefactError):
            zones(([pattern], ["all"]))
        return
    assert not allowed("/ws/src/.env", zones(([pattern], ["all"])))


def test_zones_decide_in_their_order():
    rules = zones((["/private/"], []), (["*.sql"], ["local"]), (["*"], ["p"]))
    assert not allowed("/ws/private/a.sql", rules, locality="machine")
    assert allowed("/ws/a.sql", rules, "ollama", "machine")
    assert not allowed("/ws/a.sql", rules, "p", "network")
    assert allowed("/ws/a.py", rules)
    assert not allowed("/ws/a.py", rules, "q")
    assert check("/ws/a.py", "p", "cloud", rules).rule == "zone 3"


def test_without_a_provider_the_question_is_whether_anyone_may_have_it():
    rules = zones((["/private/"], []), (["*.sql"], ["local"]))
    assert not allowed("/ws/private/a", rules, None, None)
    assert allowed("/ws/a.sql", rules, None, None)
    assert not allowed("/ws/.env", rules, None, None)


@pytest.mark.parametrize("provider", ["all", "local"])
def test_a_provider_called_like_a_word_of_the_rules_opens_nothing(provider: str):
    rules = zones((["*.sql"], ["local"]), (["*"], ["p"]))
    assert not allowed("/ws/a.sql", rules, provider, "cloud")


def test_zones_reach_outside_the_workspace():
    rules = zones((["~/notes/", "/srv/data/**"], []))
    assert not allowed("/home/me/notes/a.md", rules)
    assert not allowed("/srv/data/x/y", rules)
    assert allowed("/home/me/code/a.md", rules)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ws/a.sql", False),
        ("/ws/deep/er/a.sql", False),
        ("/ws/keep.sql", True),
        ("/ws/build/x/y.py", False),
        ("/ws/build/keep.sql", False),
        ("/ws/src/build.py", True),
        ("/ws/src/mine.sql", True),
        ("/ws/src/generated/a.py", False),
        ("/ws/only/keep.py", True),
        ("/ws/only/other.py", False),
        ("/other/a.sql", True),
        ("/wsx/a.sql", True),
    ],
)
def test_refactignore_reads_as_git_does_at_every_level(path: str, *, expected: bool):
    rules = ignores(
        {
            "/ws": "*.sql\n!keep.sql\nbuild/\n# a comment\n\nonly/**\n!only/keep.py",
            "/ws/src": "!mine.sql\n/generated/",
            "/ws/build": "!keep.sql",
        }
    )
    assert allowed(path, rules) is expected


def test_a_verdict_names_the_pattern_and_its_file():
    verdict = check("/ws/src/a.sql", "p", "cloud", ignores({"/ws": "x\n*.sql"}))
    assert (verdict.rule, verdict.file) == ("*.sql", "/ws/.refactignore")


def test_ignore_files_only_narrow():
    rules = ignores({"/ws": "!.env\n!*"})
    assert not allowed("/ws/.env", rules)
    with_zone = Rules(
        zones=zones(([".env", "*.py"], ["all"])).zones,
        roots=("/ws",),
        folders=ignores({"/ws": "*.py"}).folders,
    )
    assert allowed("/ws/.env", with_zone)
    assert not allowed("/ws/a.py", with_zone)


def test_project_zones_only_narrow():
    zone = compile_zone(Zone(name="z", patterns=("*.py",), send_to=("p",), source="project"))
    folders = {"/ws/sub": FolderRules(folder="/ws/sub", zones=(zone,))}
    rules = Rules(folders=folders, roots=("/ws",))
    assert allowed("/ws/sub/a.py", rules)
    verdict = check("/ws/sub/a.py", "q", "cloud", rules)
    assert (verdict.allowed, verdict.rule, verdict.file) == (
        False,
        "z",
        "/ws/sub/.refact/privacy.toml",
    )
    assert allowed("/ws/a.py", rules, "q")
    lifting = compile_zone(Zone(name="z", patterns=(".env",), send_to=("all",), source="project"))
    assert not allowed(
        "/ws/.env", Rules(folders={"/ws": FolderRules(folder="/ws", zones=(lifting,))})
    )


def test_what_cannot_be_read_blocks_and_says_so():
    broken = Rules(problem="The stored privacy rules cannot be read.")
    assert check("/ws/a.py", "p", "machine", broken).reason == broken.problem
    folder = FolderRules(folder="/ws/a", problems={"/ws/a/.refactignore": "It is no UTF-8 text."})
    rules = Rules(folders={"/ws/a": folder})
    verdict = check("/ws/a/b/c.py", "p", "machine", rules)
    assert (verdict.allowed, verdict.file) == (False, "/ws/a/.refactignore")
    assert allowed("/ws/b.py", rules)


@pytest.mark.parametrize("line", ["!", "[", "a[", "\\", "/"])
def test_a_line_that_git_would_never_match_is_refused(line: str):
    with pytest.raises(RefactError, match="Line 2"):
        compile_patterns(["*.py", line])
    compile_patterns(["", "  ", "# comment", "\\#file", "\\!file"])
