"""Calls over HTTP as an SDK makes them, once each: what was not answered is never asked again behind the caller's back.

Unanswered      the server died; it may have done what was asked, or not
DiskFull        it answered that the disk is full, so it has surely not done it
Refused         AWS's no, with its code
Violation       an answer, or a state, that must not be
"""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any

import aiohttp

from queues.clock import system_clock

#: Seconds after which an answer that has not come will never come.
PATIENCE = 30.0

TARGETS = {"sqs": "AmazonSQS", "dynamodb": "DynamoDB_20120810"}
CREDENTIAL = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=0"


class Unanswered(Exception):
    """The connection broke before the answer had come."""


class DiskFull(Exception):
    """The server refused a write for want of room."""


class Violation(AssertionError):
    """Something that the server must never do."""


class Refused(Exception):
    """An error of AWS's."""

    def __init__(self, status: int, body: dict[str, Any]):
        super().__init__(f"{status} {body}")
        self.code = str(body.get("__type", "")).rpartition("#")[2]


class Aws:
    """A client of one life of the server; use as a context manager."""

    def __init__(self, port: int, ahead: int):
        self._url = f"http://127.0.0.1:{port}/"
        self._ahead = ahead
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE))

    async def __aenter__(self) -> Aws:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    def now(self) -> int:
        """Epoch milliseconds by the server's clock."""
        return system_clock() + self._ahead

    async def sqs(self, operation: str, **params: Any) -> dict[str, Any]:
        return await self._call("sqs", operation, params)

    async def dynamodb(self, operation: str, **params: Any) -> dict[str, Any]:
        return await self._call("dynamodb", operation, params)

    async def _call(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        headers = {
            "X-Amz-Target": f"{TARGETS[service]}.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": CREDENTIAL.format(service),
        }
        try:
            async with self._http.post(self._url, data=json.dumps(params), headers=headers) as answer:
                status, body = answer.status, await answer.read()
        except TimeoutError:
            raise Violation(f"{operation} was not answered in {PATIENCE:g} s") from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unanswered(str(error)) from None
        reply: dict[str, Any] = json.loads(body) if body else {}
        if status == 200:
            return reply
        if status < 500:
            raise Refused(status, reply)
        if "The disk is full" in str(reply.get("message", reply.get("Message", ""))):
            raise DiskFull
        raise Violation(f"{operation} was answered with {status}: {body.decode(errors='replace')[:300]}")
