"""A request's body: bounded while it streams in, and JSON or nothing.

Read by two parsers, at half a microsecond each: orjson refuses what is not JSON or no finite number, jiter keeps
integers beyond 64 bits as they are, so that they are refused by name further in and not silently rounded.
"""

from __future__ import annotations

from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json
from starlette.requests import Request

from api.models import NAMES_AT
from api.problems import BROKEN_JSON, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, Problem
from api.translate import Names, invalid_body
from queues.limits import MAX_BODY_BYTES

T = TypeVar("T")

#: Bytes of a body that is too large which are still read, and thrown away: a client that is cut off while it sends
#: sees a broken connection and not the answer.
MAX_DISCARDED_BYTES = 8 * MAX_BODY_BYTES


async def read_body(request: Request, shape: TypeAdapter[T], names: Names = NAMES_AT) -> T:
    """The body in the shape that a route takes; problems 400, 413, 415, 422 otherwise.

    `names`: that it may have at each place.
    """
    _check_kind(request)
    value = parse(await _bytes(request))
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        raise invalid_body(error, names) from None


def parse(raw: bytes) -> Any:
    """JSON text as plain values. Of two members of the same name the last one counts, as in JavaScript."""
    try:
        orjson.loads(raw)
        return from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        # The parsers' words tell the place, not the content.
        raise Problem(BROKEN_JSON, f"the body is not JSON: {error}" if raw else "the body is empty") from None


async def _bytes(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    kept = not (announced.isdigit() and int(announced[:20]) > MAX_BODY_BYTES)
    if not kept and "expect" in request.headers:
        # The client asks before it sends.
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            kept = False
            chunks.clear()
        if size > MAX_DISCARDED_BYTES:
            break
        if kept:
            chunks.append(chunk)
    if not kept:
        raise _too_large()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large() -> Problem:
    # More of the body may be on its way: nothing else can be read from this connection.
    return Problem(
        TOO_LARGE,
        f"the body is larger than {MAX_BODY_BYTES:,} bytes; send smaller batches, or put data into a file or an "
        "object store and pass its URL",
        headers={"Connection": "close"},
    )


def _check_kind(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    kind = kind.strip()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        sent = f"it is {kind[:100]!r}" if kind else "it has none"
        raise Problem(
            UNSUPPORTED_MEDIA_TYPE,
            f"send the body with `Content-Type: application/json`; {sent}",
            headers={"Accept": "application/json"},
        )
    charset = parameters.partition("charset=")[2].strip(' "')
    if charset and charset not in ("utf-8", "utf8"):
        raise Problem(UNSUPPORTED_MEDIA_TYPE, f"send JSON as UTF-8, not as {charset[:40]!r}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(UNSUPPORTED_MEDIA_TYPE, "send the body as it is, without a Content-Encoding")
