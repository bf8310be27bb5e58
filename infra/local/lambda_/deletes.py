"""Deletes what was processed: all invocations that end in one turn of the loop share their DeleteMessageBatch calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from typing import Any

from queues.limits import SQS_BATCH
from queues.retry import Backoff

log = logging.getLogger(__name__)

#: Times that one DeleteMessageBatch is tried. After that the messages come back: Lambda, too, delivers at least once.
TRIES = 3
#: Waits between tries; all of each is drawn at random.
BACKOFF = Backoff("exponential", 0.2, cap=2.0, jitter=1.0)


class Deletes:
    """The deletes of one queue that are still to be made."""

    def __init__(self, sqs: Any, queue_url: str, random: Callable[[], float]):
        self._sqs = sqs
        self._queue_url = queue_url
        self._random = random
        self._waiting: list[str] = []
        self._running: set[asyncio.Task[None]] = set()

    def add(self, receipt_handles: Iterable[str]) -> None:
        """Sees to it that the messages are deleted, in this turn of the loop or the next."""
        idle = not self._waiting
        self._waiting.extend(receipt_handles)
        if idle and self._waiting:
            asyncio.get_running_loop().call_soon(self._flush)

    async def drain(self) -> None:
        """Returns when nothing is left to delete."""
        self._flush()
        while self._running:
            await asyncio.wait(self._running)

    def _flush(self) -> None:
        handles, self._waiting = self._waiting, []
        for start in range(0, len(handles), SQS_BATCH):
            task = asyncio.create_task(self._delete(handles[start : start + SQS_BATCH]))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def _delete(self, handles: list[str]) -> None:
        entries = [{"Id": str(index), "ReceiptHandle": handle} for index, handle in enumerate(handles)]
        for tried in range(1, TRIES + 1):
            try:
                reply = await self._sqs.delete_message_batch(QueueUrl=self._queue_url, Entries=entries)
            except Exception as error:
                if tried == TRIES:
                    log.warning("%d processed messages of %s will come back: %s", len(handles), self._queue_url, error)
                else:
                    await asyncio.sleep(BACKOFF.wait(tried, self._random()))
            else:
                for failure in reply.get("Failed", ()):
                    log.warning("a processed message of %s will come back: %s", self._queue_url, failure)
                return
