"""From bytes on a connection to requests: httptools parses, the limits are kept here.

A request that breaks a limit is delivered at once, with its refusal and as far as it was read; what is malformed
likewise. After that the reader is deaf: the connection is to be closed.
"""

from typing import Protocol

import httptools

from infra.local.compression import MAX_BODY, too_large
from infra.local.errors import AwsError
from infra.local.wire import HttpRequest

#: Bytes of a request's first line and headers at most, as AWS's load balancers have it.
#: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
MAX_HEAD = 64 * 1024


class Listener(Protocol):
    """Takes what a reader makes of the bytes."""

    def request_read(self, request: HttpRequest, *, lives_on: bool) -> None:
        """A complete request; `lives_on` says whether its sender means to send more."""

    def request_refused(self, request: HttpRequest, error: AwsError) -> None:
        """A request that cannot be read to its end; it is the last one."""

    def body_awaited(self) -> None:
        """The sender has announced a body and waits to hear that it may send it."""


class RequestReader:
    """Feeds a parser and is called back by it; methods named `on_...` are the parser's."""

    def __init__(self, listener: Listener):
        self._listener = listener
        self._parser = httptools.HttpRequestParser(self)
        self._deaf = False
        #: Whether the bytes to come belong to a first line and headers.
        self.in_head = True
        #: Whether no byte of the next request has come.
        self.idle = True
        self._fed = 0
        self._completed = 0
        self._start()

    def feed(self, data: bytes) -> None:
        """Read some more."""
        if self._deaf:
            return
        before = self._completed
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # an offer to speak another protocol, which is not taken up
        except httptools.HttpParserError:
            self._refuse(AwsError("BadRequest", "The request is not valid HTTP/1.1."))
        if self.in_head:
            # One endless header is not seen by the callbacks before its end.
            self._fed = self._fed + len(data) if self._completed == before else 0
            if self._fed > MAX_HEAD:
                self._refuse(head_too_large())

    def on_message_begin(self) -> None:
        self._start()
        self.idle = False

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)
        if self._head_size > MAX_HEAD:
            self._refuse(head_too_large())

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            self._refuse(head_too_large())
        if not self.in_head:
            return  # after a chunked body: nobody here asked for trailers
        name = name.lower()
        headers = self._headers
        headers[name] = headers[name] + b"," + value if name in headers else value

    def on_headers_complete(self) -> None:
        self.in_head = False
        self._fed = 0
        headers = self._headers
        announced = headers.get(b"content-length", b"0")
        if len(announced) > 19 or int(announced) > MAX_BODY:
            self._refuse(too_large(MAX_BODY))
        elif self._parser.should_upgrade() and (announced != b"0" or b"transfer-encoding" in headers):
            # The parser takes the body for bytes of the other protocol.
            self._refuse(AwsError("BadRequest", "A request with a body cannot offer to upgrade its connection."))
        elif headers.get(b"expect", b"").lower() == b"100-continue":
            self._listener.body_awaited()

    def on_body(self, body: bytes) -> None:
        self._body_size += len(body)
        if self._body_size > MAX_BODY:
            self._refuse(too_large(MAX_BODY))
        elif not self._deaf:
            self._body.append(body)

    def on_message_complete(self) -> None:
        self.in_head = self.idle = True
        self._completed += 1
        if not self._deaf:
            lives_on = self._parser.should_keep_alive() and not self._parser.should_upgrade()
            self._listener.request_read(self._request(), lives_on=lives_on)

    def _start(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_size = 0
        self._body: list[bytes] = []
        self._body_size = 0

    def _refuse(self, error: AwsError) -> None:
        if not self._deaf:
            self._deaf = True
            self._listener.request_refused(self._request(), error)

    def _request(self) -> HttpRequest:
        path, _, query = self._url.partition(b"?")
        if not path.startswith(b"/"):
            # As it is sent to a proxy: `http://host/path`.
            path = b"/" + path.partition(b"://")[2].partition(b"/")[2]
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        method = self._parser.get_method().decode("latin-1") if self._completed or self._url else "GET"
        return HttpRequest(method, path, query, self._headers, body)


def head_too_large() -> AwsError:
    """The error for a first line and headers beyond their limit."""
    message = f"The request's first line and headers are larger than {MAX_HEAD} bytes."
    return AwsError("RequestHeaderSectionTooLarge", message, status=431)
