"""A running stack, one thing broken in it through AWS's own calls, and the doctor finds that and nothing else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.doctor.snapshot import Kind
from queues.resources import MAX_RECEIVES, STATE_INDEX
from tests.contract.servers import running
from tests.doctor.stacks import Stack, deployed, embedded, worked

Sabotage = Callable[[Stack], Awaitable[Any]]


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("ministack", tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(params=["embedded", pytest.param("ministack", marks=pytest.mark.emulator)])
async def stack(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stack]:
    """A sound stack."""
    if request.param == "embedded":
        opened = embedded(tmp_path)
    else:
        opened = deployed(request.getfixturevalue("ministack"), tmp_path)
    async with opened as one:
        yield one


async def redrive(stack: Stack, letters: str, receives: int) -> None:
    await stack.set(stack.queue, RedrivePolicy={"deadLetterTargetArn": stack.arn(letters), "maxReceiveCount": receives})


async def delete_queue(stack: Stack, name: str) -> None:
    await stack.sqs.delete_queue(QueueUrl=await stack.url(name))


async def without_redrive(stack: Stack) -> None:
    """Made anew, since MiniStack takes no policy away."""
    wanted = ["VisibilityTimeout", "MessageRetentionPeriod", "ReceiveMessageWaitTimeSeconds"]
    url = await stack.url(stack.queue)
    reply = await stack.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=wanted)
    await stack.sqs.delete_queue(QueueUrl=url)
    await stack.sqs.create_queue(QueueName=stack.queue, Attributes=reply["Attributes"])


async def second_mapping(stack: Stack) -> None:
    """By the other type's function, which would run it with another's code."""
    await stack.functions.create_event_source_mapping(
        FunctionName=stack.settings.queue("hold-up"),
        EventSourceArn=stack.arn(stack.queue),
        BatchSize=1,
        ScalingConfig={"MaximumConcurrency": 2},
        FunctionResponseTypes=["ReportBatchItemFailures"],
    )


async def delete_mapping(stack: Stack) -> None:
    await stack.functions.delete_event_source_mapping(UUID=(await stack.mapping())["UUID"])


async def disable_ttl(stack: Stack) -> None:
    specification = {"Enabled": False, "AttributeName": "expires_at"}
    await stack.dynamodb.update_time_to_live(TableName=stack.settings.table, TimeToLiveSpecification=specification)


async def delete_index(stack: Stack) -> None:
    update = {"Delete": {"IndexName": STATE_INDEX}}
    await stack.dynamodb.update_table(TableName=stack.settings.table, GlobalSecondaryIndexUpdates=[update])


async def other_table(stack: Stack) -> None:
    await stack.dynamodb.delete_table(TableName=stack.settings.table)
    await stack.dynamodb.create_table(
        TableName=stack.settings.table,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


async def schedule_to_a_deleted_queue(stack: Stack) -> None:
    name = f"{stack.settings.prefix}-gone"
    await stack.sqs.create_queue(QueueName=name)
    await stack.schedule("nightly", stack.arn(name))
    await delete_queue(stack, name)


async def schedule_by_the_universal_target(stack: Stack) -> None:
    url = (await stack.url(stack.queue)).replace(stack.queue, f"{stack.settings.prefix}-gone")
    message = json.dumps({"QueueUrl": url, "MessageBody": "{}"})
    await stack.schedule("nightly", "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", message)


async def send_a_dead_letter(stack: Stack) -> None:
    await stack.sqs.send_message(QueueUrl=await stack.url(f"{stack.queue}-dlq"), MessageBody="not a job's")


#: What is done, and the rules that speak then.
SABOTAGES: dict[str, tuple[Sabotage, list[str]]] = {
    "visibility-below-the-timeout": (lambda s: s.set(s.queue, VisibilityTimeout="5"), ["visibility-short"]),
    "visibility-below-six-timeouts": (lambda s: s.set(s.queue, VisibilityTimeout="120"), ["visibility-low"]),
    "retention": (lambda s: s.set(s.queue, MessageRetentionPeriod="3600"), ["retention-low"]),
    "short-polls": (lambda s: s.set(s.queue, ReceiveMessageWaitTimeSeconds="0"), ["short-polls"]),
    "no-redrive": (without_redrive, ["redrive-missing"]),
    "redrive-to-another": (
        lambda s: redrive(s, s.settings.dead_letter_queue("hold-up"), MAX_RECEIVES),
        ["redrive-elsewhere"],
    ),
    "one-receive": (lambda s: redrive(s, f"{s.queue}-dlq", 1), ["receives-too-few"]),
    "few-receives": (lambda s: redrive(s, f"{s.queue}-dlq", 5), ["receives-few"]),
    "letters-retention": (lambda s: s.set(f"{s.queue}-dlq", MessageRetentionPeriod="3600"), ["dead-letters-retention"]),
    "dead-letter": (send_a_dead_letter, ["dead-letters-waiting"]),
    "queue-deleted": (lambda s: delete_queue(s, s.queue), ["queue-missing"]),
    "letters-deleted": (lambda s: delete_queue(s, f"{s.queue}-dlq"), ["dead-letters-missing"]),
    "orphan": (lambda s: s.sqs.create_queue(QueueName=f"{s.settings.prefix}-old"), ["queue-orphan"]),
    "all-or-nothing": (lambda s: s.remap(FunctionResponseTypes=[]), ["partial-responses"]),
    "paused": (lambda s: s.remap(Enabled=False), ["mapping-disabled"]),
    "too-many-at-once": (
        lambda s: s.remap(ScalingConfig={"MaximumConcurrency": 100}),
        ["concurrency-exceeded"],
    ),
    "filters": (
        lambda s: s.remap(FilterCriteria={"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]}),
        ["mapping-filters"],
    ),
    "reservation": (
        lambda s: s.functions.put_function_concurrency(FunctionName=s.queue, ReservedConcurrentExecutions=2),
        ["reservation-low"],
    ),
    "two-mappings": (second_mapping, ["function-timeout", "mapping-several"]),
    "no-mapping": (delete_mapping, ["mapping-missing"]),
    "table-deleted": (lambda s: s.dynamodb.delete_table(TableName=s.settings.table), ["table-missing"]),
    "another-table": (other_table, ["index-missing", "table-keys", "ttl-off"]),
    "no-ttl": (disable_ttl, ["ttl-off"]),
    "no-index": (delete_index, ["index-missing"]),
    "schedule-to-nowhere": (schedule_to_a_deleted_queue, ["schedule-target-gone"]),
    "schedule-to-nowhere-by-url": (schedule_by_the_universal_target, ["schedule-target-gone"]),
    "schedule-off": (
        lambda s: s.schedule("nightly", s.arn(s.queue), State="DISABLED"),
        ["schedule-disabled"],
    ),
}

#: Of functions, which the embedded AWS has from its process and no call can change.
DEPLOYED_SABOTAGES: dict[str, tuple[Sabotage, list[str]]] = {
    "function-timeout": (
        lambda s: s.functions.update_function_configuration(FunctionName=s.queue, Timeout=30),
        ["function-timeout"],
    ),
    "function-deleted": (lambda s: s.functions.delete_function(FunctionName=s.queue), ["function-missing"]),
    "reaper-deleted": (
        lambda s: s.functions.delete_function(FunctionName=f"{s.settings.prefix}-reaper"),
        ["schedule-target-gone"],
    ),
    "reaper-unscheduled": (
        lambda s: s.scheduler.delete_schedule(Name=f"{s.settings.prefix}-reaper"),
        ["rounds-unscheduled"],
    ),
    "weak-secret": (
        lambda s: s.functions.update_function_configuration(
            FunctionName=f"{s.settings.prefix}-reaper",
            Environment={"Variables": {"JOBYARD_SECRET": "changeme"}},
        ),
        ["secret-short"],
    ),
}


async def test_nothing_is_found_on_a_sound_stack(stack: Stack) -> None:
    diagnosis = await stack.diagnose()
    assert diagnosis.findings == ()
    assert diagnosis.snapshot.target.kind is stack.kind
    # MiniStack is started without STS.
    unread = [] if stack.kind is Kind.EMBEDDED else ["whose credentials these are"]
    assert [one.what for one in diagnosis.snapshot.unread] == [*unread, "permissions to write"]
    assert diagnosis.snapshot.skew is not None
    assert len(diagnosis.snapshot.functions) >= 2


@pytest.mark.parametrize(("sabotage", "rules"), SABOTAGES.values(), ids=SABOTAGES)
async def test_it_is_found(stack: Stack, sabotage: Sabotage, rules: list[str]) -> None:
    await sabotage(stack)
    assert await stack.found() == rules


@pytest.mark.emulator
@pytest.mark.parametrize(("sabotage", "rules"), DEPLOYED_SABOTAGES.values(), ids=DEPLOYED_SABOTAGES)
async def test_it_is_found_in_a_deployment(
    ministack: str, tmp_path: Path, sabotage: Sabotage, rules: list[str]
) -> None:
    async with deployed(ministack, tmp_path) as stack:
        await sabotage(stack)
        assert await stack.found() == rules


@pytest.mark.emulator
async def test_where_workers_work_there_is_a_note(ministack: str, tmp_path: Path) -> None:
    async with worked(ministack, tmp_path) as stack:
        assert await stack.found() == ["mapping-none"]
        await stack.set(stack.queue, VisibilityTimeout="5")
        assert await stack.found() == ["mapping-none", "visibility-unfit"]


async def test_queues_of_another_deployment_are_not_orphans(stack: Stack) -> None:
    other = f"{stack.settings.prefix}-dev"
    await stack.sqs.create_queue(QueueName=f"{other}-hello")
    assert await stack.found() == ["queue-orphan"]
    await stack.dynamodb.create_table(
        TableName=other,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )
    assert await stack.found() == []


async def test_it_only_reads(stack: Stack) -> None:
    asked: list[str] = []
    for client in stack.clients.values():
        client.meta.events.register("before-call", lambda model, **_: asked.append(model.name))
    await stack.read()
    assert len(asked) > 10
    assert [name for name in asked if not name.startswith(("Get", "List", "Describe", "Query"))] == []
