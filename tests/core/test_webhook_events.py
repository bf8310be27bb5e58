"""Webhooks that want to hear of more than ends: each event of a job is told to who asked, whoever dies over it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from queues import Cancel, Context, RetryAfter, Snooze, Status
from queues.encryption.box import SEALED
from queues.events.event import events_after
from queues.job import Job
from queues.webhooks.endpoint import EVENTS
from queues.webhooks.message import event_body_of
from queues.webhooks.telling import PROGRESS_EVERY
from tests.core.house import LEASE, House, Order, Process, housed, throttled
from tests.core.interleaving import Death, Player, every_order
from tests.core.interleaving import Order as Turns
from tests.core.test_events import row
from tests.core.test_reaper import claim
from tests.core.test_webhooks import URL, deliveries, listed

HOUR = 3_600


async def told(process: Process, tenant: str = "default") -> list[dict[str, Any]]:
    """The bodies of what was sent, or is to be, in the order in which it happened."""
    found = [orjson.loads(job.data["body"]) for job in await deliveries(process, tenant)]
    return sorted(found, key=lambda body: (body["timestamp"], body["data"]["attempts"], _rank(body)))


def _rank(body: dict[str, Any]) -> int:
    return EVENTS.index(body["type"].removeprefix("job."))


def kinds(bodies: list[dict[str, Any]]) -> list[str]:
    return [f"{body['data']['attempts']}.{body['type'].removeprefix('job.')}" for body in bodies]


async def act(ctx: Context, deeds: tuple[str, ...]) -> None:
    """What an attempt does, one deed each, and after the last of them nothing more."""
    deed = deeds[ctx.attempt - 1] if ctx.attempt <= len(deeds) else ""
    if deed == "fail":
        raise ValueError("no luck: none")
    if deed == "snooze":
        raise Snooze(5)
    if deed == "later":
        raise RetryAfter(HOUR)
    if deed == "cancel":
        raise Cancel("not wanted")


def does(house: House, *deeds: str) -> None:
    async def run(_order: Order, ctx: Context) -> None:
        await act(ctx, deeds)

    house.handlers["work"] = run


async def to_its_end(house: House, process: Process, job_id: str) -> Job:
    """The job once it has ended and paid."""
    for _ in range(40):
        await process.deliver()
        await process.maintain()
        job = await house.queue.get(job_id)
        if job.ended and not job.in_debt:
            return job
        await asyncio.sleep(LEASE / 3)
    raise AssertionError(f"not ended: {job}")


# --- what is told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deeds", "events"),
    [
        ([], ["0.enqueued", "1.started", "1.completed"]),
        (["fail"], ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]),
        (["snooze"], ["0.enqueued", "1.started", "1.snoozed", "2.started", "2.completed"]),
        (["cancel"], ["0.enqueued", "1.started", "1.cancelled"]),
        (["fail"] * 3, ["0.enqueued", "1.started", "1.retrying", "2.started", "2.retrying", "3.started", "3.failed"]),
    ],
)  # fmt: skip
@housed
async def test_who_asks_for_all_hears_of_each_event_once(house: House, deeds: list[str], events: list[str]) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=EVENTS)
    does(house, *deeds)
    job = await process.runtime.queue.enqueue("work", {"size": 7}, tags=("blue",))
    await to_its_end(house, process, job.id)
    bodies = await told(process)
    assert kinds(bodies) == events
    assert await house.depth("webhook") == (len(events), 0, 0), "one message for each"
    assert "size" not in str(bodies)
    common = {"jobId": job.id, "type": "work", "tenantId": "default", "maxAttempts": 3, "tags": ["blue"]}
    assert all(common.items() <= body["data"].items() for body in bodies if "snooze" not in deeds)
    await asyncio.sleep(2 * LEASE)
    await process.maintain()
    assert len(await deliveries(process)) == len(events)


@housed
async def test_what_an_event_says(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["enqueued", "started", "retrying"])
    does(house, "fail")
    await process.runtime.queue.enqueue("work", {}, delay=60)
    assert kinds(await told(process)) == ["0.enqueued"], "it is told before the job runs"
    await asyncio.sleep(60)
    await process.deliver()
    made, started, again = [body["data"] for body in await told(process)]
    assert (made["status"], made["error"], made["finishedAt"]) == ("delayed", None, None)
    assert made["runAt"] > made["createdAt"]
    assert (started["status"], "runAt" in started) == ("active", False)
    assert (again["status"], again["error"]) == ("delayed", {"type": "ValueError", "message": "no luck: none"})
    assert again["runAt"] > made["runAt"]


def test_a_note_that_is_encrypted_is_not_sent() -> None:
    running = row(status=Status.ACTIVE, attempt=1, started_at=2, progress=50.0, note=f"{SEALED}...")
    (event,) = events_after("1.started", running)
    data = orjson.loads(event_body_of(running, event, now=7))["data"]
    assert (data["percent"], "note" in data) == (50, False)


@housed
async def test_a_lost_attempt_is_told_as_stalled(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["stalled", "retrying"])
    job = await process.runtime.queue.enqueue("work", {})
    await claim(house, job)
    await asyncio.sleep(LEASE + 6)
    await process.maintain()
    stalled, retrying = await told(process)
    assert (stalled["type"], retrying["type"]) == ("job.stalled", "job.retrying")
    assert stalled["data"]["error"]["type"] == "Lost"


@housed
async def test_an_attempt_that_is_handed_back_is_told(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["returned"])

    async def stands(_order: Order, _ctx: Context) -> None:
        await asyncio.sleep(HOUR)

    house.handlers["work"] = stands
    await process.runtime.queue.enqueue("work", {})
    work = asyncio.ensure_future(process.deliver())
    await asyncio.sleep(1)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert kinds(await told(process)) == ["1.returned"]


@pytest.mark.parametrize("heeds", [True, False])
@housed
async def test_a_request_to_cancel_is_told_though_the_job_may_end_before_it_hears_of_it(
    house: House, heeds: bool
) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["cancelling", "cancelled"])

    async def run(_order: Order, ctx: Context) -> None:
        await house.queue.cancel(ctx.job_id, by="ada")
        while heeds:
            await asyncio.sleep(1)
            ctx.check()
        raise ValueError("it ends at once")

    house.handlers["work"] = run
    await process.runtime.queue.enqueue("work", {})
    await process.deliver()
    cancelling, cancelled = await told(process)
    assert (cancelling["type"], cancelling["data"]["by"]) == ("job.cancelling", "ada")
    assert cancelled["type"] == "job.cancelled"


@housed
async def test_of_progress_a_report_now_and_then_is_told_and_the_last_one_that_stood_for_a_while(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["progress"])

    async def run(_order: Order, ctx: Context) -> None:
        for percent in range(1, 26):
            ctx.progress(percent, f"at {percent}")
            await asyncio.sleep(1)
        await asyncio.sleep(LEASE)

    house.handlers["work"] = run
    start = house.loop.epoch_ms()
    await process.runtime.queue.enqueue("work", {})
    await process.deliver()
    bodies = [body["data"] for body in await told(process)]
    assert bodies[-1]["percent"] == 25
    assert [body["note"] for body in bodies] == [f"at {body['percent']:g}" for body in bodies]
    assert len(bodies) <= 2 + (house.loop.epoch_ms() - start) // PROGRESS_EVERY
    assert len(bodies) >= 3


@housed
async def test_a_failed_job_that_is_given_another_go_is_told_as_retrying(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["failed", "retrying", "completed"])
    does(house, "fail", "fail", "fail")
    job = await process.runtime.queue.enqueue("work", {})
    await to_its_end(house, process, job.id)
    await process.runtime.queue.retry(job.id)
    assert kinds(await told(process))[-2:] == ["3.retrying", "3.failed"], "of one time: both are of the third attempt"
    await to_its_end(house, process, job.id)
    assert sorted(kinds(await told(process))) == ["1.retrying", "2.retrying", "3.failed", "3.retrying", "4.completed"]


# --- whoever dies ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("deed", ["fail", "snooze", ""])
@housed
async def test_killed_at_any_call_each_event_is_told_once(house: House, deed: str, after: bool) -> None:
    """One job for each call of a process that makes the job and does its first attempt; another one does the rest."""
    saviour = await listed(house)
    await saviour.runtime.queue.webhooks.create(URL, events=EVENTS)
    does(house, deed)
    call, calls = 0, 100
    while call < calls:
        victim = await another(house, saviour)
        player = Player(victim, Death(call, after))
        job_id = f"{deed}-{call}"

        async def both(process: Process, name: str) -> None:
            await process.runtime.queue.enqueue("work", {}, job_id=name)
            await process.deliver()

        await Turns([]).play((player, both(victim, job_id)))
        calls = player.calls if player.calls <= call else calls
        # Whoever was not answered asks again.
        await saviour.runtime.queue.enqueue("work", {}, job_id=job_id)
        ended = await to_its_end(house, saviour, job_id)
        bodies = [body for body in await told(saviour) if body["data"]["jobId"] == job_id]
        assert len(set(kinds(bodies))) == len(bodies), kinds(bodies)
        expected = {"0.enqueued", *(f"{number}.started" for number in range(1, ended.attempt + 1))}
        words = {"lost": ["stalled", "retrying"], "failed": ["retrying"], "snoozed": ["snoozed"], "completed": []}
        expected |= {f"{one.number}.{word}" for one in ended.history for word in words[one.outcome or ""]}
        assert set(kinds(bodies)) == expected | {f"{ended.attempt}.completed"}, (call, player.calls)
        for delivery in await deliveries(saviour):
            await saviour.runtime.queue.cancel(delivery.id)
            await saviour.runtime.queue.delete(delivery.id)
        call += 1
    assert calls > 10


async def another(house: House, process: Process) -> Process:
    """A new process of the same code, which knows of its tenant and the tenant's webhooks."""
    made = house.process(process.runtime.catalog)
    await made.runtime.store.add_tenant("default")
    assert made.runtime.store.hooks is not None
    await made.runtime.store.hooks.endpoints.lately("default")
    await made.runtime.queues.url("webhook")
    return made


