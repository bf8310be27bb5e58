"""What requests say of schedules: strict models, as those of `models.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from api.models import OptionsBody, TypeName, places_of
from api.problems import INVALID_REQUEST, Fault, Problem
from queues.schedules.job_schedule import MAX_LIMIT, MAX_NEXT_RUNS
from queues.schedules.recurring import MAX_JITTER_MINUTES, CatchUp, Overlap, Recurring

Moment = Annotated[AwareDatetime, Field(strict=False, examples=["2030-01-31T09:00:00Z"])]


class ScheduleBody(BaseModel):
    """A schedule that there is, with all that it shall say from now on."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        title="Schedule",
        alias_generator=to_camel,
        json_schema_extra={
            "examples": [
                {
                    "type": "hello",
                    "schedule": "0 9 * * 1-5",
                    "timezone": "Europe/Berlin",
                    "data": {"name": "Ada"},
                    "overlap": "skip",
                }
            ]
        },
    )

    type: TypeName
    schedule: str = Field(
        max_length=256,
        description="Five-field cron, `cron(...)` with AWS's six fields, `rate(5 minutes)`, `at(2030-01-31T09:00:00)`.",
    )
    timezone: str = Field("UTC", max_length=50, description="An IANA name; cron and at are local times in it.")
    data: Any = Field(default_factory=dict, description="The input of its jobs; `{}` if there is none.")
    options: OptionsBody | None = Field(
        None, description="Of its jobs; without `delay` and `jobId`. From the due time."
    )
    overlap: Overlap = Field("queue", description="If the job before has not ended: no job, a job, or one instead.")
    catch_up: CatchUp = Field("latest", description="Which times are made up for that nobody could serve.")
    jitter: float = Field(
        0, ge=0, le=MAX_JITTER_MINUTES * 60_000, description="Each time is delayed by a share of it; whole minutes, ms."
    )
    start: Moment | None = Field(None, description="No time before it; not for `at`.")
    end: Moment | None = Field(None, description="No time after it; not for `at`.")

    def to_core(self, name: str) -> Recurring:
        """What the core takes. Its errors name fields as the body does."""
        given = self.options.model_fields_set if self.options is not None else set()
        for own, sent in (("delay", "delay"), ("job_id", "jobId")):
            if own in given and getattr(self.options, own) is not None:
                fault = Fault(f"options.{sent}", "a schedule gives its jobs their times and ids; leave it out")
                raise Problem(INVALID_REQUEST, f"{fault.field}: {fault.message}", errors=[fault])
        return Recurring(
            self.schedule,
            name=name,
            data=self.data,
            options=None if self.options is None else self.options.to_core(),
            timezone=self.timezone,
            overlap=self.overlap,
            catch_up=self.catch_up,
            jitter=self.jitter / 1000,
            start=self.start,
            end=self.end,
        )


class NewScheduleBody(ScheduleBody):
    """A schedule to be made."""

    model_config = ConfigDict(
        title="NewSchedule",
        json_schema_extra={
            "examples": [
                {"name": "greet-ada", "type": "hello", "schedule": "rate(5 minutes)", "data": {"name": "Ada"}},
            ]
        },
    )

    name: str = Field(description="Unique within the tenant; 1 to 64 of A-Z a-z 0-9 _ . -", examples=["nightly"])


class NextQuery(BaseModel):
    """How far to look ahead."""

    model_config = ConfigDict(extra="forbid")

    next: int = Field(5, ge=1, le=MAX_NEXT_RUNS, description="Due times to tell.")


class SchedulesQuery(BaseModel):
    """Which part of the list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Schedules of one page.")
    cursor: str | None = Field(None, max_length=64, description="`cursor` of the page before.")


SCHEDULE, NEW_SCHEDULE = TypeAdapter(ScheduleBody), TypeAdapter(NewScheduleBody)
#: The names that a body may have at each place.
PLACES: dict[tuple[str, ...], Iterable[str]] = places_of(NewScheduleBody)
