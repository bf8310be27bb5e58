"""The shapes of answers, for OpenAPI only: answers are written by `views.py` and not checked again on their way out.

Long, because each kind of answer is a model, and together they read as one page. A test holds real answers against
these models, so that they cannot drift apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.log_shapes import LogLine
from queues.job import Status


class _Answer(BaseModel):
    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


Milliseconds = Annotated[float, Field(ge=0, description="Milliseconds.")]


class Backoff(_Answer):
    type: Literal["fixed", "linear", "exponential", "custom"] = Field(
        description="`custom`: the job type's own function."
    )
    delay: Milliseconds
    factor: float
    cap: Milliseconds
    jitter: float


class JobError(_Answer):
    type: str = Field(description="The exception's class, or `Timeout`, `Lost`, `InvalidData`, `Expired`, ...")
    message: str
    traceback: str | None


class Attempt(_Answer):
    attempt: int
    started_at: datetime
    finished_at: datetime | None
    outcome: str | None = Field(description="Null while it runs.")
    error: str | None
    worker: str | None


class JobRow(_Answer):
    """A job, as lists show it."""

    id: str
    type: str
    tenant_id: str
    status: Status
    priority: int
    attempts: int = Field(description="Attempts started so far.")
    max_attempts: int
    progress: float = Field(ge=0, le=100)
    note: str | None
    encrypted: bool = Field(description="Whether something is not shown because it is encrypted.")
    data: Any
    result: Any
    data_size: int | None = Field(description="Bytes, if it is in the artifact store and not shown here.")
    result_size: int | None = Field(description="The same of the result.")
    error: JobError | None
    created_at: datetime
    run_at: datetime = Field(description="The earliest time of the next attempt.")
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="If it has not started by then, it fails as `Expired`.")
    deadline_at: datetime | None = Field(description="No attempt runs after it.")
    cancel_requested_at: datetime | None = Field(
        description="When somebody wanted it cancelled. A job that ran may have completed all the same."
    )
    cancel_requested_by: str | None
    replay_of: str | None = Field(description="The id of the job that this one is a replay of.")
    flow_id: str | None = Field(description="The flow of which it is a step.")
    tags: list[str]
    timeout: Milliseconds
    backoff: Backoff
    history: list[Attempt] = Field(description="The attempts that are remembered, oldest first.")


class ListedJob(JobRow):
    omitted: list[Literal["data", "result"]] = Field(
        description="What is too long for a list: read the job for it. Or another tenant's."
    )


class Waiting(_Answer):
    """Why a job waits."""

    reason: Literal["delayed", "retry", "paused", "rate", "concurrency", "tenant-cap", "queue"]
    message: str = Field(description="A sentence for people.")
    until: datetime | None = Field(None, description="It does not start before.")
    limit: str | None = Field(None, description="The limit in words.")
    key: str | None = Field(None, description="The value of the limit's key.")
    ahead: int | None = Field(None, description="About how many jobs go before it.")
    seconds: float | None = Field(None, description="About how long they take.")


class Job(JobRow):
    """A job with its log."""

    omitted: list[Literal["data", "result"]] = Field(
        description="What is too long to be shown here: `/data` and `/result` of the job answer it by itself."
    )
    logs: list[LogLine] = Field(description="Oldest first; an attempt's lines come when it has ended.")
    waiting: Waiting | None = Field(None, description="Only where one job is read that is waiting or delayed.")


class Page(_Answer):
    jobs: list[ListedJob]
    cursor: str | None = Field(description="Pass it on to get the next page; null at the end.")


class BatchAnswer(_Answer):
    jobs: list[ListedJob] = Field(description="In the order of the request.")
    created: int
    existing: int = Field(description="How many were there already, by their jobId.")


class JobStatus(_Answer):
    id: str
    type: str
    status: Status
    progress: float
    note: str | None
    attempts: int
    max_attempts: int
    result: Any
    error: JobError | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class StatusCounts(_Answer):
    waiting: int
    delayed: int
    active: int
    completed: int
    failed: int
    cancelled: int


class TypeStats(_Answer):
    """The caller's jobs of one type."""

    type: str
    counts: StatusCounts
    total: int
    failed_rate: float = Field(description="Percent of the jobs that completed or failed.")
    exact: bool = Field(description="False: there are more jobs than are counted, the numbers are lower bounds.")


class Stats(_Answer):
    """The caller's jobs."""

    counts: StatusCounts
    total: int
    failed_rate: float
    exact: bool
    types: list[TypeStats]


class LevelView(_Answer):
    """A level of priority, which has a queue of its own."""

    name: str
    waiting: int
    active: int
    delayed: int


class QueueView(_Answer):
    name: str
    tenants: Literal["all", "own"] = Field(description="Whose jobs are counted: with scope `admin` everybody's.")
    waiting: int
    active: int
    delayed: int
    dead_letters: int
    exact: bool
    paused: bool = Field(description="No job of it is started now.")
    levels: list[LevelView] = Field(description="Of a type with levels of priority, the most urgent first.")


class QueueMetrics(QueueView):
    completed: int
    failed: int
    failed_rate: float


