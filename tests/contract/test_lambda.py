"""Lambda: invocations, what functions tell of themselves, and event source mappings.

https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.functions import NAME, deploy

Unique = Callable[[str], str]

IN_DOCKER = "runs functions in Docker only"
LOOSE = "takes what AWS refuses"
OTHER_ERROR = "has another error for it"
#: Seconds that a mapping's state may take to settle.
SETTLED = 10


@pytest.fixture
async def functions(target: str, connect: Callable[..., Any]) -> Any:
    """A Lambda client on a target that has the function NAME."""
    client = await connect("lambda")
    if target in ("moto", "ministack"):
        await deploy(client, await connect("iam"))
    return client


@pytest.fixture
async def queue_arn(connect: Callable[..., Any], unique: Unique) -> str:
    sqs = await connect("sqs")
    url = (await sqs.create_queue(QueueName=unique("mapped")))["QueueUrl"]
    reply = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(reply["Attributes"]["QueueArn"])


async def refused(call: Any) -> tuple[str, int]:
    """Code and status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


async def message_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    return str(caught.value.response["Error"]["Message"])


async def invoke(functions: Any, **params: Any) -> tuple[dict[str, Any], bytes]:
    """The reply, and its payload, read in any case: an unread one keeps its connection."""
    reply = await functions.invoke(**{"FunctionName": NAME, **params})
    return reply, await reply["Payload"].read()


async def settled(functions: Any, uuid: str, wanted: str) -> None:
    async with asyncio.timeout(SETTLED):
        while True:
            if (await functions.get_event_source_mapping(UUID=uuid))["State"] == wanted:
                return
            await asyncio.sleep(0.05)


class TestInvoke:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

    @pytest.mark.deviates(moto=IN_DOCKER)
    async def test_the_answer_is_the_payload(self, functions: Any) -> None:
        reply, payload = await invoke(functions, Payload=b'{"a": 1}')
        assert (reply["StatusCode"], reply["ExecutedVersion"]) == (200, "$LATEST")
        assert "FunctionError" not in reply
        assert json.loads(payload) == {"a": 1}

    @pytest.mark.deviates(moto=IN_DOCKER, ministack="names its own error type, Runtime.HandlerError")
    async def test_an_error_of_the_function_is_no_error_of_the_call(self, functions: Any) -> None:
        reply, payload = await invoke(functions, Payload=b'{"fail": "on purpose"}')
        assert (reply["StatusCode"], reply["FunctionError"]) == (200, "Unhandled")
        error = json.loads(payload)
        assert (error["errorMessage"], error["errorType"]) == ("on purpose", "ValueError")
        assert isinstance(error["stackTrace"], list)

    @pytest.mark.deviates(moto=IN_DOCKER)
    async def test_no_payload_is_an_empty_event(self, functions: Any) -> None:
        _, payload = await invoke(functions)
        assert json.loads(payload) == {}

    @pytest.mark.deviates(moto=IN_DOCKER, ministack="answers no log when nothing was printed")
    async def test_the_tail_of_the_log(self, functions: Any) -> None:
        reply, _ = await invoke(functions, LogType="Tail")
        assert reply["LogResult"]

    async def test_a_dry_run_answers_204(self, functions: Any) -> None:
        reply, payload = await invoke(functions, InvocationType="DryRun")
        assert (reply["StatusCode"], payload) == (204, b"")

    @pytest.mark.deviates(moto=IN_DOCKER)
    async def test_an_event_is_accepted_with_202(self, functions: Any) -> None:
        reply, payload = await invoke(functions, InvocationType="Event", Payload=b"{}")
        assert (reply["StatusCode"], payload) == (202, b"")

    async def test_a_function_that_does_not_exist(self, functions: Any) -> None:
        with pytest.raises(functions.exceptions.ResourceNotFoundException) as caught:
            await functions.invoke(FunctionName="contract-none")
        message = caught.value.response["Error"]["Message"]
        assert re.fullmatch(r"Function not found: arn:aws:lambda:us-east-1:\d{12}:function:contract-none", message)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404

    @pytest.mark.deviates(moto="500", ministack="takes it for text")
    async def test_a_payload_must_be_json(self, functions: Any) -> None:
        assert await refused(invoke(functions, Payload=b"{")) == ("InvalidRequestContentException", 400)

    @pytest.mark.deviates(moto=LOOSE, ministack=LOOSE)
    async def test_two_qualifiers_must_agree(self, functions: Any) -> None:
        assert await message_of(invoke(functions, FunctionName=f"{NAME}:$LATEST", Qualifier="7")) == (
            "The derived qualifier from the function name does not match the specified qualifier."
        )


