"""What goes wrong, as the API says it: problem documents of RFC 9457, each of a kind that a program can tell apart.

A problem reads `{"type", "title", "status", "detail", "instance"}`; where fields are at fault there is
`errors: [{"field", "message", "value"?, "suggestion"?, "index"?}]`, `index` being the place in a batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import Response

#: Faults that one problem lists; a client that made more of them learns their number.
MAX_ERRORS = 50
#: Characters of a field's name or of a path that are sent back.
MAX_ECHO_CHARS = 200
#: Seconds after which a client may try again what was unavailable.
RETRY_AFTER_SECONDS = 2

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: `type` is `urn:jobyard:problem:` + slug."""

    slug: str
    status: int
    title: str


BROKEN_JSON = Kind("broken-json", 400, "The body is not JSON")
UNAUTHENTICATED = Kind("unauthenticated", 401, "A valid token is needed")
SCOPE_MISSING = Kind("scope-missing", 403, "The token does not allow this")
NOT_FOUND = Kind("not-found", 404, "There is nothing here")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "The method does not apply here")
WRONG_STATUS = Kind("wrong-status", 409, "The job's status does not allow this")
UNOPENABLE = Kind("unopenable", 409, "The job's data cannot be had")
SCHEDULE_EXISTS = Kind("schedule-exists", 409, "There is another schedule of that name")
SCHEDULE_OF_CODE = Kind("schedule-of-code", 409, "The schedule is declared in code")
TOO_LARGE = Kind("too-large", 413, "Too many bytes")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported-media-type", 415, "The body is of a kind that is not read")
INVALID_REQUEST = Kind("invalid-request", 422, "The request is not valid")
INVALID_DATA = Kind("invalid-data", 422, "The data does not fit the job type")
UNKNOWN_TYPE = Kind("unknown-type", 422, "There is no such job type")
INTERNAL = Kind("internal", 500, "Something went wrong here")
UNAVAILABLE = Kind("unavailable", 503, "Not available at the moment")
NOT_ACCEPTED = Kind("not-accepted", 503, "Some jobs were not accepted")
MISCONFIGURED = Kind("misconfigured", 503, "The server is not set up")
DISK_FULL = Kind("disk-full", 507, "The disk is full")

#: Every kind that there is; docs/api.md lists them, and a test compares.
KINDS = tuple(value for value in list(globals().values()) if isinstance(value, Kind))


@dataclass(frozen=True, slots=True)
class Fault:
    """One field at fault. `message` says what is wrong or what to do instead."""

    field: str
    message: str
    #: As it was sent; shown where it is short and plain. `...` if there is none.
    value: Any = ...
    suggestion: str | None = None
    #: The place of the job in a batch.
    index: int | None = None

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {} if self.index is None else {"index": self.index}
        row |= {"field": self.field[:MAX_ECHO_CHARS], "message": self.message}
        if _is_plain(self.value):
            row["value"] = self.value
        if self.suggestion is not None:
            row["suggestion"] = self.suggestion
        return row


class Problem(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self,
        kind: Kind,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ):
        super().__init__(detail)
        self.kind, self.detail, self.errors, self.extra = kind, detail, errors, extra
        self.headers = dict(headers or {})
        if kind.status == 503:
            self.headers.setdefault("Retry-After", str(RETRY_AFTER_SECONDS))

    def to_json(self, path: str) -> dict[str, Any]:
        """The document for a request to `path`."""
        document: dict[str, Any] = {
            "type": f"urn:jobyard:problem:{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "instance": shown_path(path),
        }
        if self.errors:
            document["errors"] = [fault.to_json() for fault in self.errors[:MAX_ERRORS]]
            if len(self.errors) > MAX_ERRORS:
                document["moreErrors"] = len(self.errors) - MAX_ERRORS
        return document | self.extra

    def response(self, path: str) -> Response:
        """The same as an answer."""
        return Response(orjson.dumps(self.to_json(path)), self.kind.status, self.headers, MEDIA_TYPE)


def _is_plain(value: Any) -> bool:
    """Whether a value can be sent back: short, and no integer beyond the 64 bits that orjson writes."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**64
    return isinstance(value, float) or (isinstance(value, str) and len(value) <= 100)


def shown_path(path: str) -> str:
    """A request's path as it may be written into a document or a log: bounded, with nothing that needs care."""
    return quote(path[:MAX_ECHO_CHARS], safe="/:@-._~")