class Metrics(_Answer):
    metrics: list[QueueMetrics]


class MetricsByName(_Answer):
    metrics: dict[str, QueueMetrics]


class ErrorRule(_Answer):
    """What an exception means for a job of the type."""

    error: str = Field(description="The exception, by its dotted name; what is derived from it is meant too.")
    action: Literal["discard", "cancel", "retry"] = Field(description="`retry`: after waits of its own.")
    backoff: Backoff | None


class UniqueRule(_Answer):
    """Which jobs count as the same, unless a job has a `jobId` or a rule of its own."""

    key: str | None
    fields: list[str] = Field(description="Parts of the data that make the key; none, and no `key`: all of it.")
    window: Milliseconds | None
    mode: Literal["simple", "throttle", "debounce"]
    max_wait: Milliseconds | None = Field(description="For which calls can put a debounced job off, from the first.")


class DeclaredSchedule(_Answer):
    """A schedule that the job type declares."""

    name: str
    schedule: str
    timezone: str
    data: Any
    overlap: Literal["skip", "queue", "replace"]
    catch_up: Literal["all", "latest", "none"]
    jitter: Milliseconds
    start: datetime | None
    end: datetime | None


class PriorityLevel(_Answer):
    """The priorities from `first` to `last`."""

    name: str
    first: int = Field(ge=1, le=100)
    last: int = Field(ge=1, le=100)
    weight: int = Field(description="Its part of `concurrency` while other levels have work, as a ratio to theirs.")
    attempts: int
    concurrency: int = Field(description="Jobs of the level that run at once at the most.")


class JobTypeLimit(_Answer):
    """How many of the type's jobs run at once, or start in any window of `period`."""

    kind: Literal["concurrency", "rate"]
    limit: int
    period: Milliseconds | None
    per: Literal["type", "tenant", "key"]
    key: str | None = Field(description="The field of the data, or the function, that makes the key.")
    description: str


class JobTypeOptions(_Answer):
    attempts: int
    backoff: Backoff
    timeout: Milliseconds
    batch_size: int
    batching_window: Milliseconds
    concurrency: int
    keep_completed: Milliseconds
    keep_failed: Milliseconds
    max_completed: int | None = Field(description="Ended jobs that a tenant keeps at the most; null: any number.")
    max_failed: int | None
    cancel_grace: Milliseconds = Field(description="Between the request to cancel and the end by force.")
    runs_on: Literal["lambda", "worker"] = Field(description="`worker`: in long-running workers alone.")
    on_error: list[ErrorRule] = Field(description="The rule for the nearest of an exception's classes counts.")
    unique: UniqueRule | None
    limits: list[JobTypeLimit]
    priorities: list[PriorityLevel] | None = Field(description="Its levels, the most urgent first; null: one queue.")
    sensitive: bool | list[str] = Field(description="What is encrypted: all, or these fields of the data.")


class JobTypeView(_Answer):
    name: str
    description: str | None
    version: int = Field(description="Of the input's shape; it is recorded with each job.")
    upcasts_from: int = Field(description="The oldest version of `data` that a job may have been enqueued with.")
    options: JobTypeOptions
    schedules: list[DeclaredSchedule] = Field(description="Declared in code; others are made at run time.")
    input: dict[str, Any] = Field(description="JSON Schema of `data`.")
    output: dict[str, Any] = Field(description="JSON Schema of `result`.")


class JobTypes(_Answer):
    types: list[JobTypeView]


class WorkerType(_Answer):
    type: str
    capacity: int = Field(description="Jobs of it that may run there at once.")
    running: int


class WorkerJob(_Answer):
    id: str
    type: str
    attempt: int
    started_at: datetime


class Worker(_Answer):
    name: str
    started_at: datetime
    seen_at: datetime = Field(description="Its last heartbeat.")
    silent: bool = Field(description="It has not been heard of for a while, and has not said goodbye.")
    draining: bool
    capacity: int
    running: int
    types: list[WorkerType]
    jobs: list[WorkerJob] = Field(description="Jobs of the caller's tenant that run there, a few of them.")


class Workers(_Answer):
    workers: list[Worker]


class Finding(_Answer):
    rule: Literal["backlog", "failure-rate", "stalled", "worker-silent", "dead-letters"]
    subject: str = Field(description="The job type, or the worker.")
    value: float
    threshold: float
    message: str


class Health(BaseModel):
    """Without a token only `status`."""

    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)

    status: Literal["healthy", "degraded", "unhealthy"]
    queues: int | None = None
    total_jobs: int | None = None
    metrics: list[QueueMetrics] | None = None
    findings: list[Finding] | None = None


class FaultView(_Answer):
    index: int | None = Field(None, description="The place of the job in a batch.")
    field: str
    message: str
    value: Any = None
    suggestion: str | None = None


class ProblemView(BaseModel):
    """A problem document (RFC 9457)."""

    model_config = ConfigDict(extra="allow", title="Problem", alias_generator=to_camel)

    type: str = Field(examples=["urn:jobyard:problem:invalid-data"])
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FaultView] | None = None
    more_errors: int | None = None
