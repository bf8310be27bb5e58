"""`http://` and `https://`: a GET that follows at most five redirects, each one checked like the first URL.

httpcore rather than httpx: it takes a network layer of our own (`connect.py`) through its public interface, decodes
nothing and follows nothing by itself. Proxy variables are not honoured: a proxy would do the look-up that we check.
"""

import base64
import ssl
from urllib.parse import unquote, urljoin

import httpcore
import httpx

from queues.fetch.body import Body, Deadline
from queues.fetch.connect import CheckedNetwork
from queues.fetch.decode import decoder
from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import Source, parse

#: Redirects followed; the next is refused.
MAX_REDIRECTS = 5

#: Statuses that carry a `Location` to follow.
REDIRECTS = {301, 302, 303, 307, 308}

#: Client-error statuses that a later try may not meet: time-out, too early, too many requests.
RETRYABLE = {408, 425, 429}


def read(source: Source, policy: FetchPolicy) -> bytes:
    """The body of the URL, or `FetchRefused`, or `FetchUnavailable`."""
    deadline = Deadline(policy)
    with httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        network_backend=CheckedNetwork(policy, deadline),
        max_keepalive_connections=0,
    ) as pool:
        credentials = _credentials(source)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = _get(pool, source, policy, deadline, credentials)
            except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
                raise _failed(source, error) from error
            if isinstance(answer, bytes):
                return answer
            if _origin(answer) != _origin(source):
                credentials = None
            source = answer
    raise FetchRefused(f"{source.shown} redirects once more after {MAX_REDIRECTS} redirects: give the final URL")


def _get(
    pool: httpcore.ConnectionPool,
    source: Source,
    policy: FetchPolicy,
    deadline: Deadline,
    credentials: str | None,
) -> bytes | Source:
    """One request: the body, or where a redirect leads."""
    try:
        url = httpx.URL(source.text)
    except httpx.InvalidURL:
        raise FetchRefused(f"{source.shown} is malformed: check the URL") from None
    if not url.host:
        raise FetchRefused(f"{source.shown} names no host: check the URL")
    headers: dict[str | bytes, str | bytes] = {
        "Host": url.netloc.decode(),
        "User-Agent": "jobyard",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
    }
    if credentials:
        headers["Authorization"] = credentials
    timeouts = {
        "connect": policy.connect_timeout,
        "read": policy.read_timeout,
        "write": policy.read_timeout,
        "pool": policy.connect_timeout,
    }
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    with pool.stream("GET", target, headers=headers, extensions={"timeout": timeouts}) as response:
        found = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if response.status in REDIRECTS:
            return _redirected(source, found.get(b"location"))
        if response.status != 200:
            raise _bad_status(source, response.status)
        body = Body(source.shown, policy.max_http, "JOBYARD_FETCH_MAX_HTTP")
        length = found.get(b"content-length", "")
        body.announce(int(length) if length.isdigit() else 0)
        decode = decoder(found.get(b"content-encoding", ""), source.shown)
        for chunk in response.iter_stream():
            decode.feed(chunk, body)
            deadline.check(source.shown)
        decode.finish()
        return body.finish()


def _redirected(source: Source, location: str | None) -> Source:
    if not location:
        raise FetchRefused(f"{source.shown} redirects without saying where to")
    target = parse(urljoin(source.text, location))
    if target.scheme not in ("http", "https"):
        raise FetchRefused(f"{source.shown} redirects to a {target.scheme}:// URL, which is not followed")
    if source.scheme == "https" and target.scheme == "http":
        raise FetchRefused(f"{source.shown} redirects from https to http, which is not followed")
    return target


def _bad_status(source: Source, status: int) -> FetchRefused | FetchUnavailable:
    if status in RETRYABLE or status >= 500:
        return FetchUnavailable(f"{source.shown} answered {status}")
    if status in (404, 410):
        return FetchRefused(f"{source.shown} was not found: it answered {status}")
    if status in (401, 403):
        return FetchRefused(f"{source.shown} answered {status}: give a URL that may be read, such as a presigned one")
    return FetchRefused(f"{source.shown} answered {status}, and only 200 carries a file")


def _failed(source: Source, error: Exception) -> FetchRefused | FetchUnavailable:
    """An httpcore failure in our words; what it says itself may name inner addresses, so it stays in the cause."""
    if isinstance(error, httpcore.TimeoutException):
        return FetchUnavailable(f"{source.shown} did not answer in time")
    if isinstance(error, httpcore.UnsupportedProtocol | httpcore.LocalProtocolError):
        return FetchRefused(f"{source.shown} cannot be asked for over HTTP: check the URL")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return FetchRefused(f"{source.shown} has a certificate that cannot be trusted: {cause.verify_message}")
        cause = cause.__cause__ or cause.__context__
    return FetchUnavailable(f"the connection to {source.shown} failed or broke ({type(error).__name__})")


def _credentials(source: Source) -> str | None:
    """A `user:password@` in the URL as a Basic header, sent to that origin only."""
    user, password = source.parts.username, source.parts.password
    if user is None and password is None:
        return None
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _origin(source: Source) -> tuple[str, str | None, int | None]:
    return source.scheme, source.parts.hostname, source.parts.port
