"""Whoever wants to hear of a job's end is sent one message for it, whichever way it ends and whoever dies over it."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from infra.deploy.roles import roles
from queues import Discard, NewJob, Options, Webhook
from queues.catalog import Catalog
from queues.errors import InvalidOption, Misconfigured, UnknownJobType, WebhookNotFound
from queues.job import Job
from queues.webhooks.endpoint import MAX_ENDPOINTS, ROTATION_MS
from queues.webhooks.job import webhook
from queues.webhooks.store import STALE_AFTER
from tests.core.house import LEASE, House, Process, housed
from tests.core.interleaving import Death, Order, Player, every_order
from tests.core.test_debts import WAYS, fails

URL = "https://example.com/hooks"


async def listed(house: House) -> Process:
    """A process of a deployment that has listed the job type `webhook`."""
    catalog = Catalog([*house.catalog(), webhook])
    await house.runtime.queues.create(catalog)
    return house.process(catalog)


async def deliveries(process: Process, tenant: str = "default") -> list[Job]:
    return (await process.runtime.queue.for_tenant(tenant).list(type="webhook", limit=200)).jobs


def bodies(jobs: list[Job]) -> list[dict[str, Any]]:
    return [orjson.loads(job.data["body"]) for job in jobs]


# --- every end, once ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@housed
async def test_every_end_is_told_once(house: House, way: Any) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL)
    options = Options(attempts=1, expires_in=1 if way.__name__ == "expires" else None, tags=("blue",))
    job = await process.runtime.queue.enqueue("work", {"size": 7}, options)
    await way(house, process, job)
    (made,) = await deliveries(process)
    ended = await house.queue.get(job.id)
    assert ended.status is WAYS[way]
    (body,) = bodies([made])
    assert body["type"] == f"job.{ended.status}"
    assert body["timestamp"] == body["data"]["finishedAt"]
    assert (body["data"]["jobId"], body["data"]["type"], body["data"]["tags"]) == (job.id, "work", ["blue"])
    assert "size" not in str(body)
    # Neither looking again nor the delivery's own end makes another one.
    await asyncio.sleep(LEASE + 6)
    await process.maintain()
    await process.runtime.queue.cancel(made.id)
    await process.maintain()
    assert len(await deliveries(process)) == 1


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", range(10))
@housed
async def test_killed_at_any_call_of_an_end(house: House, call: int, after: bool) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL)
    job = await process.runtime.queue.enqueue("work", {}, attempts=2)
    messages = await process.receive()
    victim = house.process(process.runtime.catalog)
    player = Player(victim, Death(call, after))
    await Order([]).play((player, victim.invoke("work", messages)))
    for _ in range(30):
        await asyncio.sleep(LEASE + 1)
        await process.deliver()
        await process.maintain()
        if (await house.queue.get(job.id)).paid_at is not None:
            break
    (made,) = await deliveries(process)
    assert bodies([made])[0]["data"]["jobId"] == job.id
    # Its message is sent too, by the reaper if need be.
    await asyncio.sleep(20 * 60)
    await process.maintain()
    assert await process.receive("webhook")


@housed
async def test_two_who_pay_at_once_make_one(house: House) -> None:
    process = await listed(house)
    await process.runtime.queue.webhooks.create(URL)
    told = 0

    async def story(order: Order) -> None:
        nonlocal told
        job = await process.runtime.queue.enqueue("work", {})
        await house.runtime.store.cancel(job, house.loop.epoch_ms(), house.runtime.control.options(job))
        ended = await house.queue.get(job.id)
        one, two = [await known(house, process) for _ in range(2)]
        ends = [player.process.runtime.runner.endings.debts.pay(ended) for player in (one, two)]
        await order.play((one, ends[0]), (two, ends[1]))
        told += 1
        entries, _ = await process.runtime.store.keys("default#open", start=None, limit=1_000)
        assert len(entries) == told

    assert await every_order(story) > 20


async def known(house: House, process: Process) -> Player:
    """A new process of the same code, whose first call, which makes its tenant known, is behind it."""
    made = house.process(process.runtime.catalog)
    await made.runtime.store.add_tenant("default")
    return Player(made)


# --- who hears of what --------------------------------------------------------------------------------------------


@housed
async def test_by_type_by_event_by_tenant_and_by_job(house: House) -> None:
    process = await listed(house)
    queue = process.runtime.queue
    every = await queue.webhooks.create(URL)
    failed = await queue.webhooks.create(f"{URL}/failed", events=["failed"])
    other = await queue.webhooks.create(f"{URL}/other", types=["other"])
    signer = await queue.webhooks.create()
    await queue.enqueue("work", {}, webhook=Webhook(url=f"{URL}/own", events=["completed"]))
    await process.deliver()
    assert {(job.data["endpoint"], job.data["url"]) for job in await deliveries(process)} == {
        (every.id, URL),
        (signer.id, f"{URL}/own"),
    }

    async def to(url: str) -> int:
        return sum(job.data["url"] == url for job in await deliveries(process))

    made = await queue.enqueue("other", {})
    await queue.cancel(made.id)
    assert (await to(URL), await to(f"{URL}/other"), await to(f"{URL}/own")) == (2, 1, 1)
    await fails(house, process, await queue.enqueue("work", {}))
    assert (await to(URL), await to(failed.url or ""), await to(other.url or "")) == (3, 1, 1)
    await queue.for_tenant("acme").enqueue("work", {})
    await process.deliver()
    assert len(await deliveries(process)) == 6
    assert await deliveries(process, "acme") == []


@housed
async def test_a_failed_job_that_is_tried_again_tells_of_its_next_end_too(house: House) -> None:
    process = await listed(house)
    queue = process.runtime.queue
    await queue.webhooks.create(URL)
    job = await queue.enqueue("work", {})
    await fails(house, process, job)
    del house.handlers["work"]
    await queue.retry(job.id)
    await process.deliver()
    assert sorted(body["type"] for body in bodies(await deliveries(process))) == ["job.completed", "job.failed"]


@housed
async def test_all_ways_to_make_a_job_mark_it(house: House) -> None:
    process = await listed(house)
    queue = process.runtime.queue
    await queue.webhooks.create(URL)
    one = await queue.enqueue("work", {})
    made = [
        one.id,
        (await queue.enqueue("work", {}, job_id="named")).id,
        *(job.id for job in await queue.enqueue_many([NewJob("work", {})] * 2)),
        (await queue.replay(one.id)).id,
    ]
    await queue.schedules.create("s", "work", "rate(1 day)")
    made.append((await queue.schedules.run_now("s")).id)
    assert {(await queue.get(job_id)).owes for job_id in made} == {("webhook",)}


@housed
async def test_a_process_learns_of_a_new_webhook_within_ten_seconds(house: House) -> None:
    process = await listed(house)
    other = house.process(process.runtime.catalog)
    assert (await other.runtime.queue.enqueue("work", {}, job_id="a")).owes == ()
    await process.runtime.queue.webhooks.create(URL)
    await other.runtime.queue.enqueue("work", {}, job_id="b")
    await asyncio.sleep(STALE_AFTER / 1000)
    await other.runtime.queue.enqueue("work", {}, job_id="c")
    assert [(await house.queue.get(name)).owes for name in "abc"] == [(), (), ("webhook",)]


@housed
async def test_who_has_no_webhooks_pays_for_a_look_now_and_then(house: House) -> None:
    process = await listed(house)

    async def cost(one: Process) -> tuple[float, int]:
        await one.runtime.queue.enqueue("work", {})
        units, calls = one.dynamodb.units, one.dynamodb.calls.total()
        for _ in range(5):
            await one.runtime.queue.enqueue("work", {})
        await one.deliver()
        return one.dynamodb.units - units, one.dynamodb.calls.total() - calls

    assert await cost(process) == await cost(house.first)
    assert process.dynamodb.calls["get_item"] == 1


# --- endpoints ----------------------------------------------------------------------------------------------------


@housed
async def test_two_registrations_at_once_are_both_kept(house: House) -> None:
    process = await listed(house)

    async def story(order: Order) -> None:
        for one in await process.runtime.queue.webhooks.list():
            await process.runtime.queue.webhooks.delete(one.id)
        one, two = (Player(house.process(process.runtime.catalog)) for _ in range(2))
        made = await order.play(
            (one, one.process.runtime.queue.webhooks.create(f"{URL}/1")),
            (two, two.process.runtime.queue.webhooks.create(f"{URL}/2")),
        )
        assert {one.id for one in await process.runtime.queue.webhooks.list()} == {one.id for one in made}

    assert await every_order(story) > 5


@housed
async def test_a_new_secret_and_for_a_day_the_old_one_too(house: House) -> None:
    webhooks = (await listed(house)).runtime.queue.webhooks
    made = await webhooks.create(URL)
    now = house.loop.epoch_ms()
    changed = await webhooks.rotate(made.id)
    assert changed.signing(now) == (changed.secrets[0], made.secrets[0])
    assert changed.signing(now + ROTATION_MS) == changed.secrets[:1] != made.secrets
    assert all(secret.startswith("whsec_") and len(secret) > 40 for secret in changed.secrets)
    assert "whsec_" not in repr(changed)
    await webhooks.delete(made.id)
    for call in (webhooks.get, webhooks.rotate, webhooks.delete):
        with pytest.raises(WebhookNotFound, match="no webhook"):
            await call(made.id)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com", "s3://bucket/key", "example.com", "https://", "https://ada:sesame@example.com/", "http://[::1]/",
     "http://127.0.0.1:8000/", "http://169.254.169.254/latest", "http://10.0.0.1/", "https://example.com/#a",
     "https://example.com/" + "x" * 1_024, "http://[::ffff:10.0.0.1]/", "https://example.com:99999/"],
)  # fmt: skip
@housed
async def test_a_url_that_cannot_be(house: House, url: str) -> None:
    with pytest.raises(InvalidOption, match="url") as caught:
        await (await listed(house)).runtime.queue.webhooks.create(url)
    assert "sesame" not in str(caught.value).partition(": ")[2]
    with pytest.raises(InvalidOption, match=r"webhook\.url"):
        Webhook(url=url)


@housed
async def test_what_cannot_be_registered(house: House) -> None:
    webhooks = (await listed(house)).runtime.queue.webhooks
    with pytest.raises(InvalidOption, match="events"):
        await webhooks.create(URL, events=["exploded"])
    with pytest.raises(InvalidOption, match="events"):
        Webhook(url=URL, events="failed")
    with pytest.raises(UnknownJobType, match="did you mean 'work'"):
        await webhooks.create(URL, types=["wrok"])
    await webhooks.create()
    with pytest.raises(InvalidOption, match="rotate or delete"):
        await webhooks.create()
    for number in range(MAX_ENDPOINTS - 1):
        await webhooks.create(f"{URL}/{number}")
    with pytest.raises(InvalidOption, match="delete one first"):
        await webhooks.create(URL)


@housed
async def test_a_job_of_its_own_url_needs_a_secret_that_signs_it(house: House) -> None:
    queue = (await listed(house)).runtime.queue
    with pytest.raises(InvalidOption, match="first make the secret"):
        await queue.enqueue("work", {}, webhook=Webhook(url=URL))
    await queue.webhooks.create()
    await queue.enqueue("work", {}, webhook=Webhook(url=URL))


@housed
async def test_a_deployment_that_has_not_listed_it_has_none_of_it(house: House) -> None:
    with pytest.raises(InvalidOption, match=r"add queues\.webhooks\.job to JOBYARD_JOBS"):
        await house.queue.enqueue("work", {}, webhook=Webhook(url=URL))
    with pytest.raises(Misconfigured, match=r"add queues\.webhooks\.job to JOBYARD_JOBS"):
        await house.queue.webhooks.create(URL)
    assert await house.queue.webhooks.list() == ()
    assert "WebhookQueue" not in str(roles(list(house.catalog())))


def test_who_ends_jobs_may_make_deliveries() -> None:
    from queues import job

    @job("work")
    async def work(data: dict[str, Any]) -> None:
        raise Discard("no")

    found = roles([work, webhook])
    for role in ("WorkRole", "WebhookRole", "ReaperRole", "DeadLetterConsumerRole"):
        allowed = found[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        (send,) = [one for one in allowed if one["Sid"] == "SendDeliveries"]
        assert send["Resource"] == {"Fn::GetAtt": ["WebhookQueue", "Arn"]}
