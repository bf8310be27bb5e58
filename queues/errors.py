"""What Jobyard's core can refuse, as one tree. Each error is a sentence that names the key, the value and the cure.

JobyardError
  UnknownJobType      no such type; carries a suggestion
  Unreadable          data that cannot be handed to the type's function
    InvalidData       the type's model rejects it; carries pydantic's list of faults
    CannotUpcast      it is of an older version, and cannot be brought up to the type's
    NewerData         it is of a newer version than this code knows
  InvalidOption       an option out of range
    InvalidSchedule   an expression that names no times, or no such time zone
  PayloadTooLarge     data or result over its limit
  Unopenable          what a row holds in place of data or of a result cannot be had
    ArtifactLost      it is not in the artifact store, or damaged
    KeyMissing        the key that it was encrypted with cannot be used here
    SealBroken        it was encrypted with another key or for another place, or has been changed
  NotLoaded           data or a result was asked of a job that was read without it
  JobNotFound         no such job in this tenant
  BulkNotFound        no such operation on many jobs in this tenant
  FlowNotFound        no such flow in this tenant
  WrongFlowStatus     the flow exists, but what was asked does not apply to its status
  WrongStatus         the job exists, but what was asked does not apply to its status
  ScheduleNotFound    no such schedule in this tenant
  ScheduleExists      there is another schedule of that name
  ScheduleOfCode      the schedule is declared by a job type, and changed there
  WebhookNotFound     no such webhook in this tenant
  EnqueueFailed       some jobs of a bulk enqueue were not accepted; carries both lists
  Misconfigured       settings that contradict each other, or an environment that cannot work
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queues.job import Job


class JobyardError(Exception):
    """Any refusal of the core; `str(error)` is fit to show to a user."""


class UnknownJobType(JobyardError):
    """No job type of that name is in the catalog."""

    def __init__(self, name: str, suggestion: str | None, known: Sequence[str]):
        cure = f"did you mean {suggestion!r}?" if suggestion else f"known types: {', '.join(known) or 'none'}"
        super().__init__(f"unknown job type {name!r}; {cure}")
        self.name = name
        self.suggestion = suggestion


class Unreadable(JobyardError):
    """Data that cannot be handed to a job type's function."""


class InvalidData(Unreadable):
    """The data does not fit the job type's model. `faults` is a list of {"field", "message", "value"}."""

    def __init__(self, type_name: str, faults: list[dict[str, Any]]):
        first = faults[0] if faults else {"field": "data", "message": "invalid"}
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"invalid data for {type_name!r}: {first['field']}: {first['message']}{more}")
        self.faults = faults


class CannotUpcast(Unreadable):
    """Data of an older version that the type's upcasts do not bring up to its own."""

    def __init__(self, type_name: str, version: int, known: int, why: str):
        super().__init__(
            f"data of version {version} for {type_name!r} cannot be brought up to version {known}: {why}; "
            "mend the upcasts of the job type, deploy, and retry the job"
        )


class NewerData(Unreadable):
    """Data of a version that this code does not know yet."""

    def __init__(self, type_name: str, version: int, known: int):
        super().__init__(
            f"the data is of version {version} of {type_name!r}, and this worker's code knows {known} at the most; "
            "deploy the code that the job was enqueued with, or newer"
        )


class InvalidOption(JobyardError):
    """An option of a job or a job type is out of its range."""

    def __init__(self, name: str, value: object, cure: str):
        super().__init__(f"{name}={value!r} is not possible: {cure}")
        self.name = name
        self.value = value
        self.cure = cure


class InvalidSchedule(InvalidOption):
    """No expression of the forms `at(...)`, `rate(...)`, `cron(...)` or five-field cron, or an unknown time zone."""

    def __init__(self, expression: str, cure: str, *, option: str = "schedule"):
        super().__init__(option, expression, cure)


class PayloadTooLarge(JobyardError):
    """Data or a result as JSON is larger than a row, or the artifact store, may hold."""

    def __init__(self, what: str, size: int, limit: int):
        super().__init__(
            f"{what} is {size:,} bytes as JSON, more than the {limit:,} that a job may carry; "
            "put it in a file or an object store and pass its URL"
        )
        self.size = size
        self.limit = limit


