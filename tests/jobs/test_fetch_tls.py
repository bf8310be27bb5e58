"""`https://`: the address that was checked is dialled, and the certificate is still checked against the name."""

import datetime
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from website import Site

from queues.fetch import FetchPolicy, FetchRefused, fetch


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for parts.test that signs itself, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "parts.test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.datetime(2020, 1, 1))
        .not_valid_after(datetime.datetime(2120, 1, 1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("parts.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path_factory.mktemp("tls") / "parts.pem"
    unencrypted = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return pem


@pytest.fixture
def names_sent() -> list[str | None]:
    return []


@pytest.fixture
def tls_site(certificate: Path, names_sent: list[str | None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _socket, name, _context: names_sent.append(name)
    site = Site(context)

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield site
    site.close()


def policy(site: Site) -> FetchPolicy:
    return FetchPolicy(allow=frozenset({("parts.test", site.port), ("other.test", site.port)}))


def url(site: Site, host: str) -> str:
    return site.url("/part", host).replace("http:", "https:")


def test_a_trusted_certificate(
    tls_site: Site, certificate: Path, names_sent: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_site.serve("/part", b"a part")
    assert fetch(url(tls_site, "parts.test"), policy(tls_site)) == b"a part"
    assert names_sent == ["parts.test"]


def test_a_certificate_for_another_name(tls_site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with pytest.raises(FetchRefused, match="cannot be trusted"):
        fetch(url(tls_site, "other.test"), policy(tls_site))


def test_a_certificate_that_nobody_signed(tls_site: Site) -> None:
    with pytest.raises(FetchRefused, match="cannot be trusted"):
        fetch(url(tls_site, "parts.test"), policy(tls_site))


def test_a_redirect_from_https_to_http_is_refused(
    tls_site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    tls_site.serve("/part", status=302, Location=tls_site.url("/plain", "parts.test"))
    with pytest.raises(FetchRefused, match="from https to http"):
        fetch(url(tls_site, "parts.test"), policy(tls_site))
