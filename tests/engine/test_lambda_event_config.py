"""PutFunctionEventInvokeConfig and its siblings."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from tests.engine.lambda_functions import PREFIX, QUEUE_ARN, add

NONE_SET = "The function {} doesn't have an EventInvokeConfig"


@pytest.fixture
async def functions(engine: Engine, sqs: Any) -> Any:
    add(engine)
    await sqs.create_queue(QueueName="ends")
    return engine.client("lambda")


async def refused(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def settings_of(reply: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in reply.items() if name not in ("ResponseMetadata", "LastModified")}


async def test_a_configuration_is_put_and_got(functions: Any) -> None:
    put = await functions.put_function_event_invoke_config(
        FunctionName="echo",
        MaximumRetryAttempts=1,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": QUEUE_ARN + "ends"}},
    )
    assert settings_of(put) == {
        "FunctionArn": f"{PREFIX}echo:$LATEST",
        "MaximumRetryAttempts": 1,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": QUEUE_ARN + "ends"}, "OnSuccess": {}},
    }
    assert put["LastModified"].year == 2026
    got = await functions.get_function_event_invoke_config(FunctionName="echo", Qualifier="$LATEST")
    assert settings_of(got) == settings_of(put)
    (listed,) = (await functions.list_function_event_invoke_configs(FunctionName="echo"))["FunctionEventInvokeConfigs"]
    assert settings_of(listed) == settings_of(put)


async def test_a_put_replaces_and_an_update_adds(functions: Any) -> None:
    await functions.put_function_event_invoke_config(FunctionName="echo", MaximumEventAgeInSeconds=60)
    updated = await functions.update_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=0)
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    replaced = await functions.put_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=2)
    assert replaced["MaximumRetryAttempts"] == 2
    assert "MaximumEventAgeInSeconds" not in replaced


async def test_a_deleted_configuration_is_gone(functions: Any) -> None:
    await functions.put_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=2)
    await functions.delete_function_event_invoke_config(FunctionName="echo")
    missing = f"ResourceNotFoundException: {NONE_SET.format(PREFIX + 'echo:$LATEST')}"
    for method in ("get", "delete"):
        call = getattr(functions, f"{method}_function_event_invoke_config")
        assert await refused(call(FunctionName="echo")) == missing
    assert await refused(
        functions.update_function_event_invoke_config(FunctionName="echo", MaximumRetryAttempts=1)
    ) == (missing)
    assert (await functions.list_function_event_invoke_configs(FunctionName="echo"))["FunctionEventInvokeConfigs"] == []


@pytest.mark.parametrize(
    ("params", "error"),
    [
        (
            {"FunctionName": "echo"},
            "InvalidParameterValueException: You must specify at least one of error handling or destination setting.",
        ),
        (
            {"FunctionName": "gone", "MaximumRetryAttempts": 1},
            "ResourceNotFoundException: The function doesn't exist.",
        ),
        (
            {"FunctionName": "echo", "Qualifier": "7", "MaximumRetryAttempts": 1},
            "ResourceNotFoundException: The function doesn't exist.",
        ),
        (
            {"FunctionName": "echo", "MaximumRetryAttempts": 3},
            "ValidationException: 1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy "
            "constraint: Member must have value less than or equal to 2",
        ),
        (
            {"FunctionName": "echo", "DestinationConfig": {"OnSuccess": {"Destination": PREFIX + "echo"}}},
            "InvalidParameterValueException: You can't specify the function as a destination for itself.",
        ),
        (
            {"FunctionName": "echo", "DestinationConfig": {"OnSuccess": {"Destination": QUEUE_ARN + "gone"}}},
            f"InvalidParameterValueException: The destination ARN {QUEUE_ARN}gone is invalid.",
        ),
        (
            {
                "FunctionName": "echo",
                "DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:iam:us-east-1:000000000000:x"}},
            },
            "InvalidParameterValueException: The provided destination config DestinationConfig("
            "onSuccess=OnSuccess(destination=arn:aws:iam:us-east-1:000000000000:x), onFailure=null) is invalid.",
        ),
        (
            {
                "FunctionName": "echo",
                "DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sns:us-east-1:000000000000:x"}},
            },
            "InvalidParameterValueException: The embedded Lambda sends invocation records to SQS queues only, "
            "not to arn:aws:sns:us-east-1:000000000000:x.",
        ),
    ],
    ids=lambda value: "",
)
async def test_what_cannot_be_set(functions: Any, params: Any, error: str) -> None:
    assert await refused(functions.put_function_event_invoke_config(**params)) == error


async def test_an_empty_destination_takes_it_away(functions: Any) -> None:
    ends = {"OnFailure": {"Destination": QUEUE_ARN + "ends"}}
    await functions.put_function_event_invoke_config(FunctionName="echo", DestinationConfig=ends)
    reply = await functions.update_function_event_invoke_config(
        FunctionName="echo", DestinationConfig={"OnFailure": {"Destination": ""}}
    )
    assert reply["DestinationConfig"] == {"OnFailure": {}, "OnSuccess": {}}