@housed
async def test_who_dies_before_it_tells_of_a_long_wait_is_made_up_for_within_a_lease(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["retrying"])
    does(house, "later")
    await process.runtime.queue.enqueue("work", {})
    victim = await another(house, process)
    await house.die_at(victim.dynamodb, "put_item", victim.deliver())
    assert await told(process) == []
    await asyncio.sleep(LEASE + 1)
    await process.deliver()
    (body,) = await told(process)
    assert body["type"] == "job.retrying"


@housed
async def test_who_dies_before_it_tells_of_a_new_job_is_made_up_for_by_the_reaper(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["enqueued"])
    victim = await another(house, process)
    await house.die_at(victim.dynamodb, "put_item", victim.runtime.queue.enqueue("work", {}))
    assert await told(process) == []
    await asyncio.sleep(LEASE + 6)
    await process.maintain()
    assert kinds(await told(process)) == ["0.enqueued"]


@housed
async def test_two_who_tell_at_once_make_one_delivery_each(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=["started"])
    count = 0

    async def story(order: Turns) -> None:
        nonlocal count
        job = await process.runtime.queue.enqueue("work", {})
        await claim(house, job)
        started = await house.queue.get(job.id)
        found = [Player(await another(house, process)) for _ in range(2)]
        await order.play(*((player, player.process.runtime.runner.endings.tell(started)) for player in found))
        count += 1
        entries, _ = await process.runtime.store.keys("default#open", start=None, limit=1_000)
        assert sum(entry["type"]["S"] == "webhook" for entry in entries) == count
        assert (await house.queue.get(job.id)).told == "1.started"

    assert await every_order(story) > 20


@housed
async def test_trouble_with_a_delivery_keeps_no_job_from_its_end(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL, events=EVENTS)
    does(house, "fail")
    await process.runtime.store.add_tenant("default")
    process.dynamodb.fail("put_item", *[throttled() for _ in range(3)])
    job = await process.runtime.queue.enqueue("work", {})
    await to_its_end(house, process, job.id)
    assert kinds(await told(process)) == ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]
