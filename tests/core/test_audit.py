"""The trail: an intent before each action, what came of it after, and nothing that is ever written over."""

from __future__ import annotations

import inspect
from itertools import count
from typing import Any

import pytest

from queues import Queue, Status
from queues.audit.entry import END, Entry, Result, day_of
from queues.audit.trail import MAX_DAYS, ROWS, AuditFilter, Trail
from queues.control.admin import Admin
from queues.control.job_filter import JobFilter
from queues.errors import InvalidOption, WrongStatus
from queues.flows.flows import Flows
from queues.schedules.schedules import Schedules
from queues.settings import read_settings
from queues.unique.rule import Unique
from queues.webhooks.webhooks import Webhooks
from tests.core.house import DAY, House, housed, throttled
from tests.core.interleaving import Death, Order, every_order, players

#: What changes nothing, or makes a job and no more.
UNRECORDED = {
    "enqueue",
    "enqueue_many",
    "get",
    "list",
    "wait",
    "count_failed",
    "operation",
    "operations",
    "paused",
    "counts",
    "workers",
} | {
    *("dead_letters", "audit", "why", "run_task", "transaction_items", "transaction_items_many", "relay"),
}
#: `create` and `update` are `add` and `put`, which are.
UNRECORDED_OF_WEBHOOKS = {"list", "get"}
UNRECORDED_OF_ADMIN = {"known", "count_failed", "operation", "operations"}
UNRECORDED_OF_FLOWS = {"start", "get", "list", "steps", "wait"}
UNRECORDED_OF_SCHEDULES = {"create", "update", "get", "list", "next_runs", "last_runs"}


async def trail(house: House, **wanted: str) -> list[Entry]:
    return (await house.queue.audit(AuditFilter(**wanted), limit=200)).entries


def told(entry: Entry) -> tuple[Any, ...]:
    return entry.action, entry.target, dict(entry.parameters), entry.result, entry.detail


def test_every_call_is_recorded_or_known_not_to_be() -> None:
    kinds = {
        Queue: UNRECORDED,
        Schedules: UNRECORDED_OF_SCHEDULES,
        Webhooks: UNRECORDED_OF_WEBHOOKS,
        Admin: UNRECORDED_OF_ADMIN,
        Flows: UNRECORDED_OF_FLOWS,
    }
    for kind, unrecorded in kinds.items():
        calls = {name: one for name, one in vars(kind).items() if inspect.iscoroutinefunction(one) and name[0] != "_"}
        recorded = {name for name, one in calls.items() if hasattr(one, "__wrapped__")}
        assert recorded == calls.keys() - unrecorded, kind


@housed
async def test_who_did_what_from_where(house: House) -> None:
    queue = house.queue.acting_for("ada", "192.0.2.7")
    job = await queue.enqueue("work", {"size": 7}, delay=60)
    await queue.cancel(job.id, by="ada")
    again = await queue.replay(job.id, {"size": 8}, new_id="again")
    with pytest.raises(WrongStatus):
        await queue.retry(again.id)
    await queue.pause("work")
    operation = await queue.retry_many(JobFilter(type="work", error="Timeout"), rate=2)
    await queue.schedules.create("nightly", "work", "rate(1 day)", data={"size": 9})
    made = await queue.schedules.run_now("nightly")
    entries = await trail(house)
    assert {(entry.actor, entry.origin, entry.tenant) for entry in entries} == {("ada", "192.0.2.7", "default")}
    wanted = {"type": "work", "error": "Timeout"}
    assert [told(entry) for entry in entries[::-1]] == [
        ("job.cancel", job.id, {}, Result.DONE, None),
        ("job.replay", job.id, {"new_id": "again"}, Result.DONE, "again"),
        ("job.retry", "again", {}, Result.REFUSED, "WrongStatus"),
        ("queue.pause", "work", {}, Result.DONE, None),
        ("jobs.retry", None, {"wanted": wanted, "rate": 2}, Result.DONE, operation.id),
        ("schedule.create", "nightly", {"job_type": "work"}, Result.DONE, None),
        ("schedule.run", "nightly", {}, Result.DONE, made.id),
    ]
    assert [entry.target for entry in await trail(house, action="job.replay")] == [job.id]
    assert len(await trail(house, actor="bob")) == 0
    assert len(await trail(house, target="nightly")) == 2


@housed
async def test_of_nobodys_calls_and_of_jobs_that_just_run_there_is_no_entry(house: House) -> None:
    plain = await house.queue.enqueue("work", {}, delay=60)
    await house.queue.cancel(plain.id)
    before = house.first.dynamodb.calls.total()
    await house.queue.acting_for("ada").enqueue("work", {})
    acting = house.first.dynamodb.calls.total() - before
    await house.queue.enqueue("work", {}, unique=Unique(key="a"))
    before = house.first.dynamodb.calls.total()
    await house.queue.enqueue("work", {})
    assert house.first.dynamodb.calls.total() - before == acting
    assert await trail(house) == []


@housed
async def test_an_action_costs_two_write_units_more(house: House) -> None:
    jobs = [await house.queue.enqueue("work", {}, delay=60) for _ in range(2)]
    costs = []
    for queue, job in zip((house.queue, house.queue.acting_for("ada")), jobs, strict=True):
        before = house.first.dynamodb.units
        await queue.cancel(job.id)
        costs.append(house.first.dynamodb.units - before)
    assert costs[1] - costs[0] == 2


