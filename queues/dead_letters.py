"""IO: keeps each dead-letter queue in line with the rows: one letter for each failed job, and no other.

A sweep receives every letter, looks at its job's row, and puts back those that are right:
- a letter without an error was moved by SQS itself, past maxReceiveCount: its job is failed, and a full letter put
  in its place (the new one first, then the old one is deleted);
- a letter of a job that is not failed any more, or of which there is no row any more (it was deleted, or has outlived
  its retention), and a second letter of the same failure, are deleted;
- what is not a job's letter at all is left for a person.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import OutOfTime, never
from queues.endings import Endings
from queues.errors import JobNotFound
from queues.job import Envelope, ErrorInfo, Job, Status
from queues.outcome import Settlement

log = logging.getLogger("jobyard.dead_letters")

#: Seconds for which a sweep hides the letters that it looks at.
SWEEP_VISIBILITY = 60
#: Letters that one sweep looks at; the rest comes with the next.
MAX_LETTERS = 5_000
#: Milliseconds after which a queue is swept even if its depth has not changed.
SWEEP_AT_LEAST_EVERY = 300_000
#: Milliseconds of rest after a sweep for each letter in the queue: a sweep reads them all, and must not do so anew for
#: each further failure.
REST_PER_LETTER = 20


@dataclass(frozen=True, slots=True, order=True)
class _Letter:
    """A dead letter of a job. Of two for the same failure every sweep, here or elsewhere, keeps the lesser."""

    #: When it was sent, and its message id. The same message may be delivered twice.
    order: tuple[str, str]
    receipt: str = field(compare=False)
    envelope: Envelope = field(compare=False)

    @property
    def identity(self) -> tuple[str, str]:
        return self.envelope.tenant, self.envelope.id


def _letter(name: str, message: dict[str, Any]) -> _Letter | None:
    """The letter that a message is, or None if it is not one of this type's jobs'."""
    try:
        envelope = Envelope.decode(message["Body"])
    except ValueError:
        return None
    if envelope.type != name:
        return None
    sent = message.get("Attributes", {}).get("SentTimestamp", "")
    return _Letter((sent, message["MessageId"]), message["ReceiptHandle"], envelope)


@dataclass(slots=True)
class DeadLetterConsumer:
    """Call `round` every few seconds."""

    endings: Endings
    #: Of each type's queue: its depth after the last sweep, and when that was.
    _seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    #: The type that the next round begins with, if the last one ran out of time.
    _next: str = ""

    def look_again(self, name: str) -> None:
        """Has the next round sweep a type's letters, though it may not be due: jobs were retried or discarded."""
        self._seen.pop(name, None)

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """Sweeps the queues whose depth has changed; answers how many letters were replaced or deleted.

        It stops when it is `out_of_time`, and the next round goes on there.
        """
        changed = 0
        first, self._next = self._next, ""
        for name in sorted(self.endings.catalog.names, key=lambda name: name < first):
            if out_of_time():
                self._next = name
                break
            try:
                changed += await self._type(name, out_of_time)
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("dead letters of %s: will be looked at again: %s", name, error)
        return changed

    async def _type(self, name: str, out_of_time: OutOfTime) -> int:
        queues, now = self.endings.queues, self.endings.clock()
        depth = (await queues.depth(name, dead_letters=True)).total
        last, at = self._seen.get(name, (-1, 0))
        rest = SWEEP_AT_LEAST_EVERY if depth == last else min(SWEEP_AT_LEAST_EVERY, last * REST_PER_LETTER)
        if now - at < rest:
            return 0
        changed = await self._sweep(name, out_of_time) if depth else 0
        if out_of_time():
            # Perhaps not to the end: the next round must look at it again.
            return changed
        self._seen[name] = ((await queues.depth(name, dead_letters=True)).total, now)
        return changed

    async def _sweep(self, name: str, out_of_time: OutOfTime) -> int:
        queues, changed = self.endings.queues, 0
        #: Of each job's letters the one to keep, by tenant and id.
        kept: dict[tuple[str, str], _Letter] = {}
        strange: list[str] = []
        try:
            while len(kept) + len(strange) + changed < MAX_LETTERS and not out_of_time():
                messages = await queues.receive_dead_letters(name, SWEEP_VISIBILITY)
                if not messages:
                    break
                for message in messages:
                    letter = _letter(name, message)
                    if letter is None:
                        strange.append(message["ReceiptHandle"])
                        continue
                    other = kept.get(letter.identity)
                    if not await self._is_right(letter):
                        drop = letter
                    elif other is None or other.order == letter.order:
                        # Delivered twice, a message's later receipt is the good one.
                        kept[letter.identity] = letter
                        continue
                    else:
                        kept[letter.identity], drop = sorted((letter, other))
                    await queues.delete_dead_letter(name, drop.receipt)
                    changed += 1
        finally:
            await queues.show_dead_letters(name, [*strange, *(letter.receipt for letter in kept.values())])
        return changed

    async def _is_right(self, letter: _Letter) -> bool:
        """Whether the letter stays, as far as its job's row goes."""
        envelope = letter.envelope
        job = await self.endings.store.get(envelope.tenant, envelope.id, self.endings.clock())
        if job is None:
            # A full letter had a row. A bare one may be of anything.
            return envelope.buried_attempt is None
        if envelope.buried_attempt is None:
            return not await self._close(job)
        return job.status is Status.FAILED and job.attempt == envelope.buried_attempt

    async def _close(self, job: Job) -> bool:
        """Fails a job whose message SQS has moved; whether the bare letter can go."""
        end, now = self.endings, self.endings.clock()
        if job.status is Status.ACTIVE:
            if job.lease_until is None or job.lease_until > now:
                return False
            await end.lost(job)
        elif not job.ended:
            error = ErrorInfo("Moved", "SQS moved the message to the dead-letter queue: it was received too often")
            try:
                await end.store.close_waiting(job, Settlement(Status.FAILED, "failed", error=error), now)
            except JobNotFound:
                return True
        await end.conclude(job)
        settled = await end.store.get(job.tenant, job.id, now)
        return settled is None or settled.ended
