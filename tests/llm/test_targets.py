import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.llm.proxies import proxy_for
from refact_lsp.llm.targets import is_loopback, join, parse_target, redirected, refusal
from tests.rows import every_row


@every_row(
    ("url", "authority", "path"),
    [
        ("https://a.example/v1", "a.example", "/v1"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "/"),
        ("https://[::1]:1/x?key=1#f", "[::1]:1", "/x?key=1"),
        ("https://A.EXAMPLE:443/ü b", "a.example", "/%C3%BC%20b"),
        ("https://bücher.example/", "xn--bcher-kva.example", "/"),
        ("https://u:p@a.example:8443/a%2Fb:generate", "a.example:8443", "/a%2Fb:generate"),
    ],
)
def test_an_address_is_taken_apart(url: str, authority: str, path: str):
    target = parse_target(url)
    assert (target.authority, target.path) == (authority, path)


@every_row(
    "url", ["", "a.example/v1", "ftp://a", "https://", "https://a:99999", "http://[::1", "//a"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str):
    with pytest.raises(RefactError) as caught:
        parse_target(url)
    assert caught.value.problem.field == "baseUrl"


def test_what_is_shown_of_an_address_has_no_secret():
    target = parse_target("https://user:word@a.example/v1?key=secret")
    assert target.shown == "https://a.example/v1"
    assert "word" not in repr(target)


@every_row(
    ("base", "path", "joined"),
    [
        ("https://a/v1", "/models", "https://a/v1/models"),
        ("https://a/v1/", "models?x=1", "https://a/v1/models?x=1"),
        ("https://a/v1?api-version=2", "/models", "https://a/v1/models?api-version=2"),
        ("https://a/v1?v=2", "models?x=1", "https://a/v1/models?v=2&x=1"),
        ("https://a", "", "https://a"),
    ],
)
def test_a_path_is_appended_before_the_query(base: str, path: str, joined: str):
    assert join(base, path) == joined


@every_row(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("llm.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("127.1", False),
        ("2130706433", False),
        ("10.0.0.1", False),
        ("::", False),
        ("fe80::1%lo", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, loopback: bool):
    assert is_loopback(host) is loopback


@every_row(
    ("url", "allow_http", "local_only", "kind"),
    [
        ("http://localhost:1", False, True, None),
        ("http://192.168.0.2", False, False, "invalidRequest"),
        ("http://192.168.0.2", True, False, None),
        ("http://192.168.0.2", True, True, "privacy"),
        ("https://a.example", False, False, None),
        ("https://a.example", False, True, "privacy"),
    ],
)
def test_where_a_request_may_go(url: str, *, allow_http: bool, local_only: bool, kind: str | None):
    target = parse_target(url)
    refused = refusal(target, provider="p", allow_http=allow_http, local_only=local_only)
    assert (refused.problem.kind if refused else None) == kind


@every_row(
    ("url", "location", "to"),
    [
        ("https://a/x", "/y?z=1", "https://a/y"),
        ("https://a/x", "https://a:443/y", "https://a/y"),
        ("http://a/x", "https://a/x", "https://a/x"),
        ("https://a/x", "https://b/x", None),
        ("https://a/x", "//b/x", None),
        ("https://a/x", "http://a/x", None),
        ("https://a/x", "https://a:8443/x", None),
        ("http://127.0.0.1:1/x", "http://127.0.0.1:2/x", None),
        ("https://a/x", "https://a@b/x", None),
        ("https://a/x", "https://a.b/x", None),
    ],
)
def test_a_redirect_is_followed_at_the_same_place_only(url: str, location: str, to: str | None):
    try:
        shown = redirected(parse_target(url), location, "p").shown
    except RefactError:
        shown = None
    assert shown == to


@every_row(
    ("url", "own", "environ", "proxy"),
    [
        ("https://a.example", None, {}, None),
        ("https://a.example", None, {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://a.example", None, {"https_proxy": "p:1"}, "http://p:1"),
        ("https://a.example", None, {"ALL_PROXY": "socks5://p"}, "socks5://p"),
        ("https://a.example", "http://own", {"HTTPS_PROXY": "http://p"}, "http://own"),
        ("http://a.example", None, {"HTTP_PROXY": "http://p"}, None),
        ("http://localhost:1", None, {"http_proxy": "http://p"}, None),
        ("http://localhost:1", "http://own", {}, "http://own"),
        ("https://a.example", None, {"HTTPS_PROXY": "http://p", "NO_PROXY": "*"}, None),
        ("https://a.example", None, {"HTTPS_PROXY": "http://p", "no_proxy": "x,.example"}, None),
        ("https://a.example", None, {"HTTPS_PROXY": "http://p", "no_proxy": "a.example:443"}, None),
        (
            "https://a.example",
            None,
            {"HTTPS_PROXY": "http://p", "no_proxy": "ample, b.example,a.example:1,"},
            "http://p",
        ),
    ],
)
def test_which_proxy_a_request_takes(
    url: str, own: str | None, environ: dict[str, str], proxy: str | None
):
    assert proxy_for(parse_target(url), own, environ) == proxy
