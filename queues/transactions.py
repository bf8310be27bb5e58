"""IO: jobs that are part of a caller's own DynamoDB transaction: they exist if, and only if, the caller's write did.

The job's row is the outbox. The caller puts it into a transaction of its own, on its own client, and has the message
sent when that is through (`relay`). A row that is made so says that nobody is known to have sent its message
(`resent` is RELAY_OWED), and is due for a look after RELAY_AFTER already: the reaper sends what nobody has relayed.

What holds if the process dies
- before the transaction: there is no job. Its tenant is known to the reaper, which does no harm.
- in the transaction: DynamoDB did all of it or nothing. Whoever does not know sends the same items again with the same
  ClientRequestToken, within ten minutes of the first try; that changes nothing more.
- between transaction and message: the row waits. The reaper's next round after RELAY_AFTER sends the message, whether
  the queue is empty or not.
- after the message: the job runs. If it has not started after RELAY_AFTER, the reaper sends a second message, which is
  dropped like any other copy.
Nothing is written when a message is relayed: a job that starts soon costs no more than its row.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from queues import limits
from queues.enqueue import Enqueuer
from queues.errors import InvalidOption
from queues.job import Job
from queues.options import NewJob
from queues.rows import new_row, number

#: `resent` of a row whose message is not known to have been sent.
RELAY_OWED = -1
#: Milliseconds that a caller has to relay a job before the reaper does it.
RELAY_AFTER = 5_000


@dataclass(frozen=True, slots=True)
class Transactions:
    """Makes items of the jobs' table for transactions of other people."""

    enqueuer: Enqueuer
    table: str

    async def items(self, requests: Sequence[NewJob]) -> tuple[list[Job], list[dict[str, Any]]]:
        """The jobs, and one TransactItem for each, in the form of DynamoDB's low-level API. Writes no job.

        A transaction in which one of them has a `job_id` that is taken is cancelled by DynamoDB as a whole.
        InvalidOption for unique jobs, for two of one `job_id`, and for more than a transaction can hold.
        """
        if not 0 < len(requests) <= limits.TRANSACTION:
            raise InvalidOption(
                "jobs", len(requests), f"a transaction holds 1 to {limits.TRANSACTION} items, yours too"
            )
        now = self.enqueuer.clock()
        jobs = [self._build(request, now) for request in requests]
        twice = [job_id for job_id, times in Counter(job.id for job in jobs).items() if times > 1]
        if twice:
            raise InvalidOption("jobId", twice[0], "a transaction cannot make two jobs of one id")
        # Not part of the transaction: two at once would then be in each other's way.
        await self.enqueuer.store.add_tenant(self.enqueuer.tenant)
        rows = await self.enqueuer.rows_of(jobs)
        # What they owe, so that whoever relays them knows whether somebody wants to hear of them.
        jobs = [replace(job, owes=row.owes) if row.owes else job for job, row in zip(jobs, rows, strict=True)]
        return [job.seen_at(now) for job in jobs], [self._put(row) for row in rows]

    def _build(self, request: NewJob, now: int) -> Job:
        job = self.enqueuer.build(request, now)
        if self.enqueuer.keyed(request, job) is not None:
            raise InvalidOption(
                "unique",
                job.type,
                "a unique job may be answered by another one, which a transaction cannot do; "
                "give it a jobId that is made of its key",
            )
        return replace(job, resent=RELAY_OWED)

    def _put(self, job: Job) -> dict[str, Any]:
        item = new_row(job, job.run_at + RELAY_AFTER) | {"resent": number(job.resent)}
        put = {
            "TableName": self.table,
            "Item": item,
            # A job that has outlived its retention is gone, whether TTL has come by or not.
            "ConditionExpression": "attribute_not_exists(pk) OR expires_at < :now",
            "ExpressionAttributeValues": {":now": number(job.created_at // 1000)},
        }
        return {"Put": put}

    async def relay(self, jobs: Sequence[Job]) -> None:
        """Sends the messages of jobs whose transaction is through. Whatever it raises, the jobs run: see the head."""
        await asyncio.gather(*(self.enqueuer.announce(job) for job in jobs))
