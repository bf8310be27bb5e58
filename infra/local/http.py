"""The HTTP door: AWS's JSON protocol on a loopback port, so that boto3, the aws CLI or any SDK can use the engine.

A raw ASGI application: no framework stands between the socket and the engine. Signatures are not verified (any
key opens this door, and it listens on the loopback only), but the region is the one the caller signed for.
"""

import asyncio
import json
import logging
import re
import zlib
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from typing import Any

import uvicorn

from infra.local import model
from infra.local.engine import DEFAULT_REGION, Engine
from infra.local.errors import AwsError
from infra.local.protocol import read_params, write_reply

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Bytes of a request's body at most: DynamoDB's largest, a BatchWriteItem of 16 MB, with room for its base64 and
#: escapes.
MAX_BODY = 32 * 1024 * 1024

#: `Credential=KEY/20261122/eu-west-1/sqs/aws4_request` in the Authorization header.
CREDENTIAL_SCOPE = re.compile(rb"Credential=[^/,\s]*/\d{8}/([a-z0-9-]+)/")

#: What the error shapes of each service are called on the wire.
ERROR_NAMESPACES = {"sqs": "com.amazonaws.sqs#", "dynamodb": "com.amazonaws.dynamodb.v20120810#"}


def application(engine: Engine) -> Application:
    """The ASGI application in front of an engine."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request_id = engine.new_id()
        headers = dict(scope["headers"])
        service: str | None = None
        try:
            if scope["path"] == "/health" and scope["method"] in ("GET", "HEAD"):
                status, body, error = 200, json.dumps({"status": "ok"}).encode(), None
            else:
                service, operation = target_of(headers)
                params = read_params(service, operation, await read_body(receive, headers))
                running = engine.run(service, operation, params, region_of(headers), endpoint_of(scope, headers))
                # Only these wait; a message must not be handed to somebody who has gone.
                waits = operation == "ReceiveMessage"
                reply = await (while_connected(receive, running) if waits else running)
                status, body, error = 200, write_reply(reply), None
        except AwsError as raised:
            status, body, error = raised.status, error_body(service, raised), raised
        except Disconnected:
            return
        except Exception:
            logger.exception("the HTTP door failed on a request")
            error = AwsError("InternalFailure", "The embedded AWS failed on this call; its log says more.", status=500)
            status, body = error.status, error_body(service, error)
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": reply_headers(service, headers, request_id, body, error),
            }
        )
        await send({"type": "http.response.body", "body": body})

    return app


class Disconnected(Exception):
    """The caller went away before its request was complete."""


async def while_connected(receive: Receive, running: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """The reply of a call, which is cancelled when its caller goes away first."""
    call = asyncio.ensure_future(running)
    gone = asyncio.ensure_future(receive())
    try:
        await asyncio.wait((call, gone), return_when=asyncio.FIRST_COMPLETED)
        if not call.done():
            raise Disconnected
        return call.result()
    finally:
        call.cancel()
        gone.cancel()


async def read_body(receive: Receive, headers: dict[bytes, bytes]) -> bytes:
    """The request's body; raises `AwsError` beyond MAX_BODY."""
    too_large = AwsError(
        "RequestEntityTooLargeException", f"The request body is larger than {MAX_BODY} bytes.", status=413
    )
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced) > MAX_BODY:
        raise too_large
    parts: list[bytes] = []
    size = 0
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise Disconnected
        part = event.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            raise too_large
        parts.append(part)
        if not event.get("more_body", False):
            return b"".join(parts)


def target_of(headers: dict[bytes, bytes]) -> tuple[str, str]:
    """Service and operation from the header X-Amz-Target, such as `AmazonSQS.SendMessage`."""
    target = headers.get(b"x-amz-target", b"").decode("latin-1")
    prefix, _, operation = target.rpartition(".")
    service = model.TARGETS.get(prefix)
    if service is not None and operation in model.input_shapes(service):
        return service, operation
    if not target:
        if headers.get(b"content-type", b"").startswith(b"application/x-www-form-urlencoded"):
            raise AwsError(
                "UnsupportedProtocol",
                "The query protocol is not supported yet; use an SDK that speaks AWS JSON (boto3 1.28.82 or newer).",
            )
        raise AwsError("MissingAction", "The request has no header X-Amz-Target.")
    raise AwsError("UnknownOperationException", f"The embedded AWS has no operation {target[:200]!r}.")


def region_of(headers: dict[bytes, bytes]) -> str:
    """The region in the signature's credential scope."""
    match = CREDENTIAL_SCOPE.search(headers.get(b"authorization", b""))
    return match[1].decode() if match else DEFAULT_REGION


def endpoint_of(scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Scheme, host and port as the caller wrote them, for the queue URLs it is given."""
    host = headers.get(b"host", b"").decode("latin-1")
    if not host:
        server = scope.get("server") or ("127.0.0.1", 4566)
        host = f"{server[0]}:{server[1]}"
    return f"{scope.get('scheme', 'http')}://{host}"


def error_body(service: str | None, error: AwsError) -> bytes:
    shape = ERROR_NAMESPACES.get(service or "", "com.amazon.coral.service#") + error.code
    return write_reply({"__type": shape, "message": error.message, **error.fields})


def reply_headers(
    service: str | None, headers: dict[bytes, bytes], request_id: str, body: bytes, error: AwsError | None
) -> list[tuple[bytes, bytes]]:
    content_type = headers.get(b"content-type", b"")
    if not content_type.startswith(b"application/x-amz-json-1."):
        content_type = b"application/json" if service is None else b"application/x-amz-json-1.0"
    answer = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"x-amzn-requestid", request_id.encode()),
    ]
    if service == "dynamodb":
        answer.append((b"x-amz-crc32", b"%d" % zlib.crc32(body)))
    if error is not None and error.query_code is not None:
        answer.append((b"x-amzn-query-error", f"{error.query_code};{error.fault}".encode()))
    return answer


def build_server(engine: Engine, host: str = "127.0.0.1", port: int = 4566) -> uvicorn.Server:
    """A uvicorn server for the door; `await server.serve()` runs it until `server.should_exit` is set."""
    return uvicorn.Server(
        uvicorn.Config(
            application(engine),
            host=host,
            port=port,
            lifespan="off",
            access_log=False,
            log_level="warning",
            http="httptools",
            ws="none",
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=5,
        )
    )
