"""The event source mapping: polls a queue, invokes a function with batches, deletes what it says it has processed.

Theory. A slot is the right to run one invocation; there are `maximum_concurrency` of them. Messages are received only
against slots that are free, so that none ages in this process while its visibility timeout runs (what AWS's pollers do
with a maximum concurrency, and unlike reserved concurrency, which makes them hoard and throttle).

One poller is always there; it holds a long poll open, which the queue answers the moment a message arrives. A receive
brings 10 messages at most, so when one comes back full, the next round sends several at once, one for each set of free
slots; those beyond the first do not wait and end after one reply. Messages that fill several batches (a batch size
below 10, or a payload over 6 MB) become several invocations, each with a slot of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random as random_module
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from infra.local.lambda_.deletes import Deletes
from infra.local.lambda_.event import Record, batches_of, record_of
from infra.local.lambda_.functions import Invoke
from infra.local.lambda_.invoker import Invoker, Mapping
from infra.local.lambda_.patterns import Matches
from infra.local.lambda_.receiver import Receiver
from infra.local.lambda_.slots import Room, Slots
from queues.clock import Clock
from queues.limits import MAX_WAIT_SECONDS, SQS_BATCH
from queues.retry import Backoff

__all__ = ["EventSourceMapping", "Invoke", "Mapping"]

log = logging.getLogger(__name__)

#: Receives in flight at once for one mapping: Lambda, too, starts with five. (Lambda, scaling with SQS)
POLLERS = 5
#: Waits after a failed receive, in seconds; half of each is drawn at random.
BACKOFF = Backoff("exponential", 0.1, cap=10.0, jitter=0.5)
#: Seconds that a call to SQS gets to end by itself at `stop`, and a cancelled invocation to clean up.
END_SECONDS = 5.0
#: Seconds between two quick looks.
LOOK_SECONDS = 0.01
#: Seconds of a long poll that cannot be broken off cleanly: short enough to end by itself at `stop`.
LINGERING_WAIT_SECONDS = 4

#: Tasks in the order of their start: a simulation that is run again must cancel them in the same order.
Tasks = dict[asyncio.Task[None], None]


class EventSourceMapping:
    """One mapping at work. `run()` it as a task, then `stop()` it.

    `sqs` has aiobotocore's methods. `clock` answers epoch ms, `new_id` a fresh id, `random` a number in [0, 1).
    `slots` are those of a mapping that this one follows, or of other levels of its function, if they are shared.
    """

    def __init__(
        self,
        mapping: Mapping,
        invoke: Invoke,
        sqs: Any,
        *,
        clock: Clock,
        new_id: Callable[[], str],
        random: Callable[[], float] = random_module.random,
        slots: Room | None = None,
    ):
        self._mapping = mapping
        self._invoker = Invoker(mapping, invoke, clock=clock, new_id=new_id)
        self._random = random
        self._receiver = Receiver(sqs, mapping.queue_url, mapping.visibility_timeout)
        self._deletes = Deletes(sqs, mapping.queue_url, random)
        self._slots: Room = slots or Slots(mapping.maximum_concurrency)
        #: Slots that one receive can use: one if it is to gather a batch over time.
        self._share = 1 if mapping.batching_window else -(-SQS_BATCH // mapping.batch_size)
        #: Whether the last receive brought all that it asked for.
        self._full = False
        #: Looks that are left before the next long poll.
        self._looks = 0
        #: Batches that found no free slot; there are at most one receive's.
        self._left: deque[list[Record]] = deque()
        self._pollers: Tasks = {}
        self._running: Tasks = {}
        #: What the last receive failed with; None if it did not.
        self.trouble: Exception | None = None

    def active(self) -> int:
        """Invocations that run now."""
        return len(self._running)

    async def run(self) -> None:
        """Polls until `stop()`. An error of SQS or of the function never ends it."""
        self._slots.attend(self, None if self._mapping.polls_linger else self._receiver.break_off)
        poller = self._start(self._poll(), self._pollers)
        try:
            await asyncio.wait({poller})
        except asyncio.CancelledError:
            for task in list(self._pollers):
                task.cancel()
            raise
        finally:
            self._slots.leave(self)

    async def once(self) -> int:
        """One receive that waits for nothing, and all that it leads to: instead of `run()`, for who moves the clock.

        Answers how many messages there were. What is no `Exception`, such as Ctrl-C in a function, is raised.
        """
        count = await self._take(0)
        while self._left or self._running:
            while self._left and self._slots.free > 0:
                self._launch(self._left.popleft())
            ended, _ = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        await self._deletes.drain()
        return count

    async def stop(self, grace: float) -> None:
        """Stops polling at once, gives `grace` seconds to running invocations, then cancels them.

        Polls that would linger are left to end by themselves, whatever the grace, and before anything is cancelled: at
        the other end of a broken connection they would take what is handed back here. What they bring is given back.
        Messages that were received but not handed to the function are made visible again. Those of a cancelled
        invocation come back when their visibility timeout ends, unless the function saw to them.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        self._receiver.stop(break_off=not self._mapping.polls_linger)
        self._slots.wake()
        await _end(self._pollers, END_SECONDS)
        waiting = [record["receiptHandle"] for batch in self._left for record in batch]
        self._left.clear()
        await _bounded(self._receiver.give_back(waiting))
        await _end(self._running, max(0.0, end - loop.time()))
        if self._running:
            log.error("%d invocations of %s ignore their end", len(self._running), self._mapping.function_name)
        if not await _bounded(self._deletes.drain()):
            log.warning("processed messages of %s may come back: SQS does not answer", self._mapping.queue_url)

    # --- polling ------------------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        stopped = self._receiver.stopped
        failures = 0
        while not stopped.is_set():
            if self._slots.free <= 0:
                await self._slots.changed()
            elif self._left:
                self._launch(self._left.popleft())
            else:
                try:
                    if self._full:
                        self._poll_more()
                    await self._look()
                    failures, self.trouble = 0, None
                except Exception as error:
                    failures, self.trouble = failures + 1, error
                    log.warning("cannot receive from %s: %s", self._mapping.queue_url, error)
                    await self._receiver.pause(BACKOFF.wait(failures, self._random()))

    async def _look(self) -> None:
        """A long poll, or, where messages have come a moment ago and long polls are slow to notice, a quick look."""
        if self._looks > 0:
            found, self._looks = await self._take(0), self._looks - 1
        else:
            found = await self._take(LINGERING_WAIT_SECONDS if self._mapping.polls_linger else MAX_WAIT_SECONDS)
        if found:
            self._looks = self._mapping.quick_looks
        elif self._looks > 0:
            await self._receiver.pause(LOOK_SECONDS)

    def _poll_more(self) -> None:
        """Starts a receive for each set of free slots but the poller's own."""
        spare = (self._slots.free - 1) // self._share
        for _ in range(min(spare, POLLERS - len(self._pollers))):
            self._start(self._poll_once(), self._pollers)

    async def _poll_once(self) -> None:
        if self._slots.free <= 0:
            return
        try:
            await self._take(0)
        except Exception as error:
            # The poller's own receive is meeting the same fault, and backs off.
            log.debug("cannot receive from %s: %s", self._mapping.queue_url, error)

    async def _take(self, wait: int) -> int:
        """Receives against free slots, then hands the messages over; answers how many there were."""
        mapping = self._mapping
        held = min(self._slots.free, self._share)
        size = mapping.batch_size if mapping.batching_window else min(SQS_BATCH, held * mapping.batch_size)
        wait = self._slots.patience(wait)
        self._slots.take(held)
        count = 0
        try:
            messages = await self._receiver.gather(size, mapping.batching_window, wait)
            count = len(messages)
            self._full = count == size
            records = [record_of(message, mapping.queue_arn, mapping.region) for message in messages]
            if mapping.filter is not None:
                records = self._filtered(mapping.filter, records)
            for batch in batches_of(records, mapping.batch_size):
                if self._receiver.stopped.is_set():
                    self._left.append(batch)
                elif held > 0:
                    held -= 1
                    self._start(self._process(batch), self._running)
                elif self._slots.free > 0:
                    self._launch(batch)
                else:
                    self._left.append(batch)
        finally:
            self._slots.put_back(held, brought=count, asked=size, waited=wait > 0)
        return count

    def _filtered(self, matches: Matches, records: list[Record]) -> list[Record]:
        """The records that the filter lets through; the others are deleted, as nobody wants them."""
        wanted: list[Record] = []
        unwanted: list[Record] = []
        for record in records:
            (wanted if matches(record) else unwanted).append(record)
        self._deletes.add(record["receiptHandle"] for record in unwanted)
        return wanted

    # --- invoking -----------------------------------------------------------------------------------------------

    def _launch(self, batch: list[Record]) -> None:
        self._slots.take(1)
        self._start(self._process(batch), self._running)

    async def _process(self, batch: list[Record]) -> None:
        try:
            failed = await self._invoker.call(batch)
        finally:
            self._slots.give(1)
        if failed is not None:
            self._deletes.add(record["receiptHandle"] for record in batch if record["messageId"] not in failed)

    @staticmethod
    def _start(work: Coroutine[Any, Any, None], tasks: Tasks) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        tasks[task] = None
        task.add_done_callback(tasks.pop)
        return task


async def _bounded(work: Coroutine[Any, Any, None]) -> bool:
    """Whether `work` was done in the time that a call to SQS gets at a stop."""
    try:
        async with asyncio.timeout(END_SECONDS):
            await work
    except TimeoutError:
        return False
    return True


async def _end(tasks: Tasks, seconds: float) -> None:
    """Waits `seconds` for the tasks to end, cancels those that have not, and gives these a moment."""
    if tasks:
        await asyncio.wait(tasks, timeout=seconds)
    for task in list(tasks):
        # Once is enough: a second time would break off how it puts its work away.
        if not task.cancelling():
            task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=END_SECONDS)
