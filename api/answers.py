"""The shapes of answers, for OpenAPI only: answers are written by `views.py` and not checked again on their way out.

Long, because each kind of answer is a model, and together they read as one page. A test holds real answers against
these models, so that they cannot drift apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

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
    tags: list[str]
    timeout: Milliseconds
    backoff: Backoff
    history: list[Attempt] = Field(description="The attempts that are remembered, oldest first.")


class ListedJob(JobRow):
    omitted: list[Literal["data", "result"]] = Field(description="What is too long for a list; read the job for it.")


class Job(JobRow):
    """A job with its log."""

    omitted: list[Literal["data", "result"]] = Field(
        description="What is too long to be shown here: `/data` and `/result` of the job answer it by itself."
    )
    logs: list[str]


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


class QueueView(_Answer):
    name: str
    tenants: Literal["all", "own"] = Field(description="Whose jobs are counted: with scope `admin` everybody's.")
    waiting: int
    active: int
    delayed: int
    dead_letters: int
    exact: bool
    paused: bool = Field(description="No job of it is started now.")


class QueueMetrics(QueueView):
    completed: int
    failed: int
    failed_rate: float


class Metrics(_Answer):
    metrics: list[QueueMetrics]


class JobTypeOptions(_Answer):
    attempts: int
    backoff: Backoff
    timeout: Milliseconds
    batch_size: int
    batching_window: Milliseconds
    concurrency: int
    keep_completed: Milliseconds
    keep_failed: Milliseconds
    sensitive: bool | list[str] = Field(description="What is encrypted: all, or these fields of the data.")


class JobTypeView(_Answer):
    name: str
    description: str | None
    version: int = Field(description="Of the input's shape; it is recorded with each job.")
    upcasts_from: int = Field(description="The oldest version of `data` that a job may have been enqueued with.")
    options: JobTypeOptions
    input: dict[str, Any] = Field(description="JSON Schema of `data`.")
    output: dict[str, Any] = Field(description="JSON Schema of `result`.")


class JobTypes(_Answer):
    types: list[JobTypeView]


class Workers(_Answer):
    workers: list[dict[str, Any]]


class Health(BaseModel):
    """Without a token only `status`."""

    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)

    status: Literal["healthy", "unhealthy"]
    queues: int | None = None
    total_jobs: int | None = None
    metrics: list[QueueMetrics] | None = None


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
