"""Signature Version 4's canonical form of a request: the text that both sides sign.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import hashlib
import hmac
import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes

from infra.local.wire import HttpRequest

ALGORITHM = "AWS4-HMAC-SHA256"

#: Spaces in a row count as one in a header's value.
SPACES = re.compile(rb"[ \t]+")


def canonical_requests(request: HttpRequest, signed_headers: list[str]) -> list[str]:
    """The canonical request, and where clients differ on how to write a query string, each of its forms."""
    headers = "".join(f"{name}:{_header(request, name)}\n" for name in signed_headers)
    names = ";".join(signed_headers)
    digest = hashlib.sha256(request.body).hexdigest()
    path = _path(request.path)
    return [
        f"{request.method}\n{path}\n{query}\n{headers}\n{names}\n{digest}"
        for query in dict.fromkeys((_query_as_sent(request.query), _query_normalised(request.query)))
    ]


def string_to_sign(canonical: str, moment: str, scope: str) -> str:
    """What the key is applied to; `moment` is `20261122T101500Z`."""
    return f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"


def signature(secret: str, scope: str, text: str) -> str:
    """The signature in hexadecimal; `scope` is `20261122/eu-west-1/sqs/aws4_request`."""
    return hmac.new(_signing_key(secret, scope), text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def _signing_key(secret: str, scope: str) -> bytes:
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _header(request: HttpRequest, name: str) -> str:
    value = request.headers.get(name.encode("latin-1", "replace"), b"")
    return SPACES.sub(b" ", value).strip().decode("utf-8", "surrogateescape")


def _path(raw: bytes) -> str:
    """The path as sent, its dots and doubled slashes resolved, and encoded once more (all services but S3 do)."""
    parts: list[bytes] = []
    for part in raw.split(b"/"):
        if part == b"..":
            del parts[-1:]
        elif part not in (b"", b"."):
            parts.append(part)
    path = b"/" + b"/".join(parts)
    if parts and raw.endswith((b"/", b"/.", b"/..")):
        path += b"/"
    return quote(path, safe="/~")


def _pairs(raw: bytes) -> list[tuple[bytes, bytes]]:
    pairs = []
    for part in raw.split(b"&"):
        name, _, value = part.partition(b"=")
        if part and name != b"X-Amz-Signature":
            pairs.append((name, value))
    return pairs


def _query_as_sent(raw: bytes) -> str:
    """Sorted, and otherwise as it came: what botocore signs."""
    return "&".join(f"{name.decode('latin-1')}={value.decode('latin-1')}" for name, value in sorted(_pairs(raw)))


def _query_normalised(raw: bytes) -> str:
    """Sorted, and percent-encoded by the book."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in _pairs(raw))
    return "&".join(f"{name}={value}" for name, value in pairs)


def _encoded(text: bytes) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")
