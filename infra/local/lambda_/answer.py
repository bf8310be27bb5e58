"""One invocation asked for through the API: runs a function with an event, and says what came of it as Lambda does.

A function's error is no error of the API: it becomes a payload with `errorMessage` and `errorType`, in the words of the
Python runtime where that one writes them, and of Lambda itself where the runtime had no chance to.
"""

from __future__ import annotations

import asyncio
import json
import math
import traceback
from dataclasses import dataclass
from typing import Any

from infra.local.lambda_.context import VERSION, LambdaContext
from infra.local.lambda_.functions import Function
from infra.local.lambda_.limits import LOG_TAIL_BYTES, RESPONSE_BYTES
from queues import capture

#: What `FunctionError` says of any error that the function did not handle.
UNHANDLED = "Unhandled"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an invocation."""

    #: JSON.
    payload: bytes
    #: Whether the payload is an error of the function.
    failed: bool
    #: The last 4 KB of what it printed, between Lambda's own lines.
    log: bytes


async def answer_of(function: Function, event: Any, context: LambdaContext) -> Answer:
    """Runs the function to its end or its timeout; raises only what cancels the caller."""
    request_id = context.aws_request_id
    lines: list[str] = []
    time = asyncio.get_running_loop().time
    started = time()
    limit = asyncio.timeout(function.timeout)
    failed = True
    try:
        with capture.to(lambda line: lines.append(str(line))):
            async with limit:
                result = await function.invoke(event, context)
        payload = _json(result)
        failed = False
    except Unwritable as error:
        payload = _error("Runtime.MarshalError", f"Unable to marshal response: {error}", request_id, [])
    except (Exception, SystemExit) as error:
        if limit.expired():
            message = f"RequestId: {request_id} Error: Task timed out after {function.timeout:.2f} seconds"
            payload = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": message}).encode()
            lines.append(message.removeprefix(f"RequestId: {request_id} Error: "))
        elif isinstance(error, SystemExit):
            message = f"RequestId: {request_id} Error: Runtime exited with error: exit status {error.code}"
            payload = json.dumps({"errorType": "Runtime.ExitError", "errorMessage": message}).encode()
        else:
            payload = _error(*_described(error), request_id, _stack(error))
            lines.append(f"[ERROR] {': '.join(_described(error))}")
    if len(payload) > RESPONSE_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        payload = json.dumps({"errorType": "Function.ResponseSizeTooLarge", "errorMessage": message}).encode()
        failed = True
    return Answer(payload, failed, _log(request_id, lines, 1000 * (time() - started), function.memory))


def context_of(function: Function, request_id: str, stream: str, *, arn: str | None = None) -> LambdaContext:
    """The context of an invocation that begins now; `arn` is the function's as the caller gave it."""
    time = asyncio.get_running_loop().time
    context = LambdaContext(function.name, arn or function.arn, request_id, stream, function.timeout, time)
    context.memory_limit_in_mb = str(function.memory)
    return context


class Unwritable(Exception):
    """A function's result is not JSON."""


def _json(result: Any) -> bytes:
    try:
        return json.dumps(result, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise Unwritable(str(error)) from None


def _described(error: BaseException) -> tuple[str, str]:
    """Type and message; a function that ran elsewhere names the type that was raised there."""
    return getattr(error, "error_type", type(error).__name__), str(error)


def _stack(error: BaseException) -> list[str]:
    """The function's own frames, without the engine's."""
    kept: list[str] | None = getattr(error, "stack_trace", None)
    return traceback.format_tb(error.__traceback__)[1:] if kept is None else kept


def _error(kind: str, message: str, request_id: str, stack: list[str]) -> bytes:
    error = {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": stack}
    return json.dumps(error, ensure_ascii=False).encode()


def _log(request_id: str, lines: list[str], elapsed: float, memory: int) -> bytes:
    report = f"REPORT RequestId: {request_id}\tDuration: {elapsed:.2f} ms\tBilled Duration: {math.ceil(elapsed)} ms"
    text = [
        f"START RequestId: {request_id} Version: {VERSION}",
        *lines,
        f"END RequestId: {request_id}",
        f"{report}\tMemory Size: {memory} MB\t",
    ]
    return "".join(line + "\n" for line in text).encode(errors="replace")[-LOG_TAIL_BYTES:]
