"""`https://`: the address that was checked is dialled, and the certificate is still checked against the name."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from website import Site

from queues.fetch import FetchPolicy, FetchRefused, fetch
from tests.certificate import self_signed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for parts.test that signs itself, with its key, as one PEM file."""
    return self_signed("parts.test", tmp_path_factory.mktemp("tls") / "parts.pem")


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