class Unopenable(JobyardError):
    """What a row holds in place of data or of a result cannot be had, now or ever."""


class ArtifactLost(Unopenable):
    """An artifact that a row names is not in the store, or is not what it was."""

    def __init__(self, key: str, why: str):
        super().__init__(f"the artifact {key!r} {why}; see that JOBYARD_ARTIFACTS is the same for all processes")
        self.key = key


class KeyMissing(Unopenable):
    """The key that something was encrypted with cannot be used by this process."""

    def __init__(self, key_id: str, why: str):
        super().__init__(f"it was encrypted with key {key_id!r}, which {why}")
        self.key_id = key_id


class SealBroken(Unopenable):
    """What was encrypted does not open with its key, where it stands."""


class NotLoaded(JobyardError):
    """Data or a result was asked of a job that was read without it."""

    def __init__(self, job_id: str, what: str):
        super().__init__(
            f"the {what} of job {job_id!r} is encrypted, or in the artifact store, and was not read along: "
            "read the job by itself, with get(job_id); if that does not bring it either, the key or the artifact "
            "cannot be had here"
        )


class JobNotFound(JobyardError):
    """The tenant has no such job (it may have had: ended jobs are removed after their retention)."""

    def __init__(self, job_id: str):
        super().__init__(f"no job {job_id!r} here; ended jobs are removed after their retention")
        self.job_id = job_id


class BulkNotFound(JobyardError):
    """The tenant has started no such operation on many jobs (or it ended long ago)."""

    def __init__(self, bulk_id: str):
        super().__init__(f"no operation {bulk_id!r} here; those that have ended are forgotten after a week")
        self.bulk_id = bulk_id


class WrongStatus(JobyardError):
    """What was asked does not apply to the job's status now; `job` is the job as it stands."""

    def __init__(self, job: Job, verb: str, allowed: str):
        super().__init__(f"cannot {verb} job {job.id!r}: it is {job.status}, not {allowed}")
        self.job = job


class FlowNotFound(JobyardError):
    """The tenant has no such flow (it may have had: ended flows are removed after their retention)."""

    def __init__(self, flow_id: str):
        super().__init__(f"no flow {flow_id!r} here; those that have ended are forgotten after 30 days")
        self.flow_id = flow_id


class WrongFlowStatus(JobyardError):
    """What was asked does not apply to the flow's status now, or to the phase in which it runs."""

    def __init__(self, flow_id: str, phase: str, verb: str, allowed: str):
        super().__init__(f"cannot {verb} flow {flow_id!r}: it is {phase}, not {allowed}")
        self.phase = phase


class ScheduleNotFound(JobyardError):
    """The tenant has no such schedule."""

    def __init__(self, name: str):
        super().__init__(f"no schedule {name!r} here; `jobyard schedules list` shows those that there are")
        self.name = name


class ScheduleExists(JobyardError):
    """There is a schedule of that name that says something else."""

    def __init__(self, name: str):
        super().__init__(f"there is another schedule {name!r}; change that one, or choose another name")
        self.name = name


class ScheduleOfCode(JobyardError):
    """The schedule is declared with `@job(schedule=...)`."""

    def __init__(self, name: str):
        super().__init__(
            f"the schedule {name!r} is declared in code, with @job(schedule=...): change it there; "
            "it can be paused, resumed and run from here"
        )
        self.name = name


class WebhookNotFound(JobyardError):
    """The tenant has no such webhook."""

    def __init__(self, webhook_id: str):
        super().__init__(f"no webhook {webhook_id[:64]!r} here; `jobyard webhooks list` shows those that there are")
        self.webhook_id = webhook_id


class EnqueueFailed(JobyardError):
    """A bulk enqueue stopped half way. `accepted` will run; `rejected` were not accepted and may be sent again."""

    def __init__(self, accepted: Sequence[Job], rejected: Sequence[Job], cause: str):
        super().__init__(f"{len(rejected)} of {len(accepted) + len(rejected)} jobs were not accepted: {cause}")
        self.accepted = accepted
        self.rejected = rejected


class Misconfigured(JobyardError):
    """Settings that contradict each other or an environment that cannot work."""
