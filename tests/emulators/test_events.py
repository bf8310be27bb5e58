"""A job's events and the audit trail, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from queues import Context, Fixed, Status, job
from queues.events.feed import Feed
from tests.emulators.place import JOBS, Place
from tests.emulators.process import LEASE, Deployment


def test_a_life_is_streamed_and_what_was_done_to_it_is_recorded(place: Place) -> None:
    job = place.enqueue("hello", {"name": "Ada", "failures": 1})
    told = [
        line.removeprefix("id: ")
        for line in place.api.get(f"{JOBS}/{job['id']}/events").text.splitlines()
        if line.startswith("id: ")
    ]
    assert told == ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]
    over = place.api.get(f"{JOBS}/{job['id']}/events", headers={"Last-Event-ID": told[-1]})
    assert over.status_code == 204
    assert place.api.post(f"{JOBS}/{job['id']}/replay", json={"jobId": f"{job['id']}-again"}).status_code == 202
    (entry,) = place.api.get(f"{JOBS}/audit", params={"target": job["id"]}).json()["entries"]
    assert (entry["action"], entry["actor"], entry["origin"], entry["result"], entry["detail"]) == (
        "job.replay",
        "tests",
        "127.0.0.1",
        "done",
        f"{job['id']}-again",
    )


async def test_python_hears_of_one_job_and_of_all(deployment: Deployment) -> None:
    @job("heard", attempts=2, backoff=Fixed(0))
    async def heard(_data: Any, ctx: Context) -> None:
        ctx.progress(50, "half of it")
        if ctx.attempt == 1:
            raise ConnectionError("busy")

    process = await deployment.process(heard)
    feed = Feed(process.runtime.store, "default", deployment.clock, deployment.clock())
    made = await process.runtime.queue.enqueue("heard", {})
    assert (await process.run(made)).status is not Status.COMPLETED
    assert (await process.run(made)).status is Status.COMPLETED
    one = [event.id async for event in process.runtime.queue.events(made.id)]
    assert [name for name in one if "progress" not in name] == [
        *("0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"),
    ]
    every = {(event.job_id, event.id) for event in await feed.look()}
    assert every >= {(made.id, name) for name in one if "progress" not in name}


async def test_a_lost_attempt_is_told_as_stalled(deployment: Deployment) -> None:
    @job("heard", attempts=1)
    async def heard(_data: Any) -> None: ...

    process = await deployment.process(heard)
    made = await process.runtime.queue.enqueue("heard", {})
    await process.runtime.store.claim("default", made.id, "gone/0", deployment.clock())
    deployment.clock.pass_to(deployment.clock() + (LEASE + 5) * 1_000)
    assert (await process.runtime.reaper.round()).lost == 1
    told = [event.id async for event in process.runtime.queue.events(made.id)]
    assert told == ["0.enqueued", "1.started", "1.stalled", "1.failed"]
