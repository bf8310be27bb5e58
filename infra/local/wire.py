"""An HTTP request and its reply as plain values, so that nothing behind the socket depends on a server library."""

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote


@dataclass(eq=False)
class HttpRequest:
    """One request, read to its end."""

    #: In capitals.
    method: str
    #: As sent: percent-encoded, without the query string. A signature covers these very bytes.
    path: bytes
    #: As sent, without the question mark.
    query: bytes
    #: Names in lower case; values of a header sent twice are joined with a comma.
    headers: dict[bytes, bytes]
    #: After `Transfer-Encoding` and before `Content-Encoding` is undone.
    body: bytes = b""

    def text(self, name: bytes) -> str:
        """A header's value, empty where it was not sent."""
        return self.headers.get(name, b"").decode("latin-1")

    @cached_property
    def segments(self) -> list[str]:
        """The parts of the path between its slashes, decoded; what is not UTF-8 becomes U+FFFD."""
        return [unquote(part.decode("latin-1"), errors="replace") for part in self.path.strip(b"/").split(b"/") if part]

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.text(b"content-type").partition(";")[0].strip().lower()


@dataclass(slots=True, eq=False)
class HttpReply:
    """One reply; the server adds Content-Length and Date."""

    status: int
    body: bytes = b""
    #: Names in lower case.
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
