"""The event source mapping API: shapes, states, paging, and what it refuses. What a mapping does: tests/mapping."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from infra.local.lambda_.deployment import Deployed, deploy
from tests.engine.lambda_functions import PREFIX, QUEUE_ARN, add

#: Seconds after which a state has settled.
SETTLED = 1


@pytest.fixture
async def functions(engine: Engine, sqs: Any) -> Any:
    add(engine)
    add(engine, "other")
    await sqs.create_queue(QueueName="work")
    await sqs.create_queue(QueueName="more")
    await sqs.create_queue(QueueName="work.fifo", Attributes={"FifoQueue": "true"})
    await sqs.create_queue(QueueName="hasty", Attributes={"VisibilityTimeout": "5"})
    return engine.client("lambda")


async def refused(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def settings_of(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if name not in ("ResponseMetadata", "LastModified")}


async def create(functions: Any, queue: str = "work", **params: Any) -> dict[str, Any]:
    values = {"FunctionName": "echo", "EventSourceArn": QUEUE_ARN + queue, **params}
    reply: dict[str, Any] = await functions.create_event_source_mapping(**values)
    return reply


async def state(functions: Any, uuid: str) -> str:
    reply = await functions.get_event_source_mapping(UUID=uuid)
    return str(reply["State"])


async def test_a_mapping_is_created_with_lambdas_defaults(functions: Any, clock: Any) -> None:
    created = await create(functions)
    uuid = created["UUID"]
    assert settings_of(created) == {
        "UUID": uuid,
        "EventSourceMappingArn": f"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}",
        "EventSourceArn": QUEUE_ARN + "work",
        "FunctionArn": PREFIX + "echo",
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
    }
    clock.move(SETTLED)
    got = await functions.get_event_source_mapping(UUID=uuid)
    assert settings_of(got) == {**settings_of(created), "State": "Enabled"}
    assert got["LastModified"] == created["LastModified"]


async def test_all_settings_are_told(functions: Any) -> None:
    settings = {
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 7},
        "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"a": [1]}}'}]},
    }
    created = await create(functions, **settings)
    assert settings.items() <= created.items()


async def test_disabled_and_enabled_again(functions: Any, clock: Any) -> None:
    uuid = (await create(functions, Enabled=False))["UUID"]
    clock.move(SETTLED)
    assert await state(functions, uuid) == "Disabled"
    assert (await functions.update_event_source_mapping(UUID=uuid, Enabled=True))["State"] == "Enabling"
    clock.move(SETTLED)
    assert await state(functions, uuid) == "Enabled"
    assert (await functions.update_event_source_mapping(UUID=uuid, BatchSize=3))["State"] == "Updating"
    clock.move(SETTLED)
    assert (await functions.update_event_source_mapping(UUID=uuid, Enabled=False))["State"] == "Disabling"
    clock.move(SETTLED)
    got = await functions.get_event_source_mapping(UUID=uuid)
    assert (got["State"], got["BatchSize"]) == ("Disabled", 3)


async def test_a_mapping_that_still_changes_is_in_use(functions: Any, clock: Any) -> None:
    uuid = (await create(functions))["UUID"]
    assert await refused(functions.update_event_source_mapping(UUID=uuid, Enabled=False)) == (
        "ResourceInUseException: Cannot update the event source mapping because it is in use."
    )
    assert await refused(functions.delete_event_source_mapping(UUID=uuid)) == (
        "ResourceInUseException: Cannot delete the event source mapping because it is in use."
    )
    clock.move(SETTLED)
    await functions.update_event_source_mapping(UUID=uuid, Enabled=False)


async def test_a_deleted_mapping_is_there_for_a_moment(functions: Any, clock: Any) -> None:
    uuid = (await create(functions))["UUID"]
    clock.move(SETTLED)
    assert (await functions.delete_event_source_mapping(UUID=uuid))["State"] == "Deleting"
    assert await state(functions, uuid) == "Deleting"
    clock.move(SETTLED)
    missing = "ResourceNotFoundException: The resource you requested does not exist."
    assert await refused(functions.get_event_source_mapping(UUID=uuid)) == missing
    assert await refused(functions.update_event_source_mapping(UUID=uuid, BatchSize=1)) == missing
    assert await refused(functions.delete_event_source_mapping(UUID=uuid)) == missing
    assert (await functions.list_event_source_mappings())["EventSourceMappings"] == []
    await create(functions)


async def test_a_function_reads_a_queue_once(functions: Any) -> None:
    uuid = (await create(functions))["UUID"]
    assert await refused(create(functions, FunctionName=PREFIX + "echo")) == (
        f'ResourceConflictException: An event source mapping with SQS arn (" {QUEUE_ARN}work ") and function '
        f'(" echo ") already exists. Please update or delete the existing mapping with UUID {uuid}'
    )
    await create(functions, FunctionName="other")


async def test_mappings_are_listed_by_queue_and_function_page_by_page(functions: Any) -> None:
    made = {
        (await create(functions, queue, FunctionName=name))["UUID"]
        for queue in ("work", "more")
        for name in ("echo", "other")
    }

    async def listed(**params: Any) -> list[tuple[str, str]]:
        reply = await functions.list_event_source_mappings(**params)
        return sorted(
            (one["EventSourceArn"].rpartition(":")[2], one["FunctionArn"].rpartition(":")[2])
            for one in reply["EventSourceMappings"]
        )

    assert len(await listed()) == 4
    assert await listed(FunctionName="echo") == [("more", "echo"), ("work", "echo")]
    assert await listed(EventSourceArn=QUEUE_ARN + "more") == [("more", "echo"), ("more", "other")]
    assert await listed(EventSourceArn=QUEUE_ARN + "more", FunctionName=PREFIX + "other") == [("more", "other")]
    first = await functions.list_event_source_mappings(MaxItems=3)
    rest = await functions.list_event_source_mappings(MaxItems=3, Marker=first["NextMarker"])
    assert "NextMarker" not in rest
    assert {one["UUID"] for page in (first, rest) for one in page["EventSourceMappings"]} == made
    assert await refused(functions.list_event_source_mappings(FunctionName="gone")) == (
        f"ResourceNotFoundException: Function not found: {PREFIX}gone"
    )


async def test_mappings_have_tags(functions: Any) -> None:
    arn = (await create(functions, Tags={"team": "red"}))["EventSourceMappingArn"]
    await functions.tag_resource(Resource=arn, Tags={"stage": "test"})
    assert (await functions.list_tags(Resource=arn))["Tags"] == {"team": "red", "stage": "test"}


async def test_another_function_can_take_over(functions: Any, clock: Any) -> None:
    uuid = (await create(functions))["UUID"]
    clock.move(SETTLED)
    updated = await functions.update_event_source_mapping(UUID=uuid, FunctionName="other")
    assert updated["FunctionArn"] == PREFIX + "other"


async def test_an_empty_filter_takes_it_away(functions: Any, clock: Any) -> None:
    uuid = (await create(functions, FilterCriteria={"Filters": [{"Pattern": '{"body": ["a"]}'}]}))["UUID"]
    clock.move(SETTLED)
    assert "FilterCriteria" not in await functions.update_event_source_mapping(UUID=uuid, FilterCriteria={})


NO_QUEUE = (
    "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
    "SQS Error Message: The specified queue does not exist or you do not have access to it."
)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"FunctionName": "gone"}, "Function does not exist"),
        ({"EventSourceArn": QUEUE_ARN + "gone"}, NO_QUEUE),
        ({"EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:work"}, NO_QUEUE),
        ({"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:work"}, NO_QUEUE),
        (
            {"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"},
            "The embedded Lambda reads SQS queues only, not arn:aws:kinesis:us-east-1:000000000000:stream/s.",
        ),
        (
            {"EventSourceArn": QUEUE_ARN + "hasty"},
            "Queue visibility timeout: 5 seconds is less than Function timeout: 10 seconds",
        ),
        (
            {"BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
        ),
        (
            {"EventSourceArn": QUEUE_ARN + "work.fifo", "MaximumBatchingWindowInSeconds": 1},
            "Batching window is not supported for FIFO queues",
        ),
        (
            {"EventSourceArn": QUEUE_ARN + "work.fifo", "BatchSize": 11},
            "Batch size must not exceed 10 for FIFO queues",
        ),
        ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
        ({"ParallelizationFactor": 2}, "ParallelizationFactor is not valid for SQS event sources."),
        (
            {"ProvisionedPollerConfig": {"MinimumPollers": 1}},
            "The embedded Lambda does not support ProvisionedPollerConfig.",
        ),
        ({"FilterCriteria": {"Filters": [{"Pattern": "simple string"}]}}, "Invalid filter pattern definition."),
    ],
    ids=lambda value: "",
)
async def test_what_cannot_be_created(functions: Any, params: Any, message: str) -> None:
    assert await refused(create(functions, **params)) == f"InvalidParameterValueException: {message}"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"BatchSize": 10_001},
            "Value '10001' at 'batchSize' failed to satisfy constraint: Member must have value less",
        ),
        (
            {"ScalingConfig": {"MaximumConcurrency": 1_001}},
            "Value '1001' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint: Member must have value",
        ),
        (
            {"FunctionResponseTypes": ["All"]},
            "Value '[All]' at 'functionResponseTypes' failed to satisfy constraint: Member must satisfy constraint: "
            "[Member must satisfy enum value set: [ReportBatchItemFailures]]",
        ),
        (
            {"StartingPosition": "0"},
            "Value '0' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [",
        ),
        (
            {"FilterCriteria": {"Filters": [{"Pattern": "x" * 4_097}]}},
            "' at 'filterCriteria.filters.1.member.pattern' failed to satisfy constraint: Member must have length less",
        ),
    ],
    ids=lambda value: "",
)
async def test_values_that_the_model_forbids(functions: Any, params: Any, message: str) -> None:
    error = await refused(create(functions, **params))
    assert error.startswith("ValidationException: 1 validation error detected: ")
    assert message in error


async def test_a_bad_update_changes_nothing(functions: Any, clock: Any) -> None:
    uuid = (await create(functions))["UUID"]
    clock.move(SETTLED)
    assert "batch window" in await refused(
        functions.update_event_source_mapping(UUID=uuid, Enabled=False, BatchSize=500)
    )
    got = await functions.get_event_source_mapping(UUID=uuid)
    assert (got["State"], got["BatchSize"]) == ("Enabled", 10)


async def test_a_deployment_makes_its_mappings_and_changes_them_only_when_it_changes(
    engine: Engine, functions: Any, clock: Any
) -> None:
    def version(batch_size: int) -> Deployed:
        return Deployed("echo", QUEUE_ARN + "work", {"BatchSize": batch_size})

    uuid = version(1).uuid
    await engine.submit(deploy([version(1)]), {})
    assert await state(functions, uuid) == "Enabled"
    await functions.update_event_source_mapping(UUID=uuid, BatchSize=5, Enabled=False)
    clock.move(SETTLED)
    await engine.submit(deploy([version(1)]), {})
    got = await functions.get_event_source_mapping(UUID=uuid)
    assert (got["State"], got["BatchSize"]) == ("Disabled", 5)
    await engine.submit(deploy([version(2)]), {})
    got = await functions.get_event_source_mapping(UUID=uuid)
    assert (got["State"], got["BatchSize"]) == ("Disabled", 2)


async def test_a_deployment_leaves_a_queue_to_the_mapping_that_somebody_made(
    engine: Engine, functions: Any, clock: Any
) -> None:
    made = await create(functions)
    await engine.submit(deploy([Deployed("echo", QUEUE_ARN + "work", {})]), {})
    (only,) = (await functions.list_event_source_mappings())["EventSourceMappings"]
    assert only["UUID"] == made["UUID"]
