"""Which web pages may call the door: those of this machine.

Without a secret every request is let in, so a page of any website, open in a browser here, could send a form to a
queue or read one through DNS rebinding. Browsers say where a request comes from; SDKs and tools say nothing and pass.
"""

from urllib.parse import urlsplit

from infra.local.errors import AwsError
from infra.local.wire import HttpReply, HttpRequest
from infra.serving import is_loopback

#: Seconds for which a browser may remember what it was allowed: two days, as AWS says.
PREFLIGHT_SECONDS = b"172800"

#: Reply headers that a page's script may read, as AWS lists them.
EXPOSED = b"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-query-error,x-amz-crc32,Date"

REFUSAL = "The embedded AWS answers web pages of this machine alone; this one is at {origin}."


def check_origin(request: HttpRequest) -> None:
    """Raise `AwsError` for a request of a web page that is not of this machine."""
    origin = request.headers.get(b"origin")
    if origin is not None:
        if not _is_here(_host_in(origin)):
            raise _refused(origin)
        return
    site = request.headers.get(b"sec-fetch-site")
    # `none`: typed into the address bar.
    if site is not None and site != b"none":
        host = request.headers.get(b"host", b"")
        if site == b"cross-site" or not _is_here(_host_in(b"//" + host)):
            raise _refused(host)


def preflight(request: HttpRequest) -> HttpReply | None:
    """The answer to a browser that asks what it may send; None for any other request."""
    if request.method != "OPTIONS" or b"origin" not in request.headers:
        return None
    headers = [(b"access-control-max-age", PREFLIGHT_SECONDS)]
    for asked, allowed in (
        (b"access-control-request-headers", b"access-control-allow-headers"),
        (b"access-control-request-method", b"access-control-allow-methods"),
    ):
        value = request.headers.get(asked)
        if value is not None:
            headers.append((allowed, value))
    return HttpReply(200, b"", headers)


def allow_reading(request: HttpRequest, reply: HttpReply) -> None:
    """Let the page that asked read the reply."""
    origin = request.headers.get(b"origin")
    if origin is not None:
        reply.headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-expose-headers", EXPOSED),
            (b"vary", b"origin"),
        ]


def _host_in(url: bytes) -> str | None:
    try:
        return urlsplit(url.decode("latin-1")).hostname
    except ValueError:
        return None


def _is_here(host: str | None) -> bool:
    return host is not None and (is_loopback(host) or host.endswith(".localhost"))


def _refused(origin: bytes) -> AwsError:
    message = REFUSAL.format(origin=repr(origin.decode("latin-1")[:200]))
    return AwsError("AccessDeniedException", message, status=403, query_code="AccessDenied")
