"""Invoke: what a caller gets for a function's result, its errors, and for requests that cannot be right."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from infra.local.engine import Engine
from infra.local.lambda_.code import CODE
from infra.local.lambda_.limits import ASYNC_PAYLOAD_BYTES, SYNC_PAYLOAD_BYTES
from queues import capture
from tests.engine.lambda_functions import PREFIX, add


@pytest.fixture
def functions(engine: Engine) -> Any:
    add(engine)
    return engine.client("lambda")


@contextmanager
def capturing() -> Iterator[None]:
    """Not a fixture: pytest puts another `sys.stdout` in place for each phase of a test."""
    uninstall = capture.install()
    try:
        yield
    finally:
        uninstall()


async def payload_of(reply: dict[str, Any]) -> Any:
    return json.loads(await reply["Payload"].read())


async def refused(call: Any) -> tuple[str, str, int]:
    """Code, message and status of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["Error"]["Code"], response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


async def test_the_result_is_the_payload(functions: Any) -> None:
    reply = await functions.invoke(FunctionName="echo", Payload=b'{"a": [1, "\xc3\xa9"]}')
    assert (reply["StatusCode"], reply["ExecutedVersion"]) == (200, "$LATEST")
    assert "FunctionError" not in reply
    assert "LogResult" not in reply
    # As the Python runtime writes it.
    assert await reply["Payload"].read() == '{"a": [1, "é"]}'.encode()


@pytest.mark.parametrize("payload", [{}, {"Payload": b""}, {"Payload": "{}"}])
async def test_no_payload_is_an_empty_object(functions: Any, payload: Any) -> None:
    assert await payload_of(await functions.invoke(FunctionName="echo", **payload)) == {}


@pytest.mark.parametrize(
    "name", ["echo", PREFIX + "echo", "000000000000:function:echo", "function:echo", "echo:$LATEST"]
)
async def test_a_function_is_named_in_several_ways(functions: Any, name: str) -> None:
    assert (await functions.invoke(FunctionName=name))["StatusCode"] == 200


async def test_the_context_names_function_request_and_caller(engine: Engine, functions: Any) -> None:
    seen: list[Any] = []

    async def look(event: Any, context: Any) -> int:
        seen.append(context)
        return int(context.get_remaining_time_in_millis())

    add(engine, "look", look, timeout=7, memory=256)
    client_context = b64encode(b'{"custom": {"a": 1}, "env": {"b": "2"}, "client": {"app": "x"}}').decode()
    reply = await functions.invoke(FunctionName="look", Qualifier="$LATEST", ClientContext=client_context)
    assert 6_000 < await payload_of(reply) <= 7_000
    (context,) = seen
    assert context.invoked_function_arn == f"{PREFIX}look:$LATEST"
    assert (context.function_name, context.function_version, context.memory_limit_in_mb) == ("look", "$LATEST", "256")
    assert len(context.aws_request_id) == 36
    assert context.client_context.custom == {"a": 1}
    assert context.client_context.env == {"b": "2"}
    assert context.client_context.client.app == "x"


async def test_an_error_of_the_function_is_told_as_the_runtime_does(engine: Engine, functions: Any) -> None:
    async def fails(event: Any, context: Any) -> None:
        raise ZeroDivisionError("not by that")

    add(engine, "fails", fails)
    reply = await functions.invoke(FunctionName="fails")
    assert (reply["StatusCode"], reply["FunctionError"]) == (200, "Unhandled")
    error = await payload_of(reply)
    assert list(error) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (error["errorMessage"], error["errorType"]) == ("not by that", "ZeroDivisionError")
    (frame,) = error["stackTrace"]
    assert frame.endswith('in fails\n    raise ZeroDivisionError("not by that")\n')


async def test_a_function_that_runs_too_long_is_stopped(run_virtually: Callable[..., None]) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        async def sleeps(event: Any, context: Any) -> None:
            await asyncio.sleep(1_000)

        add(engine, "sleeps", sleeps, timeout=3)
        reply = await engine.client("lambda").invoke(FunctionName="sleeps")
        assert loop.time() == 3
        assert reply["FunctionError"] == "Unhandled"
        error = await payload_of(reply)
        assert error["errorType"] == "Sandbox.Timedout"
        assert error["errorMessage"].startswith("RequestId: ")
        assert error["errorMessage"].endswith(" Error: Task timed out after 3.00 seconds")

    await asyncio.to_thread(run_virtually, main)


@pytest.mark.parametrize(
    ("result", "kind"),
    [({1, 2}, "Runtime.MarshalError"), ("x" * 6_300_000, "Function.ResponseSizeTooLarge")],
    ids=["no JSON", "too large"],
)
async def test_a_result_that_cannot_be_sent_is_an_error(engine: Engine, functions: Any, result: Any, kind: str) -> None:
    async def answers(event: Any, context: Any) -> Any:
        return result

    add(engine, "answers", answers)
    reply = await functions.invoke(FunctionName="answers")
    assert reply["FunctionError"] == "Unhandled"
    assert (await payload_of(reply))["errorType"] == kind


async def test_a_function_cannot_end_the_engine(engine: Engine, functions: Any) -> None:
    async def leaves(event: Any, context: Any) -> None:
        raise SystemExit(3)

    add(engine, "leaves", leaves)
    error = await payload_of(await functions.invoke(FunctionName="leaves"))
    assert error["errorType"] == "Runtime.ExitError"
    assert error["errorMessage"].endswith("exit status 3")


