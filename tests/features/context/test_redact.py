"""Secrets are taken out of context; code stays as it is."""

from refact_lsp.core.redact import REDACTED, redacted
from tests.rows import every_row

RANDOM = "q7Zk2" + "Vb9Xw3Lp8Ts1Rn6Yd4Hf5Jg0Mc"


@every_row(
    "line",
    [
        f'key = "sk-{RANDOM}"',
        "token: gh" + f"p_{RANDOM}{RANDOM[:6]}",
        'AWS = "AK' + 'IAABCDEFGHIJKLMNOP"',
        f'url = "https://user:{RANDOM}@host/path"',
        'password = "correct-horse-battery"',
        f'"apiKey": "{RANDOM}"',
        f"x = '{RANDOM}{RANDOM[::-1]}'",
    ],
)
def test_secrets_by_shape_by_name_and_by_chance_are_taken_out(line: str):
    found = redacted(line)
    assert REDACTED in found
    assert RANDOM not in found
    assert "horse" not in found


def test_a_private_key_is_taken_out_whole():
    key = "-----BEGIN RSA PRIVATE " + "KEY-----\nabc\ndef\n-----END RSA PRIVATE " + "KEY-----"
    assert redacted(f"a\n{key}\nb").split("\n") == ["a", *[REDACTED] * 4, "b"]


@every_row(
    "line",
    [
        "def compute_the_weighted_average_of_all_values(self) -> float:",
        "import { VeryLongComponentNameProviderFactory } from '../../components/context/provider';",
        'password = "<your password here>"',
        "password: str = field()",
        "sha = '0123456789012345678901234567890123456789'",
        "const path = 'packages/coding-agent/src/core/extensions/Types2Loader3Index4';",
        'api_key = os.environ["OPENAI_API_KEY"]',
    ],
)
def test_code_stays_as_it_is(line: str):
    assert redacted(line) == line
