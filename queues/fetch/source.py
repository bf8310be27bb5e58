"""A user-supplied URL, split once and shown safely: errors and logs never carry its password or its signed query."""

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from queues.fetch.errors import FetchRefused

#: The schemes that `fetch` reads.
SCHEMES = ("file", "http", "https", "s3")

#: Longest URL accepted, in characters. Presigned S3 links are about 1,500.
MAX_URL = 4096

#: Longest URL repeated in a message, in characters.
MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Source:
    """One URL: `scheme` in lower case, the split `parts`, and the text as the user gave it."""

    text: str = field(repr=False)
    scheme: str
    parts: SplitResult = field(repr=False)
    #: The URL for messages and logs: no user, password, query or fragment.
    shown: str


def parse(text: str) -> Source:
    """Split `text`, or raise `FetchRefused` when it is no URL of a scheme that we read."""
    if len(text) > MAX_URL:
        raise FetchRefused(f"the URL has {len(text)} characters: at most {MAX_URL} are read")
    if not text.isprintable() or " " in text:
        raise FetchRefused("the URL holds a space or a control character: percent-encode it (a space is %20)")
    try:
        parts = urlsplit(text)
        shown = show(parts)
    except ValueError:
        raise FetchRefused("the URL is malformed: its host or port cannot be read") from None
    if parts.scheme not in SCHEMES:
        named = f"scheme {parts.scheme!r}" if parts.scheme else "no scheme"
        raise FetchRefused(f"{shown!r} has {named}: use file://, http://, https:// or s3://")
    return Source(text=text, scheme=parts.scheme, parts=parts, shown=shown)


def show(parts: SplitResult) -> str:
    """The URL without user, password, query and fragment, cut at `MAX_SHOWN` characters."""
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    port = f":{parts.port}" if parts.port is not None else ""
    prefix = f"{parts.scheme}://" if parts.scheme else ""
    shown = f"{prefix}{host}{port}{parts.path}"
    return shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