@housed
async def test_what_cannot_be_recorded_does_not_take_place(house: House) -> None:
    job = await house.queue.enqueue("work", {}, delay=60)
    house.first.dynamodb.fail("put_item", throttled())
    with pytest.raises(Exception, match="slow down"):
        await house.queue.acting_for("ada").cancel(job.id)
    assert (await house.queue.get(job.id)).status is Status.DELAYED
    assert await trail(house) == []


@housed
async def test_what_has_taken_place_is_answered_though_its_result_is_not_recorded(house: House) -> None:
    job = await house.queue.enqueue("work", {}, delay=60)
    acting = house.queue.acting_for("ada")
    original = house.first.dynamodb.inner

    class Full:
        def __getattr__(self, name: str) -> Any:
            async def call(**params: Any) -> Any:
                if name == "put_item" and params["Item"]["sk"]["S"].endswith(END):
                    raise throttled()
                return await getattr(original, name)(**params)

            return call

    house.first.dynamodb.inner = Full()
    assert (await acting.cancel(job.id)).status is Status.CANCELLED
    house.first.dynamodb.inner = original
    assert [told(entry) for entry in await trail(house)] == [("job.cancel", job.id, {}, None, None)]


@housed
async def test_an_action_that_breaks_off_is_told_as_failed(house: House) -> None:
    job = await house.queue.enqueue("work", {}, delay=60)
    house.first.dynamodb.fail("update_item", throttled())
    with pytest.raises(Exception, match="slow down"):
        await house.queue.acting_for("ada").cancel(job.id)
    assert [told(entry) for entry in await trail(house)] == [("job.cancel", job.id, {}, Result.FAILED, "ClientError")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", [0, 1, 2, 3])
@housed
async def test_killed_at_any_call(house: House, call: int, after: bool) -> None:
    """Calls 0 to 3: the intent, a look at the job, the job's row, another look; then what came of it."""
    job = await house.queue.enqueue("work", {}, delay=60)
    (player,) = await players(house, 1)
    player.death = Death(call, after)
    await Order([]).play((player, player.process.runtime.queue.acting_for("ada").cancel(job.id)))
    found = await trail(house)
    done = (await house.queue.get(job.id)).status is Status.CANCELLED
    assert done is ((call, after) >= (2, True))
    assert len(found) == int((call, after) >= (0, True))
    assert [entry.result for entry in found] == [None] * len(found)


@housed
async def test_two_at_once_are_two_entries(house: House) -> None:
    async def story(order: Order) -> None:
        job = await house.queue.enqueue("work", {}, delay=60)
        one, two = await players(house, 2)
        await order.play(
            (one, one.process.runtime.queue.acting_for("ada").cancel(job.id)),
            (two, two.process.runtime.queue.acting_for("bob").cancel(job.id)),
        )
        found = await trail(house, target=job.id)
        assert {entry.actor for entry in found} == {"ada", "bob"}
        assert {entry.result for entry in found} == {Result.DONE}

    assert await every_order(story) > 10


@housed
async def test_pages_go_back_over_days_and_end_with_what_is_kept(house: House) -> None:
    now, ids = house.loop.epoch_ms(), count()
    clock = now
    trail = Trail(house.dynamodb, read_settings(audit_days=40), lambda: clock, lambda: f"01{next(ids):024}")
    for day in range(3):
        for number in range(5):
            entry = await trail.begin("default", "ada", None, "job.cancel", f"{day}.{number}", {})
            await trail.end(entry, Result.DONE, None)
        clock += DAY * 1000

    async def all_of(limit: int) -> list[str | None]:
        page = await trail.page("default", limit=limit)
        seen = page.entries
        while page.cursor is not None:
            page = await trail.page("default", limit=limit, cursor=page.cursor)
            seen += page.entries
        assert all(entry.result is Result.DONE for entry in seen)
        return [entry.target for entry in seen]

    wanted = [f"{day}.{number}" for day in (2, 1, 0) for number in (4, 3, 2, 1, 0)]
    assert await all_of(4) == await all_of(200) == wanted
    # With a filter that matches nothing a page looks at so many days, and says where to go on.
    page = await trail.page("default", AuditFilter(actor="bob"))
    assert page.entries == []
    assert page.cursor == f"{day_of(clock - MAX_DAYS * DAY * 1000)}/"
    clock = now + (40 * DAY + 1) * 1000
    assert await all_of(200) == wanted[:10]


@housed
async def test_many_of_one_day_are_read_a_query_at_a_time(house: House) -> None:
    acting = house.queue.acting_for("ada")
    for number in range(ROWS):
        await acting.pause(("work", "other")[number % 2])
    entries = await trail(house)
    assert len(entries) == ROWS
    assert all(entry.result is Result.DONE for entry in entries)


@housed
async def test_tenants_are_apart(house: House) -> None:
    await house.queue.for_tenant("acme").acting_for("ada").pause("work")
    assert await trail(house) == []
    assert len((await house.queue.for_tenant("acme").audit()).entries) == 1


@pytest.mark.parametrize("cursor", ["", "x", "2026-13-01/", "2026-01-01", "2026-01-01/abc", "2026-01-01/" + "Z" * 27])
@housed
async def test_a_cursor_that_is_not_ours(house: House, cursor: str) -> None:
    with pytest.raises(InvalidOption, match="cursor"):
        await house.queue.audit(cursor=cursor)
    with pytest.raises(InvalidOption, match="limit"):
        await house.queue.audit(limit=0)
