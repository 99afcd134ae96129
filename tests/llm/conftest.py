"""What the tests of requests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import certifi
import pytest


@pytest.fixture(scope="package", autouse=True)
def one_authority_of_the_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reading them all takes 40 ms for each client, and no test trusts one of them."""
    first, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    one = tmp_path_factory.mktemp("authorities") / "one.pem"
    one.write_text(first + end)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        patch.setattr("certifi.where", lambda: str(one))
        yield
