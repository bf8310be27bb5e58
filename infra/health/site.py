"""The routes of the health endpoint. They ask for no token and name no job; whoever may reach them may read them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from infra.health.backlog import Backlog, backlog
from infra.health.condition import Condition, live, ready
from infra.health.endpoint import FAILURES, Endpoint, brief
from infra.health.exposition import CONTENT_TYPE, Gauge, Sample, exposition
from infra.worker import Worker
from queues.clock import Clock, system_clock
from queues.runtime import Runtime

log = logging.getLogger("jobyard.health")

#: Seconds for which numbers hold: several scrapers cost no more than one.
FRESH_SECONDS = 5.0


def health_site(
    runtime: Runtime, worker: Worker, *, monotonic: Callable[[], float] | None = None, clock: Clock = system_clock
) -> Starlette:
    """The app. To be made on the event loop that it will run on; `monotonic` answers seconds, `clock` epoch ms."""
    seconds = monotonic or asyncio.get_running_loop().time
    endpoint = Endpoint(runtime, worker.types[0], seconds)
    numbers = _Numbers(runtime, worker.types, seconds, clock)

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
        return Response(exposition(_gauges(worker, found)), media_type=CONTENT_TYPE)

    routes = [Route("/live", show_live), Route("/ready", show_ready), Route("/metrics", show_metrics)]
    return Starlette(routes=routes)


class _Numbers:
    """The backlog, read anew when it is no longer fresh."""

    def __init__(self, runtime: Runtime, names: Sequence[str], seconds: Callable[[], float], clock: Clock):
        self._runtime, self._names, self._seconds, self._clock = runtime, names, seconds, clock
        self._reading = asyncio.Lock()
        self._read_at: float | None = None
        self._found: list[Backlog] = []

    async def read(self) -> list[Backlog]:
        async with self._reading:
            if self._read_at is None or self._seconds() - self._read_at >= FRESH_SECONDS:
                self._found = await backlog(self._runtime, self._names, self._clock)
                self._read_at = self._seconds()
            return self._found


def _answer(condition: Condition) -> Response:
    return JSONResponse(condition.body, 200 if condition.good else 503, headers={"Cache-Control": "no-store"})


def _gauges(worker: Worker, found: Sequence[Backlog]) -> list[Gauge]:
    messages, letters, ages = [], [], []
    for one in found:
        numbers, of_type = one.numbers, {"type": one.numbers.name}
        for state, count in (("waiting", numbers.waiting), ("active", numbers.active), ("delayed", numbers.delayed)):
            messages.append(Sample(count, {**of_type, "state": state}))
        letters.append(Sample(numbers.dead_letters, of_type))
        if one.oldest_age is not None:
            ages.append(Sample(one.oldest_age, of_type))
    running = [Sample(row["running"], {"type": row["type"]}) for row in worker.describe()[0]["types"]]
    return [
        Gauge("jobyard_queue_messages", "Messages of a job type's queue, as SQS counts them.", messages),
        Gauge("jobyard_queue_dead_letters", "Messages of its dead-letter queue.", letters),
        Gauge("jobyard_queue_oldest_age_seconds", "Since its oldest job that is not done could first have run.", ages),
        Gauge("jobyard_worker_running_jobs", "Jobs that run in this process.", running),
        Gauge("jobyard_worker_draining", "1 once this process has been asked to stop.", [Sample(worker.draining)]),
    ]
