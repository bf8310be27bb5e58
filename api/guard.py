"""The outermost layer, plain ASGI: who calls, what is sent with every answer, and what becomes of an error.

Everything needs a token but the paths in OPEN and below OPEN_BELOW: what a later route forgets is closed, not open. An
error that nobody foresaw is logged once, under an incident's number, and only that number goes out.
"""

from __future__ import annotations

import logging
import secrets

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.auth import Tokens, refused
from api.problems import INTERNAL, Problem, shown_path
from api.translate import problem_of

log = logging.getLogger("jobyard.api")

#: Answered without a token. A token that is sent to one of them must be good all the same.
OPEN = frozenset({"/openapi.json", "/docs", "/api/v1/jobs/health/check", "/jobs"})
#: The same for what lies below: the dashboard's own files, which hold no data.
OPEN_BELOW = "/jobs/"

#: Sent with every answer that does not say otherwise.
HEADERS = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
}


class Guard:
    """Wraps the app."""

    def __init__(self, app: ASGIApp, tokens: Tokens):
        self._app, self._tokens = app, tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(message)
            await send(message)

        try:
            self._identify(scope)
            await self._app(scope, receive, guarded)
        except ClientDisconnect:
            return
        except Exception as error:
            if started:
                raise
            problem = problem_of(error) or incident(error, scope)
            if problem.kind.status >= 500 and problem.kind is not INTERNAL:
                log.warning("%s %s: %s", scope["method"], shown_path(scope["path"]), problem.detail)
            await problem.response(scope["path"])(scope, receive, guarded)

    def _identify(self, scope: Scope) -> None:
        """Puts the caller into the scope; None on an open path without a token."""
        sent = [value for name, value in scope["headers"] if name == b"authorization"]
        if not sent and _is_open(scope["path"]):
            scope["caller"] = None
            return
        if len(sent) > 1:
            raise refused("send one Authorization header, not several", "invalid_request")
        scope["caller"] = self._tokens.caller(sent[0].decode("latin-1") if sent else None)


def _is_open(path: str) -> bool:
    return path in OPEN or path.startswith(OPEN_BELOW)


def incident(error: Exception, scope: Scope) -> Problem:
    """What goes out of an error that nobody foresaw: the number under which the log has it."""
    number = secrets.token_hex(6)
    log.error("incident %s: %s %s", number, scope["method"], shown_path(scope["path"]), exc_info=error)
    return Problem(INTERNAL, f"the server's log has this as incident {number}", incident=number)


def _add_headers(message: Message) -> None:
    headers = message["headers"] = list(message.get("headers", ()))
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in HEADERS.items() if name not in present]


def _without_body(send: Send) -> Send:
    async def headers_only(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return headers_only
