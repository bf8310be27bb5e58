"""`http://`: limits, redirects, private addresses and broken servers, against a real server on loopback.

Loopback is private, so each test that may reach the server says so through the policy's `allow`, as an operator would.
"""

import gzip
import itertools
import socket
import zlib
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from website import Site

from queues.fetch import FetchPolicy, FetchRefused, FetchUnavailable, fetch


@pytest.fixture
def policy(site: Site) -> FetchPolicy:
    return FetchPolicy(
        allow=frozenset({("127.0.0.1", site.port), ("parts.test", site.port)}),
        max_http=1000,
        connect_timeout=2,
        read_timeout=2,
        total_timeout=10,
    )


def refusal(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(FetchRefused) as caught:
        fetch(url, policy)
    return str(caught.value)


def trouble(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(FetchUnavailable) as caught:
        fetch(url, policy)
    return str(caught.value)


def resolving(monkeypatch: pytest.MonkeyPatch, names: dict[str, list[list[str]]]) -> None:
    """Look these names up like this, one answer after the other; all else as ever."""
    answers = {name: iter(lists) for name, lists in names.items()}
    really = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
        if host not in answers:
            return really(host, port, *args, **kwargs)
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers[host])]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


# --- what works -----------------------------------------------------------------------------------------------


def test_a_body(site: Site, policy: FetchPolicy) -> None:
    assert fetch(site.serve("/part.stl", b"a part"), policy) == b"a part"


def test_a_body_without_a_length(site: Site, policy: FetchPolicy) -> None:
    assert fetch(site.serve("/part.stl", b"a part", length=False), policy) == b"a part"


def test_the_query_is_sent_and_the_fragment_is_not(site: Site, policy: FetchPolicy) -> None:
    site.serve("/part.stl", b"a part")
    fetch(site.url("/part.stl?a=%2F&b=1#c"), policy)
    assert site.seen[0][0] == "/part.stl?a=%2F&b=1"


def test_a_name_keeps_its_host_header_though_the_address_is_dialled(
    site: Site, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, {"parts.test": [["127.0.0.1"]]})
    site.serve("/part.stl", b"a part")
    assert fetch(site.url("/part.stl", host="parts.test"), policy) == b"a part"
    assert site.seen[0][1]["Host"] == f"parts.test:{site.port}"


def test_five_redirects_are_followed_and_not_a_sixth(site: Site, policy: FetchPolicy) -> None:
    for n in range(1, 7):
        site.serve(f"/{n}", status=302, Location=f"/{n - 1}")
    site.serve("/0", b"a part")
    assert fetch(site.url("/5"), policy) == b"a part"
    assert "after 5 redirects" in refusal(site.url("/6"), policy)


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress])
def test_a_compressed_body_is_inflated(encode: Any, site: Site, policy: FetchPolicy) -> None:
    encoding = "gzip" if encode is gzip.compress else "deflate"
    url = site.serve("/part.stl", encode(b"a part" * 100), Content_Encoding=encoding)
    assert fetch(url, policy) == b"a part" * 100
    assert site.seen[0][1]["Accept-Encoding"] == "identity"


def test_credentials_are_sent_to_their_own_origin_only(
    site: Site, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, {"parts.test": [["127.0.0.1"]]})
    site.serve("/here", status=302, Location=site.url("/there", host="parts.test"))
    site.serve("/there", b"a part")
    assert fetch(f"http://user:hunter%32@127.0.0.1:{site.port}/here", policy) == b"a part"
    assert site.seen[0][1]["Authorization"] == "Basic dXNlcjpodW50ZXIy"
    assert "Authorization" not in site.seen[1][1]


# --- sizes ----------------------------------------------------------------------------------------------------


def test_the_limit_is_exact(site: Site, policy: FetchPolicy) -> None:
    assert len(fetch(site.serve("/fits", bytes(1000)), policy)) == 1000
    assert "too large: it has 1,001 bytes" in refusal(site.serve("/large", bytes(1001)), policy)


def test_an_announced_size_is_refused_before_a_byte_is_read(site: Site, policy: FetchPolicy) -> None:
    def announce(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(10**15))
        request.end_headers()
        site.ended.wait()

    site.answers["/large"] = announce
    assert "1,000,000,000,000,000 bytes" in refusal(site.url("/large"), policy)


