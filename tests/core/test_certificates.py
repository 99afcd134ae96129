from pathlib import Path

import pytest

from refact_lsp.core.certificates import trusting
from tests.servers.certificates import server_context


def test_the_system_certifi_and_a_file_beside_them_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    system, certifi, own = (
        server_context(tmp_path / whose)[1] for whose in ("system", "certifi", "own")
    )
    monkeypatch.setenv("SSL_CERT_FILE", system)
    monkeypatch.setattr("certifi.where", lambda: certifi)
    numbers = [
        {each["serialNumber"] for each in trusting(file).get_ca_certs()} for file in ("", own)
    ]
    assert [len(each) for each in numbers] == [2, 3]
    assert numbers[0] < numbers[1]
