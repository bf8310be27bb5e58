"""A route whose endpoint takes the request and nothing else: FastAPI documents it and otherwise stays out of its way.

Resolving dependencies that there are none of costs more than all that the API itself does to enqueue a job.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class Direct(APIRoute):
    """For `APIRouter(route_class=Direct)`."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint itself."""
        endpoint: Callable[[Request], Coroutine[Any, Any, Response]] = self.endpoint
        return endpoint
