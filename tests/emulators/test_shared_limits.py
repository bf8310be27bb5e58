"""Limits by key, what a dead holder keeps, turns, and why a job waits, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from queues import Concurrency, Job, NewJob, Rate, Status, job
from queues.jobtype import JobType
from queues.throttle.rule import Limit
from queues.throttle.state import Full
from queues.throttle.throttle import Held
from tests.emulators.process import LEASE, Deployment, Process

SECOND = 1_000


def limited(*limits: Limit) -> JobType[Any, Any]:
    @job("limited", limits=limits)
    async def handler(_data: Any) -> None: ...

    return handler


async def enter(process: Process, made: Job, attempt: int = 0) -> Any:
    """Asks for a job's places, as the runner does before it claims it."""
    runtime = process.runtime
    name = f"{runtime.runner.worker}/{attempt}"
    return await runtime.runner.throttle.enter(runtime.catalog.get("limited"), made.tenant, made.id, name)


async def why(process: Process, made: Job) -> tuple[str, str | None, Any]:
    found = await process.runtime.queue.for_tenant(made.tenant).why(made.id)
    assert found is not None
    return found.reason, found.limit, found.key


async def test_keys_are_limited_apart_and_a_job_says_what_it_waits_for(deployment: Deployment) -> None:
    one, two = [await deployment.process(limited(Concurrency(1, key="part"))) for _ in range(2)]
    jobs = await one.runtime.queue.enqueue_many([NewJob("limited", {"part": part}) for part in ("a", "a", "b")])
    held, full, other = await enter(one, jobs[0]), await enter(two, jobs[1]), await enter(two, jobs[2])
    assert [type(answer) for answer in (held, full, other)] == [Held, Full, Held]
    assert await why(two, jobs[1]) == ("concurrency", "1 at once per part", "a")
    await one.runtime.runner.throttle.leave(held)
    assert isinstance(await enter(two, jobs[1], 1), Held)


async def test_a_rate_of_a_tenant_holds_over_processes_and_in_any_window(deployment: Deployment) -> None:
    one, two = [await deployment.process(limited(Rate(1, 60, "tenant"))) for _ in range(2)]
    acme, other = one.runtime.queue.for_tenant("acme"), one.runtime.queue.for_tenant("other")
    jobs = await acme.enqueue_many([NewJob("limited", {})] * 2)
    assert isinstance(await enter(one, jobs[0]), Held)
    full = await enter(two, jobs[1])
    assert isinstance(full, Full)
    assert (await why(two, jobs[1]))[:2] == ("rate", "1 in 60 s per tenant")
    assert isinstance(await enter(two, await other.enqueue("limited", {})), Held)
    deployment.clock.pass_to(full.until + 2 * SECOND)
    assert isinstance(await enter(two, jobs[1]), Held)


async def test_a_place_of_a_process_that_died_comes_back_with_its_lease(deployment: Deployment) -> None:
    dies, lives = [await deployment.process(limited(Concurrency(1, "tenant"))) for _ in range(2)]
    jobs = await dies.runtime.queue.enqueue_many([NewJob("limited", {})] * 2)
    held = await enter(dies, jobs[0])
    assert isinstance(held, Held)
    claimed = await dies.runtime.store.claim(jobs[0].tenant, jobs[0].id, "w1/0", held.at)
    assert isinstance(claimed, Job)
    assert isinstance(await enter(lives, jobs[1]), Full)
    assert await why(lives, jobs[1]) == ("tenant-cap", "1 at once per tenant", None)
    deployment.clock.pass_to(held.at + (LEASE + 5) * SECOND)
    assert isinstance(await enter(lives, jobs[1]), Held)
    await lives.runtime.reaper.round()
    lost = await lives.runtime.queue.get(jobs[0].id)
    assert (lost.status, [one.outcome for one in lost.history]) in (
        (Status.DELAYED, ["lost"]),
        (Status.WAITING, ["lost"]),
    )


async def test_tenants_take_turns_at_a_limit_that_they_share(deployment: Deployment) -> None:
    process = await deployment.process(limited(Concurrency(1)))
    noisy, quiet = (process.runtime.queue.for_tenant(name) for name in ("noisy", "quiet"))
    jobs = await noisy.enqueue_many([NewJob("limited", {})] * 3)
    single = await quiet.enqueue("limited", {})
    held = await enter(process, jobs[0])
    for waits in (jobs[1], single):
        assert isinstance(await enter(process, waits), Full)
    await process.runtime.runner.throttle.leave(held)
    # The one that has waited longest, and then the other tenant, whoever else comes in between.
    second = await enter(process, jobs[1])
    assert isinstance(second, Held)
    await process.runtime.runner.throttle.leave(second)
    assert isinstance(await enter(process, jobs[2]), Full)
    assert isinstance(await enter(process, single), Held)


async def test_what_is_paused_or_behind_others_says_so(deployment: Deployment) -> None:
    process = await deployment.process(limited())
    first, last = await process.runtime.queue.enqueue_many([NewJob("limited", {})] * 2)
    assert (await why(process, last))[0] == "queue"
    found = await process.runtime.queue.why(last.id)
    assert found is not None
    assert found.ahead == 1
    await process.runtime.queue.pause("limited")
    assert (await why(process, first))[0] == "paused"
