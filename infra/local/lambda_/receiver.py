"""Gathers the messages of one batch from a queue, as Lambda's pollers do, and gives back what nobody will process."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from infra.local.lambda_.event import PAYLOAD_BYTES, Message
from queues.limits import MAX_WAIT_SECONDS, SQS_BATCH

log = logging.getLogger(__name__)


class Receiver:
    """Receives from one queue until it is stopped."""

    def __init__(self, sqs: Any, queue_url: str, visibility_timeout: int | None):
        self._sqs = sqs
        self._parameters: dict[str, Any] = {
            "QueueUrl": queue_url,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        if visibility_timeout is not None:
            self._parameters["VisibilityTimeout"] = visibility_timeout
        #: Set when no further message is wanted.
        self.stopped = asyncio.Event()
        # A dict, for its order.
        self._long_polls: dict[asyncio.Task[Any], None] = {}
        self._broken_off: set[asyncio.Task[Any]] = set()

    def stop(self, *, break_off: bool = True) -> None:
        """Ends long polls at once, unless they are better not broken off.

        A call that is not waiting is left to end by itself: it may bring messages.
        """
        self.stopped.set()
        for poll in list(self._long_polls) if break_off else ():
            _cancel(poll)

    def break_off(self) -> None:
        """Ends long polls at once, with what they have brought; what is received later is not concerned."""
        for poll in list(self._long_polls):
            self._broken_off.add(poll)
            _cancel(poll)

    async def pause(self, seconds: float) -> None:
        """Waits `seconds`, or until stopped."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return

    async def receive(self, count: int, wait: int) -> list[Message]:
        """One ReceiveMessage of up to `count` (1 to 10), held open for `wait` seconds; empty once stopped."""
        if self.stopped.is_set():
            return []
        call = self._sqs.receive_message(**self._parameters, MaxNumberOfMessages=count, WaitTimeSeconds=wait)
        if not wait:
            return _messages(await call)
        poll = asyncio.create_task(call)
        self._long_polls[poll] = None
        try:
            return _messages(await poll)
        except asyncio.CancelledError:
            wanted = self.stopped.is_set() or poll in self._broken_off
            if not wanted or not poll.cancelled():
                raise
            return []
        finally:
            del self._long_polls[poll]
            self._broken_off.discard(poll)

    async def gather(self, size: int, window: float, wait: int) -> list[Message]:
        """Waits `wait` seconds for a first message and `window` seconds for others, for `size` of them in all."""
        messages = await self.receive(min(SQS_BATCH, size), wait)
        if not messages or not window:
            return messages
        loop = asyncio.get_running_loop()
        end = loop.time() + window
        characters = _characters(messages)
        while len(messages) < size and characters < PAYLOAD_BYTES and not self.stopped.is_set():
            left = end - loop.time()
            if left <= 0:
                break
            if left < 1:
                # A wait is whole seconds: sit the rest out, then look once more.
                await self.pause(left)
            try:
                more = await self.receive(min(SQS_BATCH, size - len(messages)), min(int(left), MAX_WAIT_SECONDS))
            except Exception as error:
                # What has been gathered is not to be lost; the next round will meet the error again.
                log.warning("cannot receive from %s: %s", self._parameters["QueueUrl"], error)
                break
            messages += more
            characters += _characters(more)
        return messages

    async def give_back(self, receipt_handles: list[str]) -> None:
        """Makes messages visible again at once. If that fails, their visibility timeout does it later."""
        for start in range(0, len(receipt_handles), SQS_BATCH):
            entries = [
                {"Id": str(index), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for index, handle in enumerate(receipt_handles[start : start + SQS_BATCH])
            ]
            url = self._parameters["QueueUrl"]
            try:
                await self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)
            except Exception as error:
                log.warning("%d messages of %s come back only after their timeout: %s", len(entries), url, error)


def _cancel(poll: asyncio.Task[Any]) -> None:
    """Cancels a long poll unless its reply has just come, which would be lost with the messages in it.

    What a task waits for is private to asyncio; without it, such messages would wait for their visibility timeout.
    """
    waits_for = getattr(poll, "_fut_waiter", None)
    if waits_for is None or not waits_for.done():
        poll.cancel()
    else:
        # More of the reply may be on its way.
        poll.get_loop().call_soon(_cancel, poll)


def _messages(reply: dict[str, Any]) -> list[Message]:
    # The key is absent from an empty reply.
    return reply.get("Messages") or []


def _characters(messages: list[Message]) -> int:
    return sum(len(message["Body"]) for message in messages)