def test_a_body_that_never_ends_is_cut(site: Site, policy: FetchPolicy) -> None:
    def pour(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not site.ended.is_set():
            request.wfile.write(bytes(500))

    site.answers["/endless"] = pour
    assert "the limit is 1,000 bytes (set by JOBYARD_FETCH_MAX_HTTP)" in refusal(site.url("/endless"), policy)


def test_a_gzip_bomb_is_cut_while_it_is_inflated(site: Site, policy: FetchPolicy) -> None:
    bomb = gzip.compress(bytes(100_000), mtime=0)
    assert len(bomb) < policy.max_http
    assert "too large" in refusal(site.serve("/bomb", bomb, Content_Encoding="gzip"), policy)


@pytest.mark.parametrize(
    ("body", "encoding", "says"),
    [
        (b"not compressed", "gzip", "says that it is compressed"),
        (gzip.compress(b"a", mtime=0) + b"more", "gzip", "bytes after the end"),
        (b"a part", "br", "Content-Encoding 'br'"),
        (b"a part", "gzip, gzip", "serve it uncompressed"),
    ],
)
def test_encodings_that_are_not_read(body: bytes, encoding: str, says: str, site: Site, policy: FetchPolicy) -> None:
    assert says in refusal(site.serve("/part", body, Content_Encoding=encoding), policy)


def test_a_compressed_body_that_ends_early_may_be_whole_next_time(site: Site, policy: FetchPolicy) -> None:
    body = gzip.compress(b"a part" * 100, mtime=0)[:-9]
    assert "ended before" in trouble(site.serve("/part", body, Content_Encoding="gzip"), policy)


# --- statuses -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 204, 206, 300])
def test_answers_that_trying_again_does_not_change(status: int, site: Site, policy: FetchPolicy) -> None:
    url = site.serve("/part", status=status)
    message = refusal(f"{url}?X-Amz-Signature=hunter2", policy)
    assert f"{url} " in message
    assert str(status) in message
    assert "hunter2" not in message


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_answers_that_may_change(status: int, site: Site, policy: FetchPolicy) -> None:
    url = site.serve("/part", status=status)
    assert trouble(f"{url}?token=hunter2", policy) == f"{url} answered {status}"


# --- time and connections -------------------------------------------------------------------------------------


def test_a_server_that_says_nothing(site: Site, policy: FetchPolicy) -> None:
    def say_nothing(_: BaseHTTPRequestHandler) -> None:
        site.ended.wait()

    site.answers["/silent"] = say_nothing
    patient = FetchPolicy(allow=policy.allow, read_timeout=0.05)
    assert "did not answer in time" in trouble(site.url("/silent"), patient)


def test_a_slow_trickle_ends_with_the_whole_time(site: Site, policy: FetchPolicy) -> None:
    def trickle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not site.ended.is_set():
            request.wfile.write(b"x")
            request.wfile.flush()

    site.answers["/trickle"] = trickle
    # Each look at the clock is a second later, so no single read is slow and the sum of them is.
    seconds = itertools.count()
    policy = FetchPolicy(allow=policy.allow, total_timeout=30, monotonic=lambda: float(next(seconds)))
    message = trouble(site.url("/trickle"), policy)
    assert "within 30 s" in message or "in time" in message
    assert next(seconds) < 60


def test_headers_that_never_end_are_bounded(site: Site, policy: FetchPolicy) -> None:
    def babble(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not site.ended.is_set():
            request.wfile.write(b"X-More: and more\r\n")

    site.answers["/babble"] = babble
    with pytest.raises((FetchUnavailable, FetchRefused)):
        fetch(site.url("/babble"), policy)


def test_a_connection_that_breaks(site: Site, policy: FetchPolicy) -> None:
    def stop_short(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "500")
        request.end_headers()
        request.wfile.write(b"only this")

    site.answers["/short"] = stop_short
    assert "failed or broke" in trouble(site.url("/short"), policy)


def test_nobody_listens(policy: FetchPolicy) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        lonely = FetchPolicy(allow=frozenset({("127.0.0.1", port)}))
        assert "failed or broke" in trouble(f"http://127.0.0.1:{port}/", lonely)


def test_plain_http_where_tls_was_asked_for(site: Site, policy: FetchPolicy) -> None:
    site.serve("/part", b"a part")
    assert "failed or broke" in trouble(site.url("/part").replace("http:", "https:"), policy)


@pytest.mark.parametrize(("code", "permanent"), [(socket.EAI_AGAIN, False), (socket.EAI_NONAME, True)])
def test_names_that_are_not_found(code: int, permanent: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(code, "no luck")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(FetchRefused if permanent else FetchUnavailable, match=r"parts\.test"):
        fetch("http://parts.test/part.stl", FetchPolicy())


# --- private addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "10.0.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fd00::1]",
        "[fe80::1]",
    ],
)
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    message = refusal(f"http://{host}/latest/meta-data", FetchPolicy())
    assert "private or reserved" in message or "does not exist" in message


def test_a_trusted_host_is_trusted_on_its_port_only(site: Site, policy: FetchPolicy) -> None:
    assert "private or reserved" in refusal("http://127.0.0.1:8080/", policy)
    assert "localhost" in refusal(site.url("/", host="localhost"), policy)


@pytest.mark.parametrize("port", [22, 25, 3306, 6379, 4566])
def test_ports_that_are_not_for_files(port: int) -> None:
    message = refusal(f"http://example.com:{port}/", FetchPolicy())
    assert f"port {port} of example.com" in message
    assert f"example.com:{port} to JOBYARD_FETCH_ALLOW" in message


def test_a_redirect_to_a_private_address_is_refused(site: Site, policy: FetchPolicy) -> None:
    url = site.serve("/part", status=302, Location="http://169.254.169.254/latest/meta-data")
    assert "169.254.169.254 leads to a private" in refusal(url, policy)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "s3://bucket/key", "ftp://host/part"])
def test_a_redirect_out_of_http_is_refused(target: str, site: Site, policy: FetchPolicy) -> None:
    assert refusal(site.serve("/part", status=302, Location=target), policy)


def test_a_redirect_to_nowhere(site: Site, policy: FetchPolicy) -> None:
    assert "without saying where" in refusal(site.serve("/part", status=302), policy)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving(monkeypatch, {"parts.test": [["93.184.215.14", "10.0.0.7"]]})
    message = refusal("http://parts.test/", FetchPolicy())
    assert "parts.test leads to a private" in message
    assert "10.0.0.7" not in message


def test_a_name_is_looked_up_once_so_that_it_cannot_change_its_mind(
    site: Site, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second answer would be another host; asking for a third would fail the test.
    resolving(monkeypatch, {"parts.test": [["127.0.0.1"], ["169.254.169.254"]]})
    site.serve("/part", b"a part")
    assert fetch(site.url("/part", host="parts.test"), policy) == b"a part"
    # The next fetch is a new look-up and a new check, with no trust left over for another port.
    assert "private" in refusal("http://parts.test/", policy)


def test_proxies_of_the_environment_are_not_used(
    site: Site, policy: FetchPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert fetch(site.serve("/part", b"a part"), policy) == b"a part"
