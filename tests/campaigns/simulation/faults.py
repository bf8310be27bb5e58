"""Clients that misbehave by a seeded plan: throttling, lost answers, late answers, and the death of their process."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError


class ProcessDead(BaseException):
    """What a dead process's tasks meet at their next call; nothing in the product catches it."""


@dataclass(slots=True)
class Rates:
    """The chance of each fault at each call."""

    throttle: float = 0.02
    lost_answer: float = 0.02
    late: float = 0.03
    crash_before: float = 0.003
    crash_after: float = 0.003
    #: Of a received message being delivered to somebody else as well.
    duplicate: float = 0.05

    def stop(self) -> None:
        """The storm is over: nothing goes wrong from now on."""
        for fault in fields(self):
            setattr(self, fault.name, 0.0)


class FaultyClient:
    """Passes calls on to `inner`, now and then not, or not back."""

    def __init__(
        self,
        inner: Any,
        rng: random.Random,
        rates: Rates,
        die: Callable[[], None],
        alive: Callable[[], bool],
        note: Callable[[str], None],
    ):
        self._inner, self._rng, self._rates, self._die, self._alive = inner, rng, rates, die, alive
        self._note = note

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        async def call(**params: Any) -> Any:
            if not self._alive():
                raise ProcessDead
            rng, rates = self._rng, self._rates
            if rng.random() < rates.crash_before:
                self._die()
                raise ProcessDead
            if rng.random() < rates.throttle:
                error = {"Error": {"Code": "ThrottlingException", "Message": "injected"}}
                raise ClientError(error | {"ResponseMetadata": {"HTTPStatusCode": 500}}, name)
            reply = await method(**params)
            self._note(f"{name} {brief(params)}")
            if not self._alive():
                raise ProcessDead
            if name == "receive_message" and rng.random() < rates.duplicate:
                for message in reply.get("Messages", [])[:1]:
                    await self._inner.change_message_visibility(
                        QueueUrl=params["QueueUrl"], ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                    )
            if rng.random() < rates.crash_after:
                self._die()
                raise ProcessDead
            if rng.random() < rates.late:
                await asyncio.sleep(rng.uniform(0.01, 40))
                if not self._alive():
                    raise ProcessDead
            if name != "receive_message" and rng.random() < rates.lost_answer:
                raise ConnectionClosedError(endpoint_url="http://injected")
            return reply

        return call


def brief(params: dict[str, Any]) -> str:
    """A call's parameters, short enough to read in a trace."""
    parts = [params.get(key) for key in ("Key", "MessageBody", "Entries", "VisibilityTimeout", "ReceiptHandle")]
    parts.append({k: v for k, v in params.get("ExpressionAttributeValues", {}).items() if k in (":status", ":attempt")})
    return " ".join(str(part)[-110:] for part in parts if part)