class TestFunctions:
    """https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html and its neighbours"""

    async def test_a_function_is_described(self, functions: Any) -> None:
        configuration = (await functions.get_function(FunctionName=NAME))["Configuration"]
        assert configuration["FunctionName"] == NAME
        assert configuration["FunctionArn"].endswith(f":function:{NAME}")
        assert (configuration["Handler"], configuration["Timeout"]) == ("index.handler", 10)
        assert (configuration["Version"], configuration["PackageType"]) == ("$LATEST", "Zip")

    async def test_functions_are_listed(self, functions: Any) -> None:
        names = [function["FunctionName"] for function in (await functions.list_functions())["Functions"]]
        assert NAME in names

    async def test_get_a_function_that_does_not_exist(self, functions: Any) -> None:
        assert await refused(functions.get_function(FunctionName="contract-none")) == (
            "ResourceNotFoundException",
            404,
        )

    async def test_reserved_concurrency(self, functions: Any) -> None:
        reply = await functions.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=5)
        assert reply["ReservedConcurrentExecutions"] == 5
        reply = await functions.get_function_concurrency(FunctionName=NAME)
        assert reply["ReservedConcurrentExecutions"] == 5
        await functions.delete_function_concurrency(FunctionName=NAME)
        assert "ReservedConcurrentExecutions" not in await functions.get_function_concurrency(FunctionName=NAME)

    @pytest.mark.deviates(moto="answers an ARN without its version", ministack="answers an ARN without its version")
    async def test_asynchronous_invocations_are_configured(self, functions: Any, queue_arn: str) -> None:
        put = await functions.put_function_event_invoke_config(
            FunctionName=NAME,
            MaximumRetryAttempts=1,
            MaximumEventAgeInSeconds=60,
            DestinationConfig={"OnFailure": {"Destination": queue_arn}},
        )
        assert put["FunctionArn"].endswith(f":function:{NAME}:$LATEST")
        assert (put["MaximumRetryAttempts"], put["MaximumEventAgeInSeconds"]) == (1, 60)
        got = await functions.get_function_event_invoke_config(FunctionName=NAME)
        assert got["DestinationConfig"]["OnFailure"] == {"Destination": queue_arn}
        await functions.delete_function_event_invoke_config(FunctionName=NAME)
        call = functions.get_function_event_invoke_config(FunctionName=NAME)
        assert await refused(call) == ("ResourceNotFoundException", 404)

    async def test_tags(self, functions: Any) -> None:
        arn = (await functions.get_function(FunctionName=NAME))["Configuration"]["FunctionArn"]
        await functions.tag_resource(Resource=arn, Tags={"team": "red", "stage": "test"})
        await functions.untag_resource(Resource=arn, TagKeys=["stage"])
        assert (await functions.list_tags(Resource=arn))["Tags"] == {"team": "red"}


