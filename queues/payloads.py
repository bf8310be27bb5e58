"""IO: what a job's row holds in place of its data or its result, when they are too large for a row.

A row's text is JSON, or begins with MARK and stands for JSON that is elsewhere: an artifact. Whatever reads rows passes
such a text on as it is; only who needs the value asks for it here. So lists, moves and counts never load one, and a job
whose data and result fit into its row costs one comparison of lengths.

What holds if the process dies: the artifact is written before the row that names it, so a row never names nothing. An
artifact whose row was never written is removed by the sweep. When a job is deleted, its row goes first.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from queues import limits
from queues.artifacts.reference import Reference, reference_in
from queues.artifacts.store import Artifacts
from queues.errors import PayloadTooLarge, Unopenable
from queues.job import MARK, ErrorInfo, Job
from queues.outcome import Outcome, Raised, Returned

log = logging.getLogger("jobyard.payloads")

#: Bytes that a character may have in UTF-8: a text with fewer characters than this part of a limit is below it.
UTF8_BYTES = 4
_SURELY_DATA = limits.MAX_DATA_BYTES // UTF8_BYTES
_SURELY_RESULT = limits.MAX_RESULT_BYTES // UTF8_BYTES


class Payloads:
    """Data and results of one deployment's jobs. Without `artifacts` a row holds all, or it is refused."""

    def __init__(self, artifacts: Artifacts | None = None):
        self.artifacts = artifacts
        #: Bytes of a job's data as JSON at the most.
        self.max_data = limits.MAX_DATA_BYTES if artifacts is None else artifacts.limit

    # --- on their way into a row ------------------------------------------------------------------------------

    def plain(self, job: Job) -> bool:
        """Whether a new job goes into its row as it is."""
        return len(job.data_json) <= _SURELY_DATA

    async def row_of(self, job: Job) -> Job:
        """A new job as its row is to hold it. PayloadTooLarge; OSError if the store does not answer."""
        if self.plain(job) or job.data_json.startswith(MARK):
            return job
        size = len(job.data_json.encode())
        if size <= limits.MAX_DATA_BYTES:
            return job
        if self.artifacts is None or size > self.max_data:
            raise PayloadTooLarge("data", size, self.max_data)
        return replace(job, data_json=(await self.artifacts.put(job.tenant, job.id, job.data_json)).encode())

    async def rows_of(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """The same of many, in order."""
        if all(map(self.plain, jobs)):
            return jobs
        return [await self.row_of(job) for job in jobs]

    def fits(self, job: Job, outcome: Outcome) -> bool:
        """Whether what an attempt came to goes into the row as it is."""
        return not isinstance(outcome, Returned) or len(outcome.result_json) <= _SURELY_RESULT

    async def settled(self, job: Job, outcome: Outcome) -> Outcome:
        """What an attempt came to, as the row is to hold it; a failure if the result is larger than anything here."""
        if not isinstance(outcome, Returned):
            return outcome
        size = len(outcome.result_json.encode())
        if size <= limits.MAX_RESULT_BYTES:
            return outcome
        limit = limits.MAX_RESULT_BYTES if self.artifacts is None else self.artifacts.limit
        if self.artifacts is None or size > limit:
            error = ErrorInfo("InvalidResult", str(PayloadTooLarge("the result", size, limit)))
            return Raised(error, permanent=True)
        return Returned((await self.artifacts.put(job.tenant, job.id, outcome.result_json)).encode())

    # --- and out of it ----------------------------------------------------------------------------------------

    async def data(self, job: Job) -> str:
        """A job's data as JSON text. Unopenable; OSError if the store does not answer."""
        return await self._text(job, job.data_json)

    async def opened(self, job: Job, up_to: int | None = None) -> Job:
        """The job with its data and its result, each if it has `up_to` bytes at the most, and can be had."""
        data = await self._shown(job, job.data_json, up_to)
        result = None if job.result_json is None else await self._shown(job, job.result_json, up_to)
        return job if data is job.data_json and result is job.result_json else _with(job, data, result)

    async def remove(self, job: Job) -> None:
        """Removes what a job that is gone has left in the store; what cannot be removed now is left to the sweep."""
        for text in (job.data_json, job.result_json):
            reference = reference_in(text)
            if reference is not None and self.artifacts is not None:
                try:
                    await self.artifacts.remove(reference.key)
                except OSError as error:
                    log.warning("an artifact of job %s is left to the sweep: %s", job.id, error)

    async def close(self) -> None:
        """Ends the connection to the store."""
        if self.artifacts is not None:
            await self.artifacts.close()

    async def _shown(self, job: Job, text: str, up_to: int | None) -> str:
        reference = reference_in(text)
        if reference is not None and up_to is not None and reference.size > up_to:
            return text
        try:
            return await self._text(job, text)
        except Unopenable as error:
            log.warning("job %s: %s", job.id, error)
            return text

    async def _text(self, job: Job, text: str) -> str:
        reference = reference_in(text)
        return text if reference is None else await self._fetched(job, reference)

    async def _fetched(self, job: Job, reference: Reference) -> str:
        if self.artifacts is None:
            raise Unopenable("it is in the artifact store, and this process has none: set JOBYARD_ARTIFACTS")
        return await self.artifacts.get(job.tenant, job.id, reference)


def _with(job: Job, data: str, result: str | None) -> Job:
    return replace(job, data_json=data, result_json=result)


#: Of a process that has no artifact store.
PLAIN = Payloads()
