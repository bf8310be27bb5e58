"""What requests may hold: strict pydantic models in camelCase, durations in milliseconds, nothing unknown let through.

Strict: `"attempts": "3"` is refused rather than guessed at, and a misspelt option is named rather than ignored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from api.problems import INVALID_REQUEST, Fault, Problem
from queues import limits
from queues.errors import InvalidOption
from queues.job import Status
from queues.jobtype import MAX_NAME_CHARS
from queues.listing import MAX_LIMIT
from queues.options import DEFAULTS, NewJob, Options
from queues.retry import DEFAULT_CAP, DEFAULT_JITTER, Backoff
from queues.unique.rule import MAX_FIELDS, MAX_KEY_CHARS, Mode, Unique
from queues.webhooks.endpoint import ENDS, EVENTS, MAX_URL_CHARS, Webhook

#: Milliseconds: the longest delay of a job and of a backoff.
MAX_DELAY_MS = limits.MAX_JOB_DELAY_SECONDS * 1000
#: Seconds for which a request may wait for a job's end; API Gateway gives up at 30.
MAX_WAIT_SECONDS = 20

Delay = Annotated[float, Field(ge=0, le=MAX_DELAY_MS, allow_inf_nan=False)]
TypeName = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARS, examples=["file-analysis"])]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class BackoffBody(_Body):
    """How long to wait between attempts."""

    type: Literal["fixed", "linear", "exponential"]
    delay: Delay = Field(description="The first wait, in ms.", examples=[5000])
    factor: float = Field(2.0, ge=1, le=100, description="By which each further wait is longer; exponential only.")
    jitter: float = Field(DEFAULT_JITTER, ge=0, le=1, description="The share by which a wait may be shorter.")
    cap: Delay | None = Field(None, description="The longest wait, in ms; an hour, or `delay` if that is longer.")

    def to_core(self) -> Backoff:
        delay = self.delay / 1000
        cap = max(DEFAULT_CAP, delay) if self.cap is None else self.cap / 1000
        return Backoff(self.type, delay, self.factor, cap, self.jitter)


class UniqueBody(_Body):
    """One job for one key, in a tenant and a job type; without `key` and `fields` the data as a whole is the key."""

    key: str | None = Field(None, min_length=1, max_length=MAX_KEY_CHARS, examples=["order-4711"])
    fields: list[str] | None = Field(
        None, max_length=MAX_FIELDS, description="Parts of the data that make the key.", examples=[["customer.id"]]
    )
    window: float | None = Field(None, ge=1, le=MAX_DELAY_MS, description="ms; `throttle` and `debounce` need it.")
    mode: Mode = Field(
        "simple",
        description="`simple`: no second job until the first has ended, and the window is over. `throttle`: the first "
        "in a window runs. `debounce`: the last runs, a window after it came.",
    )

    max_wait: float | None = Field(
        None,
        ge=1,
        le=MAX_DELAY_MS,
        description="ms from the first call; so long a debounced job is put off at the most.",
    )

    def to_core(self) -> Unique:
        window = None if self.window is None else self.window / 1000
        max_wait = None if self.max_wait is None else self.max_wait / 1000
        return Unique(key=self.key, fields=tuple(self.fields or ()), window=window, mode=self.mode, max_wait=max_wait)


class WebhookBody(_Body):
    """Where the job's own end, or other events of it, are told, besides the tenant's own endpoints."""

    url: str = Field(min_length=1, max_length=MAX_URL_CHARS, examples=["https://example.com/hooks"])
    events: list[str] | None = Field(None, description=f"Of {', '.join(EVENTS)}; absent: {', '.join(ENDS)}.")

    def to_core(self) -> Webhook:
        return Webhook(url=self.url, events=ENDS if self.events is None else tuple(self.events))


class OptionsBody(_Body):
    """What to do differently for this job; what is absent or null comes from its type."""

    priority: int | None = Field(
        None, ge=1, le=100, description="1 (first) to 100 (last); decides in types with levels."
    )
    attempts: int | None = Field(None, ge=1, le=limits.MAX_ATTEMPTS, description="Starts before it fails for good.")
    delay: Delay | None = Field(None, description="Not before so many ms from now.", examples=[60_000])
    job_id: str | None = Field(
        None,
        description="A name of your own, unique within the tenant: asking again with it returns the first job. "
        "1 to 128 of A-Z a-z 0-9 _ . : -",
        examples=["part-4711"],
    )
    backoff: BackoffBody | None = None
    timeout: float | None = Field(
        None,
        ge=50,
        le=limits.MAX_TIMEOUT_SECONDS * 1000,
        description="An attempt that runs longer is stopped; ms.",
        examples=[120_000],
    )
    expires_in: float | None = Field(
        None, gt=0, le=MAX_DELAY_MS, description="If it has not started so many ms from now, it fails as `Expired`."
    )
    deadline: Annotated[float, Field(gt=0, le=MAX_DELAY_MS)] | Annotated[AwareDatetime, Field(strict=False)] | None = (
        Field(None, description="No attempt runs after it: so many ms from now, or a time with its zone.")
    )
    unique: UniqueBody | None = None
    webhook: WebhookBody | None = None
    tags: list[str] | None = Field(None, description=f"Up to {limits.MAX_TAGS}, of 1 to 64 characters.")

    def to_core(self) -> Options:
        try:
            return Options(
                attempts=self.attempts,
                backoff=self.backoff.to_core() if self.backoff is not None else None,
                timeout=self.timeout / 1000 if self.timeout is not None else None,
                delay=self.delay / 1000 if self.delay is not None else 0.0,
                job_id=self.job_id,
                expires_in=self.expires_in / 1000 if self.expires_in is not None else None,
                deadline=timedelta(milliseconds=self.deadline) if isinstance(self.deadline, float) else self.deadline,
                unique=self.unique.to_core() if self.unique is not None else None,
                webhook=self.webhook.to_core() if self.webhook is not None else None,
                priority=self.priority if self.priority is not None else DEFAULTS.priority,
                tags=tuple(self.tags or ()),
            )
        except InvalidOption as error:
            raise self._refusal(error) from None

    def _refusal(self, error: InvalidOption) -> Problem:
        """The same with the value as it was sent: in milliseconds."""
        name = error.name
        sent = self.expires_in if name == "expiresIn" else self.job_id if name == "jobId" else error.value
        if name == "unique.window" and self.unique is not None:
            sent = self.unique.window
        if name == "unique.maxWait" and self.unique is not None:
            sent = self.unique.max_wait
        detail = f"options.{name}: {error.cure}"
        return Problem(INVALID_REQUEST, detail, errors=[Fault(f"options.{name}", error.cure, sent)])


_NO_OPTIONS = OptionsBody.model_validate({})


class NewJobBody(_Body):
    """A job to be run."""

    model_config = ConfigDict(
        title="NewJob",
        json_schema_extra={
            "examples": [
                {
                    "type": "file-analysis",
                    "data": {"fileUrl": "s3://bucket/file.stl", "fileType": "stl"},
                    "options": {"priority": 1, "attempts": 3, "jobId": "part-4711"},
                }
            ]
        },
    )

    type: TypeName
    data: Any = Field(description="The input, in the shape that GET /api/v1/jobs/types shows for the type.")
    options: OptionsBody | None = None

    def to_core(self) -> NewJob:
        return NewJob(self.type, self.data, DEFAULTS if self.options is None else self.options.to_core())


class ScheduledJobBody(_Body):
    """A job to be run once, later."""

    model_config = ConfigDict(
        title="ScheduledJob",
        json_schema_extra={
            "examples": [{"type": "file-analysis", "data": {"fileUrl": "s3://bucket/file.stl"}, "delay": 300_000}]
        },
    )

    type: TypeName
    data: Any = Field(description="The input, in the shape that GET /api/v1/jobs/types shows for the type.")
    delay: Delay | None = Field(None, description="How many ms from now; this or `runAt`.", examples=[300_000])
    run_at: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        None, description="When, with a time zone; at once if that has passed.", examples=["2030-01-31T09:00:00Z"]
    )
    options: OptionsBody | None = None

    def to_core(self, now: datetime) -> NewJob:
        if (self.delay is None) == (self.run_at is None):
            fault = Fault("delay", "give `delay` or `runAt`, one of them")
            raise Problem(INVALID_REQUEST, f"{fault.field}: {fault.message}", errors=[fault])
        if self.options is not None and self.options.delay is not None:
            fault = Fault("options.delay", "give `delay` once, outside of `options`", self.options.delay)
            raise Problem(INVALID_REQUEST, f"{fault.field}: {fault.message}", errors=[fault])
        delay = self.delay if self.run_at is None else max(0.0, (self.run_at - now).total_seconds() * 1000)
        options = (self.options or _NO_OPTIONS).model_copy(update={"delay": delay})
        return NewJob(self.type, self.data, options.to_core())


Batch = Annotated[list[NewJobBody], Field(min_length=1, max_length=limits.MAX_HTTP_BATCH)]
NEW_JOB, SCHEDULED_JOB = TypeAdapter(NewJobBody), TypeAdapter(ScheduledJobBody)
BATCH: TypeAdapter[list[NewJobBody]] = TypeAdapter(Batch)


def places_of(body: type[BaseModel]) -> dict[tuple[str, ...], Iterable[str]]:
    """The names that a body with a job's `options` may have at each place, to suggest the one that was meant."""
    places: dict[tuple[str, ...], type[BaseModel]]
    places = {
        (): body,
        ("options",): OptionsBody,
        ("options", "backoff"): BackoffBody,
        ("options", "unique"): UniqueBody,
        ("options", "webhook"): WebhookBody,
    }
    return {
        place: tuple(field.alias or name for name, field in model.model_fields.items())
        for place, model in places.items()
    }


NAMES_AT = places_of(ScheduledJobBody)


#: By which a caller would ask for a job that comes again and again.
RECURRING_NAMES = frozenset({"cron", "rate", "every", "repeat", "at", "schedule", "pattern", "timezone"})


class _Query(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PageQuery(_Query):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Jobs of one page.")
    cursor: str | None = Field(None, max_length=8_192, description="`cursor` of the page before, with the same filter.")


class ListQuery(PageQuery):
    """Which jobs to list."""

    status: Status | None = None
    type: TypeName | None = None


class WaitQuery(_Query):
    """How long to wait for a job's end."""

    wait: float = Field(
        0, ge=0, le=MAX_WAIT_SECONDS, allow_inf_nan=False, description="Seconds; answers as soon as the job has ended."
    )


class TypeQuery(_Query):
    """Which job type."""

    type: TypeName | None = None


QUERY_NAMES = frozenset({*ListQuery.model_fields, *WaitQuery.model_fields})