async def test_the_tail_of_the_log_comes_with_the_reply(engine: Engine, functions: Any) -> None:
    async def talks(event: Any, context: Any) -> None:
        for number in range(event):
            print("line", number, "x" * 100)

    add(engine, "talks", talks)

    async def tail(payload: str) -> bytes:
        reply = await functions.invoke(FunctionName="talks", Payload=payload, LogType="Tail")
        return b64decode(reply["LogResult"])

    with capturing():
        lines = (await tail("2")).decode().splitlines()
        long = await tail("90")
    assert lines[0].startswith("START RequestId: ")
    assert lines[0].endswith(" Version: $LATEST")
    assert [line.split("x")[0] for line in lines[1:3]] == ["line 0 ", "line 1 "]
    assert lines[3].startswith("END RequestId: ")
    assert lines[4].startswith("REPORT RequestId: ")
    assert "Memory Size: 1024 MB" in lines[4]
    assert len(long) == 4_096
    assert b"line 89" in long


@pytest.mark.parametrize("name", ["echo", PREFIX + "echo"])
async def test_a_dry_run_runs_nothing(engine: Engine, name: str) -> None:
    async def never(event: Any, context: Any) -> None:
        raise AssertionError

    add(engine, "echo", never)
    reply = await engine.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")
    assert reply["StatusCode"] == 204
    assert await reply["Payload"].read() == b""
    assert "ExecutedVersion" not in reply


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"FunctionName": "gone"}, ("ResourceNotFoundException", f"Function not found: {PREFIX}gone", 404)),
        (
            {"FunctionName": "echo", "Qualifier": "7"},
            ("ResourceNotFoundException", f"Function not found: {PREFIX}echo:7", 404),
        ),
        (
            {"FunctionName": "echo:$LATEST", "Qualifier": "7"},
            (
                "InvalidParameterValueException",
                "The derived qualifier from the function name does not match the specified qualifier.",
                400,
            ),
        ),
        (
            {"FunctionName": "arn:aws:lambda:eu-west-1:000000000000:function:echo"},
            (
                "ResourceNotFoundException",
                "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
                404,
            ),
        ),
        (
            {"FunctionName": "echo", "InvocationType": "Now"},
            (
                "ValidationException",
                "1 validation error detected: Value 'Now' at 'invocationType' failed to satisfy constraint: "
                "Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
                400,
            ),
        ),
        (
            {"FunctionName": "echo", "TenantId": "t"},
            ("InvalidParameterValueException", "The embedded Lambda does not support TenantId.", 400),
        ),
        (
            {"FunctionName": "echo", "ClientContext": "no base64"},
            ("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.", 400),
        ),
        (
            {"FunctionName": "echo", "Payload": b"1" * (SYNC_PAYLOAD_BYTES + 1)},
            (
                "RequestEntityTooLargeException",
                "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)",
                413,
            ),
        ),
        (
            {"FunctionName": "echo", "Payload": b"1" * (ASYNC_PAYLOAD_BYTES + 1), "InvocationType": "Event"},
            (
                "RequestEntityTooLargeException",
                "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
                413,
            ),
        ),
    ],
    ids=lambda value: "",
)
async def test_what_cannot_be_invoked(functions: Any, params: Any, error: tuple[str, str, int]) -> None:
    assert await refused(functions.invoke(**params)) == error


@pytest.mark.parametrize("payload", [b"{", b"\xff", b"hello"])
async def test_a_payload_is_json(functions: Any, payload: bytes) -> None:
    code, message, status = await refused(functions.invoke(FunctionName="echo", Payload=payload))
    assert (code, status) == ("InvalidRequestContentException", 400)
    assert message.startswith("Could not parse request body into json: Could not parse payload into json: ")


async def test_an_account_that_is_not_ours_is_denied(functions: Any) -> None:
    code, _, status = await refused(functions.invoke(FunctionName="123456789012:function:echo"))
    assert (code, status) == ("AccessDeniedException", 403)


async def test_functions_are_those_of_their_region(engine: Engine) -> None:
    add(engine)
    elsewhere: Any = engine.client("lambda", region="eu-west-1")
    assert (await elsewhere.list_functions())["Functions"] == []
    code, message, _ = await refused(elsewhere.invoke(FunctionName="echo"))
    assert (code, "eu-west-1" in message) == ("ResourceNotFoundException", True)


async def test_errors_carry_their_type_as_lambdas_do(functions: Any) -> None:
    with pytest.raises(functions.exceptions.ResourceNotFoundException) as caught:
        await functions.get_function(FunctionName="gone")
    assert caught.value.response["Type"] == "User"
    assert caught.value.response["Message"] == f"Function not found: {PREFIX}gone"


async def test_a_name_is_required(functions: Any) -> None:
    with pytest.raises(ParamValidationError):
        await functions.invoke(Payload=b"{}")


async def test_reserved_concurrency_refuses_what_is_beyond_it(engine: Engine, functions: Any) -> None:
    go = asyncio.Event()

    async def waits(event: Any, context: Any) -> str:
        await go.wait()
        return "done"

    add(engine, "waits", waits)
    await functions.put_function_concurrency(FunctionName="waits", ReservedConcurrentExecutions=1)
    first = asyncio.ensure_future(functions.invoke(FunctionName="waits"))
    await asyncio.sleep(0.01)
    with pytest.raises(functions.exceptions.TooManyRequestsException) as caught:
        await functions.invoke(FunctionName="waits")
    response = caught.value.response
    assert response["Error"] == {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 429
    go.set()
    assert await payload_of(await first) == "done"
    assert (await functions.invoke(FunctionName="waits"))["StatusCode"] == 200


@pytest.mark.parametrize("action", CODE)
async def test_functions_are_not_made_by_the_api(engine: Engine, action: str) -> None:
    code, message, _ = await refused(engine.call("lambda", action, {}, checked=False))
    assert code == "UnknownOperationException"
    assert f"lambda:{action}" in message
