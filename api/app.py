"""The HTTP API as an ASGI app, and as a Lambda function behind an API Gateway.

`create_app` serves a runtime that somebody else made, as `jobyard up` does with the embedded AWS. `handler` is what
serverless.yml points at: it reads the environment on its first request, so that importing it needs none.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from mangum import Mangum
from mangum.adapter import DEFAULT_TEXT_MIME_TYPES
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from api.auth import Tokens
from api.dashboard.routes import ROUTES as DASHBOARD
from api.guard import Guard
from api.openapi import describe
from api.problems import MEDIA_TYPE, METHOD_NOT_ALLOWED, NOT_FOUND, Problem, shown_path
from api.routes import ROUTERS
from api.site import Site, Workers
from api.translate import invalid_query
from queues.catalog import load
from queues.clients import connect
from queues.clock import Clock, system_clock
from queues.cold_start import prepare
from queues.errors import Misconfigured
from queues.observe.observer import traces_are_on
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from queues.version import __version__

#: Methods of which a 405 says whether they apply.
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        return describe(self)


def create_app(
    runtime: Callable[[], Awaitable[Runtime]] | Runtime,
    *,
    secret: str,
    previous_secrets: Sequence[str] = (),
    workers: Workers | None = None,
    clock: Clock = system_clock,
    traced: bool = False,
) -> FastAPI:
    """The API over a runtime, or over one that is made by the first request.

    `secret` signs and checks tokens (32 bytes or more, else Misconfigured); those of `previous_secrets` are accepted
    too. `workers` tells of the workers that run in this process. `clock` is what a token's end is held against.
    `traced`: whether a runtime that is still to be made will have traces on; one that is there says so itself.
    """
    app = _Api(
        title="Jobyard",
        version=__version__,
        # Its pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        # A redirect behind API Gateway forgets the stage; a 404 tells the truth.
        redirect_slashes=False,
        # Its own spans, several for each request, polls too; what is of use to jobs, api/traced.py reads.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    tokens = Tokens(secret, clock, previous=previous_secrets)
    app.state.site = Site(runtime, tokens, workers)
    if isinstance(runtime, Runtime):
        traced = runtime.observer.tracing is not None
    if traced:
        from api.traced import Traced

        app.add_middleware(Traced)
    # The outermost is the one that is added last.
    app.add_middleware(Guard, tokens=tokens)
    app.add_exception_handler(HTTPException, _no_route)
    app.add_exception_handler(RequestValidationError, _invalid_query)
    for router in ROUTERS:
        # Not include_router: it matches each request once more, and these routes need nothing of it.
        app.router.routes.extend(router.routes)
    app.router.routes.extend(DASHBOARD)
    return app


async def _invalid_query(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    raise invalid_query(error.errors())


async def _no_route(request: Request, error: Exception) -> Response:
    """What the router itself refuses: a path that is no route, a method that a route has not."""
    assert isinstance(error, HTTPException)
    path, method = request.scope["path"], request.scope["method"]
    allowed = [name for name in METHODS if _matches(request.app, request.scope, name)]
    if error.status_code == 405 and allowed:
        raise Problem(
            METHOD_NOT_ALLOWED,
            f"{method} does not apply to {shown_path(path)}; use {' or '.join(allowed)}",
            headers={"Allow": ", ".join(allowed)},
        )
    if error.status_code not in (404, 405):
        raise error
    raise Problem(NOT_FOUND, f"no route {method} {shown_path(path)}; /openapi.json lists all")


def _matches(app: FastAPI, scope: Scope, method: str) -> bool:
    tried = {**scope, "method": method}
    return any(route.matches(tried)[0] is Match.FULL for route in app.router.routes)


class LambdaApi:
    """The API as AWS Lambda calls it. Nothing is made at import, so that a snapshot holds no connection or secret."""

    def __init__(self, make_app: Callable[[], FastAPI]):
        self._make_app = make_app
        self._mangum: Mangum | None = None

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answers an API Gateway event (REST or HTTP API), a function URL's or a load balancer's."""
        if self._mangum is None:
            app = self._make_app()
            # Clients belong to one loop, and Mangum runs each request on the current one.
            asyncio.set_event_loop(asyncio.new_event_loop())
            self._mangum = Mangum(app, lifespan="off", text_mime_types=[*DEFAULT_TEXT_MIME_TYPES, MEDIA_TYPE])
        try:
            return self._mangum(event, context)
        finally:
            self._mangum.app.state.site.flush()  # type: ignore[attr-defined] # our own app


def app_from_environment() -> FastAPI:
    """The app of a Lambda function; Misconfigured if the environment lacks what it needs."""
    settings = read_settings()
    if settings.secret is None:
        raise Misconfigured("JOBYARD_SECRET is not set; give the function the secret that signs tokens")
    stack = AsyncExitStack()

    async def runtime() -> Runtime:
        clients = await stack.enter_async_context(connect(settings))
        return assemble(clients, load(settings.jobs), settings)

    secret = settings.secret.get_secret_value()
    traced = traces_are_on(settings, os.environ)
    return create_app(runtime, secret=secret, previous_secrets=settings.previous_secrets, traced=traced)


handler = LambdaApi(app_from_environment)
prepare()
