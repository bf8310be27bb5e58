"""`GET /metrics`, for Prometheus. Its numbers are everybody's, so it takes a token: of the scope `metrics`, which opens
nothing else, or `admin`. Prometheus sends one with `authorization: {credentials_file: ...}`."""

from __future__ import annotations

from time import monotonic

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from starlette.requests import Request
from starlette.responses import Response

from api.auth import ADMIN, METRICS
from api.exposition import CONTENT_TYPE, exposition
from api.prometheus import Numbers, of_process, of_queues, of_workers
from api.site import Site, allow, site_of

router = APIRouter(tags=["numbers"])


@router.get("/metrics", response_class=PlainTextResponse, responses={200: {"description": "Prometheus' text format."}})
async def get_metrics(request: Request) -> Response:
    """Depths and ages of all queues, and the workers; and, where jobs run in the process that serves this, what it has
    done since it began. On Lambda nobody scrapes each environment, so that is left out there."""
    allow(request, METRICS if METRICS in request.scope["caller"].scopes else ADMIN)
    site = site_of(request)
    runtime = await site.runtime()
    now = runtime.runner.endings.clock()
    found = of_queues(await (await _numbers(site)).read()) + of_workers(await runtime.workers.all(now), now)
    if site.workers is not None:
        found += of_process(runtime.observer.meter.read())
    return Response(exposition(found), media_type=CONTENT_TYPE)


async def _numbers(site: Site) -> Numbers:
    if site.numbers is None:
        runtime = await site.runtime()
        site.numbers = Numbers(runtime, runtime.catalog.names, monotonic, runtime.runner.endings.clock)
    return site.numbers
