"""Invoke: runs a function and answers what it answered, puts an event into its queue, or only looks if it could."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

from infra.local.constraints import check_constraints
from infra.local.lambda_.answer import UNHANDLED, answer_of, context_of
from infra.local.lambda_.body import Body, bytes_of
from infra.local.lambda_.client_context import client_context_of
from infra.local.lambda_.concurrency import reserved_of
from infra.local.lambda_.context import VERSION
from infra.local.lambda_.errors import bad_content, invalid_parameter, throttled, too_large
from infra.local.lambda_.events import queue_event
from infra.local.lambda_.functions import Function
from infra.local.lambda_.invoker import log_stream_name
from infra.local.lambda_.limits import ASYNC_PAYLOAD_BYTES, SYNC_PAYLOAD_BYTES
from infra.local.lambda_.names import find_function
from infra.local.request import Later, Request

#: Parameters of durable functions and of tenant isolation, which the embedded Lambda does not have.
UNSUPPORTED = ("DurableExecutionName", "TenantId")


def invoke(request: Request, params: dict[str, Any]) -> dict[str, Any] | Later:
    """`RequestResponse` (the default) waits for the function, `Event` does not, `DryRun` runs nothing."""
    check_constraints("lambda", "Invoke", params)
    for name in UNSUPPORTED:
        if name in params:
            raise invalid_parameter(f"The embedded Lambda does not support {name}.")
    kind = params.get("InvocationType", "RequestResponse")
    function = find_function(request, params["FunctionName"], params.get("Qualifier"))
    payload = bytes_of(params.get("Payload", b""))
    limit = ASYNC_PAYLOAD_BYTES if kind == "Event" else SYNC_PAYLOAD_BYTES
    if len(payload) > limit:
        raise too_large(len(payload), kind, limit)
    event = _event_of(payload)
    client_context = params.get("ClientContext")
    client = client_context_of(client_context)
    if kind == "DryRun":
        return {"StatusCode": 204, "Payload": Body()}
    if kind == "Event":
        queue_event(request, function, payload.decode() or "{}", client_context)
        return {"StatusCode": 202, "Payload": Body()}
    arn = f"{function.arn}:{params['Qualifier']}" if "Qualifier" in params else function.arn
    return _run(request, function, event, arn, client, tail=params.get("LogType") == "Tail")


def invoke_async(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The older action that `Invoke` with `Event` replaced."""
    check_constraints("lambda", "InvokeAsync", params)
    function = find_function(request, params["FunctionName"])
    payload = bytes_of(params["InvokeArgs"])
    if len(payload) > ASYNC_PAYLOAD_BYTES:
        raise too_large(len(payload), "Event", ASYNC_PAYLOAD_BYTES)
    _event_of(payload)
    queue_event(request, function, payload.decode() or "{}", None)
    return {"Status": 202}


def _run(request: Request, function: Function, event: Any, arn: str, client: Any, *, tail: bool) -> Later:
    # The request is not good for longer than this call; what the invocation needs of it is taken now.
    request_id, stream = request.new_id(), log_stream_name(request.now, request.new_id())
    reserved, alarm, due = reserved_of(request, function), request.alarm, request.now

    async def run() -> dict[str, Any]:
        if reserved is not None and function.running >= reserved:
            raise throttled()
        function.calls += 1
        try:
            context = context_of(function, request_id, stream, arn=arn)
            context.client_context = client
            answer = await answer_of(function, event, context)
        finally:
            function.calls -= 1
            if reserved is not None:
                # An event may have waited for this place.
                alarm(due)
        reply: dict[str, Any] = {"StatusCode": 200, "ExecutedVersion": VERSION, "Payload": Body(answer.payload)}
        if answer.failed:
            reply["FunctionError"] = UNHANDLED
        if tail:
            reply["LogResult"] = b64encode(answer.log).decode()
        return reply

    return Later(run)


def _event_of(payload: bytes) -> Any:
    """The event; an empty payload is an empty object, as the Python runtime sees it."""
    try:
        return json.loads(payload) if payload else {}
    except ValueError as error:
        raise bad_content(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from None
