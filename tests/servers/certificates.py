"""Certificates for tests, made on the spot: an authority and a server that it vouches for.

What makes them is imported where one is made: it takes longer than all else that a test imports.
"""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec


def server_context(
    folder: Path, *, expired: bool = False, host: str = "127.0.0.1", alpn: tuple[str, ...] = ()
) -> tuple[ssl.SSLContext, str]:
    """Make a server's TLS context, and the path of the authority's file for the client."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    now = datetime.now(UTC)
    end = now - timedelta(days=1) if expired else now + timedelta(days=1)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = (
        _certificate("Tests", authority_key, "Tests", authority_key, now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signs_certificates(), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    name = x509.IPAddress(ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    certificate = (
        _certificate("Server", key, "Tests", authority_key, end)
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "authority.pem": authority.public_bytes(Encoding.PEM),
        "server.pem": certificate.public_bytes(Encoding.PEM)
        + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    for file, content in files.items():
        (folder / file).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    if alpn:
        context.set_alpn_protocols(alpn)
    return context, str(folder / "authority.pem")


def _certificate(
    subject: str,
    key: "ec.EllipticCurvePrivateKey",
    issuer: str,
    issuer_key: "ec.EllipticCurvePrivateKey",
    end: datetime,
) -> "x509.CertificateBuilder":
    """Begin a certificate with all that RFC 5280 wants of it: Python 3.13 insists."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - timedelta(days=3))
        .not_valid_after(end)
        .add_extension(identifier, critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signs_certificates() -> "x509.KeyUsage":
    from cryptography import x509

    return x509.KeyUsage(
        key_cert_sign=True,
        crl_sign=True,
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
