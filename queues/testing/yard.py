"""A whole Jobyard for one test: the embedded AWS in memory, the job types of a catalog, and a worker on demand."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from infra.mappings import EmbeddedMappings
from infra.metrics import MetricLines
from queues import capture
from queues.catalog import Catalog, load
from queues.clients import Clients
from queues.encryption.passing_key import passing_sealer
from queues.ids import Ulids
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.options import Duration
from queues.runtime import assemble
from queues.settings import Settings, read_settings
from queues.testing.calling import run_job
from queues.testing.clock import Span, VirtualClock, span_of
from queues.testing.cloud import VirtualAws, run_apart
from queues.testing.context import FakeContext
from queues.testing.drain import Drain, Ran
from queues.testing.enqueued import Wish, check_count, enqueued_in
from queues.testing.inline import InlineAttempts, ProcessAttempts
from queues.testing.queue import VirtualQueue

#: Messages that one drain may deliver, unless it is allowed more.
DRAIN_LIMIT = 1_000


class Yard:
    """Made by `open_yard` or by the fixture `jobyard`. Nothing runs, and no time passes, until a test says so."""

    def __init__(self, aws: VirtualAws, catalog: Catalog, settings: Settings, *, processes: bool, seed: int):
        #: The AWS below it, with its clients and its clock.
        self.aws = aws
        self.settings = settings
        source = random.Random(seed)  # noqa: S311 (ids and jitter)
        clients = Clients(
            *(aws.engine.client(service, region=aws.region) for service in ("sqs", "dynamodb", "scheduler"))
        )
        #: The parts of the core, wired as in production.
        sealer = passing_sealer(settings)
        self.runtime = assemble(
            clients, catalog, settings, clock=aws.clock, random=source, worker="test", sealer=sealer
        )
        attempts = ProcessAttempts if processes else InlineAttempts
        self.runtime.runner.attempts = attempts(settings, lambda: MetricLines(aws.engine, aws.region), aws.clock)
        #: The queue of tenant `default`; `queue.for_tenant(...)` is another tenant's.
        self.queue = VirtualQueue(self, Ulids(aws.clock, source))
        self._drain = Drain(aws.engine, self.runtime, lambda region: aws.client("sqs", region=region), aws.clock, seed)
        self._drains = 0
        #: Whether a job runs, if it is due, before `queue.enqueue` returns.
        self.inline = False

    @property
    def draining(self) -> bool:
        """Whether a drain is under way: what is enqueued now will be part of it."""
        return self._drains > 0

    @property
    def clock(self) -> VirtualClock:
        return self.aws.clock

    @property
    def catalog(self) -> Catalog:
        return self.runtime.catalog

    async def create(self) -> None:
        """Makes table, queues, functions and mappings."""
        await self.runtime.create_resources()
        engine = self.aws.engine
        types = list(self.catalog)
        await EmbeddedMappings(engine, self.runtime, types, clock=self.clock, new_id=engine.new_id).deploy()
        await engine.quiet()

    # --- work and time ------------------------------------------------------------------------------------------

    async def drain(self, *, limit: int = DRAIN_LIMIT) -> list[Ran]:
        """Runs all that is due now, and what that enqueues for now; answers the attempts made, in their order.

        Delayed jobs and retries wait for the clock. NeverEnds after more than `limit` deliveries.
        """
        await self.aws.engine.quiet()
        uninstall = capture.install()
        self._drains += 1
        try:
            ran = await self._drain.run(limit)
        finally:
            self._drains -= 1
            # A job that waits for another one drains, too; what it prints afterwards still is its own.
            if not self._drains:
                uninstall()
        await self.aws.engine.quiet()
        return ran

    async def advance(self, span: Span | None = None, /, **units: float) -> None:
        """Moves the clock on, and runs no job; see `VirtualAws.advance`."""
        await self.aws.advance(span, **units)

    async def advance_to(self, moment: datetime) -> None:
        """Moves the clock on to a moment, and runs no job."""
        await self.aws.advance_to(moment)

    async def work(self, span: Span | None = None, /, *, limit: int = DRAIN_LIMIT, **units: float) -> list[Ran]:
        """Lets time pass with a worker at work: each job, retry and schedule has its turn at its own time.

        `limit` bounds each moment, as that of `drain` does.
        """
        end = self.clock.now + span_of(span, units)
        ran = await self.drain(limit=limit)
        while (due := await self.aws.engine.next_due(messages=True)) is not None and due <= end:
            await self.aws.step(due)
            ran += await self.drain(limit=limit)
        await self.advance(timedelta(milliseconds=end - self.clock.now))
        return ran + await self.drain(limit=limit)

    async def run_job(
        self, job_type: str | JobType[Any, Any], data: Any, *, attempt: int = 1, context: FakeContext | None = None
    ) -> Any:
        """Calls one handler, without a queue; see `run_job`. The name is one of this catalog."""
        return await run_job(job_type, data, attempt=attempt, context=context, catalog=self.catalog)

    # --- what was enqueued --------------------------------------------------------------------------------------

    def enqueued(
        self,
        job_type: str | JobType[Any, Any] | None = None,
        data: Any = None,
        *,
        delay: Duration | None = None,
        status: Status | str | None = None,
        tenant: str | None = None,
    ) -> list[Job]:
        """The jobs enqueued so far, whatever has become of them, oldest first; not to be awaited.

        `data` is a part of a job's data: what it names must be there and equal. `delay` is the one asked for, as
        long as the job has not been retried. UnknownJobType for a name that the catalog does not have.
        """
        wish = self._wish(job_type, data, delay, status, tenant)
        return [job for job in self._jobs() if wish.fits(job)]

    def assert_enqueued(
        self,
        job_type: str | JobType[Any, Any] | None = None,
        data: Any = None,
        *,
        count: int | None = None,
        delay: Duration | None = None,
        status: Status | str | None = None,
        tenant: str | None = None,
    ) -> list[Job]:
        """Those jobs, if there are `count` of them, or any; else AssertionError, which lists what there is."""
        __tracebackhide__ = True
        return check_count(self._wish(job_type, data, delay, status, tenant), self._jobs(), count)

    def refute_enqueued(
        self,
        job_type: str | JobType[Any, Any] | None = None,
        data: Any = None,
        *,
        delay: Duration | None = None,
        status: Status | str | None = None,
        tenant: str | None = None,
    ) -> None:
        """AssertionError, which lists them, if there are such jobs."""
        __tracebackhide__ = True
        check_count(self._wish(job_type, data, delay, status, tenant), self._jobs(), 0)

    def _wish(
        self,
        job_type: str | JobType[Any, Any] | None,
        data: Any,
        delay: Duration | None,
        status: Status | str | None,
        tenant: str | None,
    ) -> Wish:
        name = job_type.name if isinstance(job_type, JobType) else job_type
        if name is not None:
            self.catalog.get(name)
        return Wish(name, data, delay, None if status is None else Status(status), tenant)

    def _jobs(self) -> list[Job]:
        return enqueued_in(self.aws.engine, self.settings, self.clock.now)

    # --- its end ------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Forgets everything, the AWS below it as well. Safe to call twice."""
        self.aws.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_yard(
    catalog: Catalog | Iterable[JobType[Any, Any]] | None = None,
    *,
    settings: Settings | None = None,
    aws: VirtualAws | None = None,
    processes: bool = False,
    seed: int = 0,
) -> Yard:
    """A Yard without pytest: `with open_yard([my_job]) as yard:`. Close it.

    `catalog` and `settings` are the environment's if none are given. Plain `def` jobs run inline, or, with
    `processes`, in worker processes, which import the modules that define them. `seed` decides ids and jitter.
    """
    settings = settings or read_settings()
    if catalog is None:
        catalog = load(settings.jobs)
    elif not isinstance(catalog, Catalog):
        catalog = Catalog(catalog)
    modules = tuple(sorted({job_type.function.__module__ for job_type in catalog}))
    settings = settings.model_copy(update={"jobs": modules})
    aws = aws or VirtualAws(region=settings.region, account=settings.aws_account, seed=seed)
    yard = Yard(aws, catalog, settings, processes=processes, seed=seed)
    run_apart(yard.create())
    return yard
