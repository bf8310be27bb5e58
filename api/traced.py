"""Requests that are part of a trace: what they enqueue goes on from their caller's span. Plain ASGI; only there where
traces are on, so that nothing of it is run or imported otherwise."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from queues.observe.tracing import from_caller


class Traced:
    """Wraps the app."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parents, states = _sent(scope, b"traceparent"), _sent(scope, b"tracestate")
        with from_caller(parents, states):
            await self._app(scope, receive, send)


def _sent(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]
