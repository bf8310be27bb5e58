"""Each role allows the calls that its function makes, and no others: every kind of call is made and held against it.

No emulator refuses what a role does not allow; this is how least privilege is proven without an account.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from api.app import create_app
from api.auth import ADMIN, DEFAULT_SCOPE, make_token
from infra.deploy.roles import roles
from queues import Context, Discard, Flow, NewJob, Options, Snooze, Status, Step, Unique
from queues.cleaning.cleaner import cleaner_of
from queues.control.job_filter import JobFilter
from queues.job import Job
from queues.schedules.job_schedule import Fate
from queues.store import Unclaimed
from tests.api.conftest import SECRET
from tests.core.house import DAY, LEASE, MINUTE, House, Order, Process, housed, throttled
from tests.core.test_cleaning import keeping
from tests.core.test_control_pause import deployed

#: An IAM action, and the logical id of what it is done to.
Call = tuple[str, str]

#: What the event source mapping does with the role of a type's function.
MAPPING = {(f"sqs:{action}", "WorkQueue") for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")}
ROOT = "/api/v1/jobs"
#: Calls whose IAM action has another name: those for many at once need the right to the single one.
ACTIONS = {
    "change_message_visibility_batch": "ChangeMessageVisibility",
    "delete_message_batch": "DeleteMessage",
    "send_message_batch": "SendMessage",
}


@dataclass
class Watch:
    """A client that notes what IAM would be asked for each of its calls."""

    service: str
    inner: Any
    calls: set[Call] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:
        async def call(**params: Any) -> Any:
            self.calls |= set(_asked(self.service, name, params))
            return await getattr(self.inner, name)(**params)

        return call


def _asked(service: str, name: str, params: dict[str, Any]) -> Iterator[Call]:
    if name == "batch_execute_statement":
        for statement in params["Statements"]:
            yield f"dynamodb:PartiQL{statement['Statement'].split()[0].capitalize()}", "JobsTable"
        return
    if name == "transact_write_items":
        for write in params["TransactItems"]:
            yield f"dynamodb:{next(iter(write))}Item", "JobsTable"
        return
    action = f"{service}:{ACTIONS.get(name) or ''.join(part.capitalize() for part in name.split('_'))}"
    if service == "dynamodb":
        yield action, "JobsTable/index" if "IndexName" in params else "JobsTable"
        return
    if service == "cloudwatch":
        yield action, "*"
        return
    if service == "lambda":
        yield action, "mapping" if "UUID" in params else "*"
        return
    if service == "scheduler":
        yield action, "schedule"
        if "Target" in params:
            yield "iam:PassRole", "JobScheduleRole"
        return
    queue = params.get("QueueName") or params["QueueUrl"].rpartition("/")[2]
    head = queue.removeprefix("jobyard-").removesuffix("-dlq").capitalize()
    yield action, head + ("DeadLetters" if queue.endswith("-dlq") else "Queue")


@contextmanager
def watched(house: House) -> Iterator[tuple[Process, set[Call]]]:
    """A process of its own, and what it asks for."""
    sqs, dynamodb = Watch("sqs", house.sqs), Watch("dynamodb", house.dynamodb)
    scheduler, lambda_ = Watch("scheduler", house.scheduler), Watch("lambda", house.lambda_)
    calls: set[Call] = set()
    sqs.calls = dynamodb.calls = scheduler.calls = lambda_.calls = calls
    house.sqs, house.dynamodb, house.scheduler, house.lambda_ = sqs, dynamodb, scheduler, lambda_
    process = house.process()
    house.sqs, house.dynamodb = sqs.inner, dynamodb.inner
    house.scheduler, house.lambda_ = scheduler.inner, lambda_.inner
    yield process, calls


def allowed(house: House, role: str) -> set[Call]:
    """What a role allows, its own logs aside."""
    types = list(house.catalog())
    calls = set()
    for statement in roles(types)[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        if statement["Sid"] != "WriteItsLogs" and statement["Effect"] == "Allow":
            calls |= {(action, target(resource)) for action in statement["Action"] for resource in resources}
    return calls


def target(resource: dict[str, Any] | str) -> str:
    """What a statement is about, in a word, whatever stage it is of."""
    if isinstance(resource, str):
        return resource
    ((function, value),) = resource.items()
    if function != "Fn::Sub":
        return str(value[0])
    if ":event-source-mapping:" in value:
        return "mapping"
    return "schedule" if ":schedule/" in value else "JobsTable/index"


class Unreachable:
    """A client that gets no answer."""

    async def list_event_source_mappings(self, **_params: Any) -> Any:
        raise throttled()


async def _start_flows(house: House, *types: str) -> list[str]:
    """One that goes on, and one that stops when its first step, of size 1, has failed; answers their first jobs."""
    first = Step(types[0], {"size": 1}, name="first", options=Options(attempts=1))
    following = [Step(name, {}, after=("first",)) for name in types]
    made = [
        await house.queue.flows.start(Flow(first, *following, on_failure="continue")),
        await house.queue.flows.start(Flow(first, *following)),
    ]
    return [f"{flow.id}:first" for flow in made]


async def all_kinds(order: Order, ctx: Context) -> str:
    """A handler that ends, and takes its time, in every way that asks for other calls."""
    if order.size == 1:
        raise Discard("no")
    if order.size == 2:
        await asyncio.sleep(3 * LEASE)
    if order.size == 3 and ctx.attempt == 1:
        raise Snooze(3_600)
    return "done"


async def lose(house: House, made: Job) -> None:
    """Starts an attempt as a process does that then is never heard of again."""
    claimed = await house.runtime.store.claim(made.tenant, made.id, "gone/1", house.loop.epoch_ms())
    assert not isinstance(claimed, Unclaimed)


@housed
async def test_a_job_types_function(house: House) -> None:
    house.handlers["work"] = all_kinds
    with watched(house) as (process, calls):
        made = await house.queue.enqueue_many([NewJob("work", {"size": size}) for size in range(4)])
        await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody="no job")
        await house.queue.schedules.create("s", "work", "rate(1 day)", overlap="replace", catch_up="all")
        lost = await house.queue.enqueue("work", {"size": 0}, attempts=1)
        await lose(house, lost)
        await asyncio.sleep(LEASE + 6)
        messages = await house.first.receive()
        assert len(messages) == 7
        await process.invoke("work", messages)
        # A dead letter that somebody moved back asks for another go.
        (letter,) = [one["Body"] for one in await house.letters() if one["Body"] != "no job"][:1]
        await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody=letter)
        await process.invoke("work", await house.first.receive())
        statuses = [(await house.queue.get(job.id)).status for job in (*made, lost)]
        await _start_flows(house, "work", "other")
        await process.invoke("work", await house.first.receive())
    assert {Status.COMPLETED, Status.DELAYED} <= set(statuses)
    # The mapping's own calls are made by `receive` and `invoke`, in its place, with another client.
    assert calls | MAPPING == allowed(house, "WorkRole")


@housed
async def test_the_api(house: House) -> None:
    async def discard(_order: Order, _ctx: Context) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    with watched(house) as (process, calls):
        app = create_app(process.runtime, secret=SECRET, clock=house.loop.epoch_ms)
        rights, clock = f"{DEFAULT_SCOPE} {ADMIN}", house.loop.epoch_ms
        token = make_token(SECRET, tenant="default", subject="ada", scope=rights, expires_in=3_600, clock=clock)
        transport = httpx.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as api:
            for name, options in (("work", {}), ("other", {"jobId": "named"}), ("work", {"jobId": "failing"})):
                body = {"type": name, "data": {"size": 1}, "options": options}
                assert (await api.post(ROOT, json=body)).status_code == 202
            many = [{"type": "work", "data": {"size": 1}}] * 3
            assert (await api.post(f"{ROOT}/batch", json=many)).status_code == 202
            assert (await api.delete(f"{ROOT}/named")).status_code == 200
            await _keep_schedules(house, api)
            steps = [{"type": name, "data": {}} for name in ("work", "other")]
            flow = await api.post(f"{ROOT}/flows", json={"steps": [{"chain": steps}], "flowId": "flow"})
            assert flow.status_code == 202
            assert (await api.delete(f"{ROOT}/flows/flow")).json()["cancelled"] == 2
            assert (await api.post(f"{ROOT}/flows/flow/retry")).status_code == 202
            operation = await _control(house, api)
            while any((await house.depth())[:1]):
                await house.deliver()
            assert (await api.post(f"{ROOT}/failing/retry")).status_code == 202
            for path, methods in app.openapi()["paths"].items():
                if "get" in methods and path.startswith(ROOT) and "{webhook_id}" not in path:
                    filled = path.format(
                        job_id="named", job_type="other", name="work", operation_id=operation, flow_id="flow"
                    )
                    assert (await api.get(filled)).status_code == 200, path
    assert calls == allowed(house, "ApiRole")


async def _control(house: House, api: httpx.AsyncClient) -> str:
    """Answers the id of an operation."""
    await deployed(house)
    for verb in ("pause", "resume"):
        assert (await api.post(f"{ROOT}/queues/work/{verb}")).is_success
        await asyncio.sleep(5)
    begun = await api.post(f"{ROOT}/queues/work/redrive", json={})
    assert (await api.get(f"{ROOT}/operations/{begun.json()['id']}")).is_success
    assert (await api.delete(f"{ROOT}/operations/{begun.json()['id']}")).is_success
    (replay,) = [await api.post(f"{ROOT}/named/replay", json={"jobId": "replayed"})]
    assert (await api.delete(f"{ROOT}/{replay.json()['id']}")).is_success
    assert (await api.delete(f"{ROOT}/replayed/record")).is_success
    return str(begun.json()["id"])


async def _keep_schedules(house: House, api: httpx.AsyncClient) -> None:
    # A deployment has the group.
    await house.scheduler.create_schedule_group(Name="jobyard")
    for name in ("work", "gone"):
        body = {"name": name, "type": "work", "schedule": "rate(1 day)"}
        assert (await api.post(f"{ROOT}/schedules", json=body)).status_code == 201
        for verb in ("pause", "resume", "run"):
            assert (await api.post(f"{ROOT}/schedules/{name}/{verb}")).is_success
    assert (await api.delete(f"{ROOT}/schedules/gone")).status_code == 200


@housed
async def test_the_reaper(house: House) -> None:
    with watched(house) as (process, calls):
        for name in ("work", "other"):
            for attempts in (1, 3):
                await lose(house, await house.queue.enqueue(name, {}, attempts=attempts))
            await house.queue.enqueue(name, {})
            while await house.first.receive(name):
                pass
        await asyncio.sleep(LEASE + 6)
        done = await process.runtime.reaper.round()
        assert done.lost == 4
        await asyncio.sleep(30 * MINUTE)
        assert (await process.runtime.reaper.round()).resent >= 2
        for job_id in await _start_flows(house, "work", "other"):
            await lose(house, await house.queue.get(job_id))
        await asyncio.sleep(LEASE + 6)
        await process.runtime.reaper.round()
        await deployed(house)
        lost, house.first.lambda_.inner = house.first.lambda_.inner, Unreachable()
        for name in ("work", "other"):
            # Whoever pauses it does not get through to the mapping.
            await house.queue.pause(name)
            once = Options(unique=Unique(key=name))
            await house.queue.schedules.create(name, name, "rate(1 day)", overlap="replace", options=once)
            await house.queue.retry_many(JobFilter(type=name))
            await house.queue.purge(name)
        house.first.lambda_.inner = lost
        assert await process.runtime.pauses.round() == 2
        await asyncio.sleep(2 * DAY)
        await process.runtime.pauses.round()
        for name in ("work", "other"):
            assert [fate for _, fate in (await house.queue.schedules.get(name)).fates][-1] is Fate.STARTED
        assert await process.runtime.bulk_work.round() > 0
    assert calls == allowed(house, "ReaperRole")


@housed
async def test_the_dead_letter_consumer(house: House) -> None:
    with watched(house) as (process, calls):
        for name in ("work", "other"):
            waiting, gone = [await house.queue.enqueue(name, {}, attempts=1) for _ in range(2)]
            await lose(house, gone)
            # As SQS's own redrive moves them.
            letters = await house.runtime.queues.dead_letter_url(name)
            for message in await house.first.receive(name):
                await house.sqs.send_message(QueueUrl=letters, MessageBody=message["Body"])
        await asyncio.sleep(LEASE + 6)
        assert await process.runtime.dead_letters.round() == 4
        assert (await house.queue.get(waiting.id)).status is Status.FAILED
        await _start_flows(house, "work", "other")
        for message in await house.first.receive("work"):
            letters = await house.runtime.queues.dead_letter_url("work")
            await house.sqs.send_message(QueueUrl=letters, MessageBody=message["Body"])
        await asyncio.sleep(LEASE + 6)
        await process.runtime.dead_letters.round()
    assert calls == allowed(house, "DeadLetterConsumerRole")


@housed
async def test_the_cleaner(house: House) -> None:
    for _ in range(2):
        await house.queue.enqueue("work", {})
        await house.deliver()
    await asyncio.sleep(2 * MINUTE)
    with watched(house) as (process, calls):
        cleaner = cleaner_of(process.runtime)
        cleaner.catalog = keeping(house, max_completed=1).runtime.catalog
        done = await cleaner.round()
        assert done is not None
        assert done.over_count == 1
    assert calls == allowed(house, "CleanerRole")
