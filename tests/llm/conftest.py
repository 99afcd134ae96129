"""What the tests of requests share."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def no_authorities_of_the_system() -> Iterator[None]:
    """Reading them takes 30 ms for each client, and no test trusts them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", os.devnull)
        yield
