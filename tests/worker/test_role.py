"""The workers' policy allows the calls that `jobyard work --no-rounds --health` makes, and no others."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from api.backlog import backlog
from infra.deploy.workers import statements
from infra.health.endpoint import Endpoint
from infra.worker import Worker
from queues import NewJob
from tests.core.house import LEASE, House, housed
from tests.house.test_permissions import Call, Watch, all_kinds, lose, target, watched


def allowed(house: House) -> set[Call]:
    calls = set()
    for statement in statements([house.catalog().get("work")]):
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if statement["Effect"] == "Allow":
            calls |= {(action, target(resource)) for action in statement["Action"] for resource in resources}
    return calls


@housed
async def test_every_kind_of_call_is_allowed_and_made(house: House) -> None:
    house.handlers["work"] = all_kinds
    with watched(house) as (process, calls):
        lost = await house.queue.enqueue("work", {"size": 0}, attempts=1)
        await lose(house, lost)
        await asyncio.sleep(LEASE + 6)
        await house.queue.enqueue_many([NewJob("work", {"size": size}) for size in range(4)])
        await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody="no job")
        await house.queue.schedules.create("s", "work", "rate(1 day)")
        told = Watch("cloudwatch", house.engine.client("cloudwatch"), calls)
        runtime = replace(
            process.runtime,
            clients=replace(process.runtime.clients, cloudwatch=told),
            settings=house.settings.model_copy(update={"metrics": "types"}),
        )
        worker = Worker(runtime, types=["work"], rounds=False, polls_linger=True, clock=house.loop.epoch_ms)
        await worker.start()
        await asyncio.sleep(5 * LEASE)
        endpoint = Endpoint(process.runtime, "work", house.loop.time)
        assert await endpoint.trouble() is None
        (letter,) = [one["Body"] for one in await house.letters() if one["Body"] != "no job"][:1]
        await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody=letter)
        await asyncio.sleep(LEASE)
        await house.queue.enqueue("work", {"size": 2})
        await asyncio.sleep(1)
        assert await backlog(process.runtime, ["work"], house.loop.epoch_ms)
        await worker.stop(0)
    assert calls == allowed(house)
