"""IO: what a job's row holds in place of its data, result, error, note and log, when those are too large or sensitive.

A row's text is JSON, or begins with MARK and stands for JSON: an artifact that holds it (artifacts/), a sealed text
(encryption/), or an artifact that holds a sealed text. Whatever reads rows passes such a text on as it is; only who
needs the value asks for it here. So lists, moves, counts and dead letters never load or open one, and a job that is
neither large nor of a sensitive type costs one comparison of lengths and one look into a set.

What holds if the process dies: the artifact is written before the row that names it, so a row never names nothing. An
artifact whose row was never written is removed by the sweep. When a job is deleted, its row goes first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson
from botocore.exceptions import BotoCoreError, ClientError

from queues import limits
from queues.artifacts.reference import Reference, reference_in
from queues.artifacts.store import Artifacts
from queues.encryption.box import FIELDS, SEALED, is_sealed
from queues.encryption.rule import split
from queues.errors import Misconfigured, PayloadTooLarge, Unopenable
from queues.job import MARK, ErrorInfo, Job
from queues.log_line import LogLine, read_lines, write_lines
from queues.outcome import Interrupted, Lost, Outcome, Raised, Refused, Returned, Settlement, Snoozed, TimedOut
from queues.rows import Report

if TYPE_CHECKING:
    from queues.encryption.sealer import Sealer

log = logging.getLogger("jobyard.payloads")

#: Bytes that a character may have in UTF-8: a text with fewer characters than this part of a limit is below it.
UTF8_BYTES = 4
_SURELY_DATA = limits.MAX_DATA_BYTES // UTF8_BYTES
_SURELY_RESULT = limits.MAX_RESULT_BYTES // UTF8_BYTES
#: Bytes of an attempt's lines that are sealed, the last ones: with a third more they fit a row's MAX_LOG_BYTES.
MAX_SEALED_LOG_BYTES = 16_000
#: What is written of an error in clear, besides its type.
ENCRYPTED = "encrypted"


@dataclass(frozen=True, slots=True)
class Unopened(Refused):
    """The job's data cannot be had, now or ever. What it says is ours and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Unreached(Raised):
    """The job's data could not be had this time."""


#: Outcomes whose words are our own.
_OURS = (Unopened, Unreached, TimedOut, Lost, Interrupted, Snoozed)
#: Seals a text of one job's, for one field.
SealNow = Callable[[str], str]


