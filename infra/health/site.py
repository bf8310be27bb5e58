"""The routes of the health endpoint. They ask for no token and name no job; whoever may reach them may read them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from api.exposition import CONTENT_TYPE, Gauge, Metric, Sample, exposition
from api.prometheus import Numbers, of_process, of_queues
from infra.health.condition import Condition, live, ready
from infra.health.endpoint import FAILURES, Endpoint, brief
from infra.worker import Worker
from queues.clock import Clock, system_clock
from queues.runtime import Runtime

log = logging.getLogger("jobyard.health")


def health_site(
    runtime: Runtime, worker: Worker, *, monotonic: Callable[[], float] | None = None, clock: Clock = system_clock
) -> Starlette:
    """The app. To be made on the event loop that it will run on; `monotonic` answers seconds, `clock` epoch ms."""
    seconds = monotonic or asyncio.get_running_loop().time
    endpoint = Endpoint(runtime, worker.types[0], seconds)
    numbers = Numbers(runtime, worker.types, seconds, clock)

    async def show_live(_: Request) -> Response:
        return _answer(live(worker))

    async def show_ready(_: Request) -> Response:
        return _answer(await ready(worker, endpoint))

    async def show_metrics(_: Request) -> Response:
        try:
            found = await numbers.read()
        except FAILURES as error:
            log.warning("no metrics: %s", error)
            return PlainTextResponse(f"the AWS endpoint does not answer as it should: {brief(error)}\n", 503)
        shown = of_queues(found) + of_process(runtime.observer.meter.read()) + _of_worker(worker)
        return Response(exposition(shown), media_type=CONTENT_TYPE)

    routes = [Route("/live", show_live), Route("/ready", show_ready), Route("/metrics", show_metrics)]
    return Starlette(routes=routes)


def _answer(condition: Condition) -> Response:
    return JSONResponse(condition.body, 200 if condition.good else 503, headers={"Cache-Control": "no-store"})


def _of_worker(worker: Worker) -> list[Metric]:
    running = [Sample(one.running, {"type": one.type}) for one in worker.describe()[0].types]
    return [
        Gauge("jobyard_worker_running_jobs", "Jobs that run in this process.", running),
        Gauge("jobyard_worker_draining", "1 once this process has been asked to stop.", [Sample(worker.draining)]),
    ]
