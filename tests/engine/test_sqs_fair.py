"""Fair queues: a noisy tenant's messages wait while others have some, are never dropped, and cost nobody a search."""

import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from infra.local.sqs.flights import Flights


async def make(sqs: Any, **attributes: str) -> str:
    url: str = (await sqs.create_queue(QueueName="q", Attributes=attributes))["QueueUrl"]
    return url


async def send(sqs: Any, url: str, tenant: str | None, count: int, **params: Any) -> None:
    """Send `count` messages whose bodies are the tenant's name."""
    own = params | ({} if tenant is None else {"MessageGroupId": tenant})
    for start in range(0, count, 10):
        entries = [{"Id": str(n), "MessageBody": str(tenant), **own} for n in range(min(10, count - start))]
        await sqs.send_message_batch(QueueUrl=url, Entries=entries)


async def receive(sqs: Any, url: str, count: int, **params: Any) -> list[dict[str, Any]]:
    """`count` messages, ten at a time, or as many as there are."""
    messages: list[dict[str, Any]] = []
    while len(messages) < count:
        wanted = min(10, count - len(messages))
        reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=wanted, **params)
        if "Messages" not in reply:
            break
        messages += reply["Messages"]
    return messages


async def delete(sqs: Any, url: str, messages: list[dict[str, Any]]) -> None:
    for start in range(0, len(messages), 10):
        entries = [
            {"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]}
            for n, message in enumerate(messages[start : start + 10])
        ]
        await sqs.delete_message_batch(QueueUrl=url, Entries=entries)


def tenants(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


async def test_a_group_on_a_standard_queue_is_kept_and_changes_no_order(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    for tenant in ("a", None, "b", "a"):
        await send(sqs, url, tenant, 1)
        clock.move(0.001)
    messages = await receive(sqs, url, 10, AttributeNames=["MessageGroupId"])
    assert tenants(messages) == ["a", "None", "b", "a"]
    assert [message.get("Attributes", {}).get("MessageGroupId") for message in messages] == ["a", None, "b", "a"]


async def test_messages_of_a_group_may_be_in_flight_together(sqs: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a", 3)
    assert len(await receive(sqs, url, 2)) == 2
    assert len(await receive(sqs, url, 2)) == 1


async def test_a_noisy_tenant_waits_while_others_have_messages(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "noisy", 100)
    clock.move(1)
    await send(sqs, url, "quiet", 3)
    await send(sqs, url, None, 1)
    # Up to 30 in flight nobody is noisy, and the longest visible go first.
    assert set(tenants(await receive(sqs, url, 30))) == {"noisy"}
    assert Counter(tenants(await receive(sqs, url, 10))) == {"quiet": 3, "None": 1, "noisy": 6}
    # With no others it is served as ever: all of it comes.
    assert Counter(tenants(await receive(sqs, url, 100))) == {"noisy": 64}


async def test_a_tenth_of_what_is_in_flight_is_nobodys_noise(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    for tenant in range(10):
        await send(sqs, url, f"tenant-{tenant}", 40)
        clock.move(0.001)
    await receive(sqs, url, 400)
    await send(sqs, url, "tenant-0", 1)
    clock.move(0.001)
    await send(sqs, url, "new", 1)
    # Each has exactly a tenth.
    assert tenants(await receive(sqs, url, 1)) == ["tenant-0"]


async def test_of_noisy_tenants_the_one_with_the_fewest_in_flight_goes_first(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "most", 60)
    clock.move(0.001)
    await send(sqs, url, "fewer", 40)
    await receive(sqs, url, 100)
    await send(sqs, url, "most", 1)
    clock.move(0.001)
    await send(sqs, url, "fewer", 1)
    assert tenants(await receive(sqs, url, 2)) == ["fewer", "most"]


@pytest.mark.parametrize("how", ["delete", "timeout", "change"])
async def test_a_tenant_is_quiet_again_when_its_messages_are_no_longer_in_flight(
    sqs: Any, clock: Any, how: str
) -> None:
    url = await make(sqs, VisibilityTimeout="60")
    await send(sqs, url, "a", 30)
    taken = await receive(sqs, url, 30)
    if how == "delete":
        await delete(sqs, url, taken[:1])
    elif how == "change":
        handle = taken[0]["ReceiptHandle"]
        await sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    else:
        clock.move(60)
    await send(sqs, url, "a", 1)
    clock.move(0.001)
    await send(sqs, url, "b", 1)
    assert tenants(await receive(sqs, url, 1)) == ["a"]


async def test_what_is_in_flight_is_known_again_after_a_restart(sqs: Any, engine: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "noisy", 40)
    await receive(sqs, url, 30)
    clock.move(1)
    await send(sqs, url, "quiet", 1)
    engine._cache.clear()
    assert tenants(await receive(sqs, url, 1)) == ["quiet"]


async def test_a_delayed_message_of_a_tenant_comes_when_it_is_due(sqs: Any, clock: Any) -> None:
    url = await make(sqs)
    await send(sqs, url, "a", 1, DelaySeconds=60)
    await send(sqs, url, "a", 1)
    assert len(await receive(sqs, url, 10)) == 1
    counted = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    stem = "ApproximateNumberOfMessages"
    assert [counted[stem + end] for end in ("", "NotVisible", "Delayed")] == ["0", "1", "1"]
    clock.move(60)
    assert len(await receive(sqs, url, 10)) == 2


async def test_retention_purge_and_redrive_hold_for_tenants(sqs: Any, engine: Any, clock: Any) -> None:
    await sqs.create_queue(QueueName="dead")
    policy = '{"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": 1}'
    url = await make(sqs, RedrivePolicy=policy, VisibilityTimeout="0", MessageRetentionPeriod="60")
    await send(sqs, url, "buried", 1)
    await receive(sqs, url, 1)
    assert await receive(sqs, url, 1) == []
    (dead,) = await receive(sqs, url.replace("/q", "/dead"), 1, AttributeNames=["All"])
    assert dead["Attributes"]["MessageGroupId"] == "buried"
    await send(sqs, url, "old", 3)
    clock.move(60)
    counted = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    assert counted["ApproximateNumberOfMessages"] == "0"
    await send(sqs, url, "purged", 3)
    await sqs.purge_queue(QueueUrl=url)
    await send(sqs, url, "new", 1)
    assert tenants(await receive(sqs, url, 1)) == ["new"]
    clock.move(60)
    for _ in range(8):
        engine._sweeper.sweep()
        await sqs.list_queues()
    names = [name for (name,) in engine._db.execute("SELECT name FROM sqs_groups")]
    assert names == ["buried"]


async def test_ten_thousand_messages_of_a_noisy_tenant_are_not_searched_for_a_quiet_one(sqs: Any, clock: Any) -> None:
    url = await make(sqs)

    async def cost() -> float:
        """Seconds for a quiet message to be received and deleted, behind the noisy ones."""
        total = 0.0
        for _ in range(50):
            clock.move(0.001)
            await send(sqs, url, "quiet", 1)
            begun = time.process_time()
            taken = await receive(sqs, url, 1)
            await delete(sqs, url, taken)
            total += time.process_time() - begun
            assert tenants(taken) == ["quiet"]
        return total / 50

    await send(sqs, url, "noisy", 100)
    await receive(sqs, url, 50)
    before = await cost()
    await send(sqs, url, "noisy", 10_000)
    assert await cost() < 5 * before


@given(st.lists(st.tuples(st.integers(1, 60), st.sampled_from([None, 1, 2, 3]), st.integers(0, 20)), max_size=300))
@options(deadline=None, derandomize=True)
def test_flights_agree_with_a_plain_count(steps: list[tuple[int, int | None, int]]) -> None:
    flights, plain, now = Flights(), dict[int, tuple[int | None, int]](), 0
    for row, tenant, time_in_flight in steps:
        if time_in_flight == 0:
            now += row
            flights.pass_time(now)
            plain = {row: flight for row, flight in plain.items() if flight[1] > now}
        elif time_in_flight == 1:
            flights.show(row)
            plain.pop(row, None)
        else:
            # A row stays with its tenant.
            tenant = plain.get(row, (tenant, 0))[0]
            flights.hide(row, tenant, now + time_in_flight)
            plain[row] = (tenant, now + time_in_flight)
        counts = Counter(tenant for tenant, _ in plain.values() if tenant is not None)
        noisy = [tenant for tenant, count in counts.items() if count >= 30 and count * 10 > len(plain)]
        assert flights.noisy() == sorted(noisy, key=lambda tenant: (counts[tenant], tenant))