class Payloads:
    """What one deployment's rows hold. Without `artifacts` a row holds all, or it is refused.

    `sensitive` has the fields of each sensitive type that are sealed; none: all of it is. `open_sealer` makes the
    sealer when the first of them is met.
    """

    def __init__(
        self,
        artifacts: Artifacts | None = None,
        sensitive: Mapping[str, frozenset[str]] | None = None,
        open_sealer: Callable[[], Sealer] | None = None,
    ):
        self.artifacts = artifacts
        #: Bytes of a job's data as JSON at the most.
        self.max_data = limits.MAX_DATA_BYTES if artifacts is None else artifacts.limit
        self.sensitive = sensitive or {}
        self._open_sealer = open_sealer
        self._sealer: Sealer | None = None

    # --- on their way into a row ------------------------------------------------------------------------------

    def plain(self, job: Job) -> bool:
        """Whether a new job goes into its row as it is."""
        return len(job.data_json) <= _SURELY_DATA and job.type not in self.sensitive

    async def row_of(self, job: Job) -> Job:
        """A new job as its row is to hold it.

        PayloadTooLarge; Misconfigured if there is no key; OSError or ClientError if store or KMS do not answer.
        """
        if self.plain(job) or job.data_json.startswith(MARK):
            return job
        text = await self._sealed(job, "data", job.data_json)
        if len(text.encode()) > limits.MAX_DATA_BYTES:
            text = await self._kept(job, "data", text, self.max_data)
        return job if text is job.data_json else replace(job, data_json=text)

    async def rows_of(self, jobs: Sequence[Job]) -> Sequence[Job]:
        """The same of many, in order."""
        if all(map(self.plain, jobs)):
            return jobs
        return [await self.row_of(job) for job in jobs]

    def fits(self, job: Job, outcome: Outcome) -> bool:
        """Whether what an attempt came to goes into the row as it is."""
        if not isinstance(outcome, Returned):
            return True
        return len(outcome.result_json) <= _SURELY_RESULT and job.type not in self.sensitive

    async def returned(self, job: Job, outcome: Outcome) -> Outcome:
        """What an attempt came to, its result as the row is to hold it; a failure if that is larger than anything."""
        if not isinstance(outcome, Returned):
            return outcome
        try:
            text = await self._sealed(job, "result", outcome.result_json)
            if len(text.encode()) > limits.MAX_RESULT_BYTES:
                text = await self._kept(job, "the result", text, limits.MAX_RESULT_BYTES)
        except (PayloadTooLarge, Misconfigured) as error:
            return Raised(ErrorInfo("InvalidResult", str(error)), permanent=True)
        return Returned(text)

    async def discreet(self, job: Job, outcome: Outcome, fate: Settlement, report: Report) -> tuple[Settlement, Report]:
        """What is written of a sensitive job's attempt: its error, and its lines with their fields and all, sealed. Its
        note is so already."""
        error = fate.error
        if error is not None and not isinstance(outcome, _OURS):
            text = orjson.dumps([error.message, error.traceback]).decode()
            error = ErrorInfo(error.type, ENCRYPTED, None, await self._seal_or_drop(job, "error", text))
            fate = fate._replace(error=error)
        if report.lines:
            last = report.lines[-1]
            sealed = await self._seal_or_drop(job, "log", write_lines(report.lines, MAX_SEALED_LOG_BYTES))
            kept = [] if sealed is None else [LogLine(last.at, last.attempt, ENCRYPTED, sealed=sealed)]
            report = Report(report.percent, report.note, kept)
        return fate, report

    async def note_sealer(self, job: Job) -> SealNow:
        """Seals the notes of an attempt, without waiting for anything. Misconfigured, ClientError: see `row_of`."""
        sealer = self._the_sealer()
        data_key = await sealer.data_key(job.tenant)
        return lambda text: sealer.seal_with(data_key, job, "note", text)

    async def _sealed(self, job: Job, field: str, text: str) -> str:
        """The text, sealed as far as the job's type wants it."""
        names = self.sensitive.get(job.type)
        if names is None:
            return text
        sealer = self._the_sealer()
        if not names:
            return await sealer.seal(job, field, text)
        parts = split(text, names)
        if parts is None:
            return text
        sealed = await sealer.seal(job, field, orjson.dumps(parts[1]).decode())
        return FIELDS + orjson.dumps({"plain": parts[0], "sealed": sealed}).decode()

    async def _seal_or_drop(self, job: Job, field: str, text: str) -> str | None:
        try:
            return await self._the_sealer().seal(job, field, text)
        except (Misconfigured, ClientError, BotoCoreError, OSError) as error:
            # How a job ended must be written all the same; what it said cannot be.
            log.warning("job %s: its %s could not be encrypted and is dropped: %s", job.id, field, error)
            return None

    async def _kept(self, job: Job, what: str, text: str, limit: int) -> str:
        """A reference to the artifact that the text has become. PayloadTooLarge."""
        size = len(text.encode())
        if self.artifacts is None or size > self.artifacts.limit:
            raise PayloadTooLarge(what, size, limit if self.artifacts is None else self.artifacts.limit)
        return (await self.artifacts.put(job.tenant, job.id, text)).encode()

    # --- and out of it ----------------------------------------------------------------------------------------

    async def data(self, job: Job) -> str:
        """A job's data as JSON text. Unopenable; OSError or ClientError if store or KMS do not answer."""
        return await self._text(job, "data", job.data_json)

    async def opened(self, job: Job, up_to: int | None = None) -> Job:
        """The job with its data and its result, each if it has `up_to` bytes at the most, and what else is sealed.

        What cannot be had stays as the row has it.
        """
        data = await self._shown(job, "data", job.data_json, up_to)
        result = None if job.result_json is None else await self._shown(job, "result", job.result_json, up_to)
        if data is not job.data_json or result is not job.result_json:
            job = replace(job, data_json=data, result_json=result)
        return await self._with_words(job) if has_sealed_words(job) else job

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
        """Ends the connections to store and KMS."""
        if self.artifacts is not None:
            await self.artifacts.close()
        if self._sealer is not None:
            await self._sealer.close()

    async def _with_words(self, job: Job) -> Job:
        """The job with what it has said, as far as that can be opened."""
        error, note = job.error, job.note
        logs: list[LogLine] = []
        if error is not None and error.sealed is not None:
            text = await self._shown(job, "error", error.sealed, None)
            if text is not error.sealed:
                error = ErrorInfo(error.type, *orjson.loads(text))
        if note is not None and is_sealed(note):
            note = await self._shown(job, "note", note, None)
        for line in job.logs:
            said = None if line.sealed is None else await self._shown(job, "log", line.sealed, None)
            logs += [line] if said is None or said is line.sealed else read_lines(said)
        return replace(job, error=error, note=note, logs_json=write_lines(logs))

    async def _shown(self, job: Job, field: str, text: str, up_to: int | None) -> str:
        reference = reference_in(text)
        if reference is not None and up_to is not None and reference.size > up_to:
            return text
        try:
            return await self._text(job, field, text)
        except (Unopenable, Misconfigured) as error:
            log.warning("job %s: its %s is not shown: %s", job.id, field, error)
            return text

    async def _text(self, job: Job, field: str, text: str) -> str:
        reference = reference_in(text)
        if reference is not None:
            text = await self._fetched(job, reference)
        if text.startswith(SEALED):
            return await self._the_sealer().open(job, field, text)
        if text.startswith(FIELDS):
            parts = orjson.loads(text[len(FIELDS) :])
            held = orjson.loads(await self._the_sealer().open(job, field, parts["sealed"]))
            return orjson.dumps(parts["plain"] | held).decode()
        return text

    async def _fetched(self, job: Job, reference: Reference) -> str:
        if self.artifacts is None:
            raise Unopenable("it is in the artifact store, and this process has none: set JOBYARD_ARTIFACTS")
        return await self.artifacts.get(job.tenant, job.id, reference)

    def _the_sealer(self) -> Sealer:
        if self._sealer is None:
            if self._open_sealer is None:
                raise Misconfigured("this process has no keys to encrypt with")
            self._sealer = self._open_sealer()
        return self._sealer


def has_sealed_words(job: Job) -> bool:
    """Whether something that a job has said is sealed."""
    error = job.error is not None and job.error.sealed is not None
    # Few logs are looked into: this is asked of each row of a list.
    log = SEALED in job.logs_json and any(line.sealed is not None for line in job.logs)
    return error or is_sealed(job.note) or log


#: Of a process that has neither artifact store nor keys.
PLAIN = Payloads()
