"""What requests say of jobs to be replayed, and of operations on many: strict models, as those of `models.py`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from api.models import Delay, TypeName
from api.problems import INVALID_REQUEST, Fault, Problem
from api.tenancy import TenantName
from queues import limits
from queues.control.bulk import MAX_RATE, MIN_RATE
from queues.control.job_filter import MAX_ERROR_TYPE_CHARS, JobFilter
from queues.jobtype import MAX_NAME_CHARS

Moment = Annotated[AwareDatetime, Field(strict=False, examples=["2030-01-31T09:00:00Z"])]
Tag = Annotated[str, Field(min_length=1, max_length=64)]
Rate = Annotated[float, Field(ge=MIN_RATE, le=MAX_RATE, allow_inf_nan=False)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class LettersFilterBody(_Body):
    """Which failed jobs of a type; all that is given must hold."""

    error: str | None = Field(
        None, min_length=1, max_length=MAX_ERROR_TYPE_CHARS, description="The error's `type`.", examples=["Timeout"]
    )
    failed_after: Moment | None = Field(None, description="Failed then or later; with a time zone.")
    failed_before: Moment | None = Field(None, description="Failed before; with a time zone.")
    tags: list[Tag] = Field(default_factory=list, max_length=limits.MAX_TAGS, description="Has all of these.")
    tenant: TenantName | None = Field(None, description="Whose; another than the token's needs the scope `admin`.")

    def to_core(self, type_name: str | None) -> JobFilter:
        return JobFilter(
            type=type_name,
            error=self.error,
            failed_after=_ms(self.failed_after),
            failed_before=_ms(self.failed_before),
            tags=tuple(self.tags),
        )


class FailedFilterBody(LettersFilterBody):
    """Which failed jobs; all that is given must hold."""

    type: TypeName | None = None


_ALL_LETTERS, _ALL_FAILED = LettersFilterBody.model_validate({}), FailedFilterBody.model_validate({})


class _ManyBody(_Body):
    rate: Rate | None = Field(None, description="Jobs a second at the most.", examples=[10])
    dry_run: bool = Field(False, description="Count only.")
    everyone: bool = Field(False, description="Of every tenant; needs the scope `admin`.")


class LettersBody(_ManyBody):
    """What to do with the dead letters of a type."""

    model_config = ConfigDict(
        title="Letters", json_schema_extra={"examples": [{"filter": {"error": "Timeout"}, "rate": 10}]}
    )

    filter: LettersFilterBody = _ALL_LETTERS


class RetryManyBody(_ManyBody):
    """Which failed jobs to retry."""

    model_config = ConfigDict(
        title="RetryMany",
        json_schema_extra={
            "examples": [
                {"filter": {"type": "file-analysis", "failedAfter": "2030-01-31T09:00:00Z"}, "dryRun": True},
            ]
        },
    )

    filter: FailedFilterBody = _ALL_FAILED


class PurgeBody(_Body):
    """The queue's name once more: what waits in it is lost."""

    model_config = ConfigDict(title="Purge", json_schema_extra={"examples": [{"confirm": "file-analysis"}]})

    confirm: str = Field(max_length=MAX_NAME_CHARS, description="The queue's name.")


class RescheduleBody(_Body):
    """When the job shall run instead."""

    model_config = ConfigDict(
        title="Reschedule", json_schema_extra={"examples": [{"delay": 60_000}, {"runAt": "2030-01-31T09:00:00Z"}]}
    )

    delay: Delay | None = Field(None, description="How many ms from now; this or `runAt`.", examples=[60_000])
    run_at: Moment | None = Field(None, description="When, with a time zone; at once if that has passed.")

    @property
    def when(self) -> datetime | timedelta:
        """The one that was given."""
        if (self.delay is None) == (self.run_at is None):
            fault = Fault("delay", "give `delay` or `runAt`, one of them")
            raise Problem(INVALID_REQUEST, f"{fault.field}: {fault.message}", errors=[fault])
        return self.run_at if self.run_at is not None else timedelta(milliseconds=self.delay or 0)


class ReplayBody(_Body):
    """What to do differently; `{}` for a replay with the same data."""

    model_config = ConfigDict(title="Replay", json_schema_extra={"examples": [{}, {"data": {"name": "Ada"}}]})

    data: Any = Field(None, description="Other input than the old job's; absent: the same.")
    job_id: str | None = Field(
        None, description="A name for the new job: asking again with it returns the first.", examples=["part-4711-b"]
    )

    @property
    def other_data(self) -> Any:
        """The data that was given, which may be null; `...` if none was."""
        return self.data if "data" in self.model_fields_set else ...


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _places(body: type[BaseModel], **inner: type[BaseModel]) -> dict[tuple[str, ...], Iterable[str]]:
    models: dict[tuple[str, ...], type[BaseModel]] = {(): body} | {(name,): model for name, model in inner.items()}
    return {
        place: tuple(field.alias or name for name, field in model.model_fields.items())
        for place, model in models.items()
    }


LETTERS, RETRY_MANY = TypeAdapter(LettersBody), TypeAdapter(RetryManyBody)
PURGE, REPLAY, RESCHEDULE = TypeAdapter(PurgeBody), TypeAdapter(ReplayBody), TypeAdapter(RescheduleBody)
#: The names that each body may have at each place, to suggest the one that was meant.
LETTERS_PLACES = _places(LettersBody, filter=LettersFilterBody)
RETRY_MANY_PLACES = _places(RetryManyBody, filter=FailedFilterBody)
PURGE_PLACES, REPLAY_PLACES, RESCHEDULE_PLACES = _places(PurgeBody), _places(ReplayBody), _places(RescheduleBody)