class TestEventSourceMappings:
    """https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html and its neighbours"""

    @pytest.mark.deviates(moto="tells no batching window")
    async def test_a_mapping_has_defaults(self, functions: Any, queue_arn: str) -> None:
        made = await functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn)
        assert made["EventSourceArn"] == queue_arn
        assert made["FunctionArn"].endswith(f":function:{NAME}")
        assert (made["BatchSize"], made["MaximumBatchingWindowInSeconds"]) == (10, 0)
        assert made["FunctionResponseTypes"] == []
        assert made["StateTransitionReason"] == "USER_INITIATED"
        await settled(functions, made["UUID"], "Enabled")

    async def test_a_mapping_is_disabled_and_enabled(self, functions: Any, queue_arn: str) -> None:
        made = await functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn, Enabled=False)
        await settled(functions, made["UUID"], "Disabled")
        await functions.update_event_source_mapping(UUID=made["UUID"], Enabled=True, BatchSize=5)
        await settled(functions, made["UUID"], "Enabled")
        assert (await functions.get_event_source_mapping(UUID=made["UUID"]))["BatchSize"] == 5

    async def test_mappings_are_found_by_their_queue(self, functions: Any, queue_arn: str) -> None:
        made = await functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn)
        (found,) = (await functions.list_event_source_mappings(EventSourceArn=queue_arn))["EventSourceMappings"]
        assert found["UUID"] == made["UUID"]

    async def test_a_deleted_mapping_is_gone(self, functions: Any, queue_arn: str) -> None:
        made = await functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn)
        await settled(functions, made["UUID"], "Enabled")
        assert (await functions.delete_event_source_mapping(UUID=made["UUID"]))["State"] == "Deleting"
        async with asyncio.timeout(SETTLED):
            while True:
                if not (await functions.list_event_source_mappings(EventSourceArn=queue_arn))["EventSourceMappings"]:
                    break
                await asyncio.sleep(0.05)
        with pytest.raises(
            functions.exceptions.ResourceNotFoundException, match="resource you requested does not exist"
        ):
            await functions.get_event_source_mapping(UUID=made["UUID"])

    @pytest.mark.deviates(moto=LOOSE, ministack=LOOSE)
    async def test_a_function_reads_a_queue_once(self, functions: Any, queue_arn: str) -> None:
        made = await functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn)
        call = functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn)
        with pytest.raises(functions.exceptions.ResourceConflictException, match=made["UUID"]):
            await call

    @pytest.mark.deviates(moto=OTHER_ERROR, ministack=OTHER_ERROR)
    async def test_a_mapping_needs_a_function(self, functions: Any, queue_arn: str) -> None:
        call = functions.create_event_source_mapping(FunctionName="contract-none", EventSourceArn=queue_arn)
        with pytest.raises(functions.exceptions.InvalidParameterValueException, match="Function does not exist"):
            await call

    @pytest.mark.deviates(moto=OTHER_ERROR, ministack=LOOSE)
    async def test_a_mapping_needs_a_queue(self, functions: Any, queue_arn: str) -> None:
        call = functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn + "-none")
        assert await refused(call) == ("InvalidParameterValueException", 400)

    @pytest.mark.deviates(moto=LOOSE, ministack=LOOSE)
    async def test_large_batches_need_a_window(self, functions: Any, queue_arn: str) -> None:
        call = functions.create_event_source_mapping(FunctionName=NAME, EventSourceArn=queue_arn, BatchSize=11)
        assert await message_of(call) == (
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        )

    @pytest.mark.deviates(moto=LOOSE, ministack=LOOSE)
    @pytest.mark.parametrize("pattern", ["simple string", '{"body": "a"}', '{"body": {"a": 1}}'])
    async def test_a_filter_is_a_pattern(self, functions: Any, queue_arn: str, pattern: str) -> None:
        call = functions.create_event_source_mapping(
            FunctionName=NAME, EventSourceArn=queue_arn, FilterCriteria={"Filters": [{"Pattern": pattern}]}
        )
        assert await message_of(call) == "Invalid filter pattern definition."

    @pytest.mark.deviates(moto=LOOSE, ministack=LOOSE)
    async def test_a_queue_has_no_starting_position(self, functions: Any, queue_arn: str) -> None:
        call = functions.create_event_source_mapping(
            FunctionName=NAME, EventSourceArn=queue_arn, StartingPosition="LATEST"
        )
        assert await message_of(call) == "StartingPosition is not valid for SQS event sources."
