"""Which jobs count as the same, for how long, and which of them runs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Literal, get_args

import orjson
from pydantic import BaseModel

from queues import limits
from queues.errors import InvalidOption
from queues.fields import NoSuchField, check_field, field_of, plain

if TYPE_CHECKING:
    from queues.job import Job
    from queues.job_options import JobOptions
    from queues.jobtype import JobType

Mode = Literal["simple", "throttle", "debounce"]

#: Characters of a key of the caller's own, and fields that a key may be made of.
MAX_KEY_CHARS = 256
MAX_FIELDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Unique:
    """One job for one key, within a tenant and a job type. Without `key` and `fields` the key is all of the data.

    `simple`: while a job with the key has not ended, or was made less than `window` ago, it is the answer.
    `throttle`: the first runs; until `window` is over, counted from its making, it is the answer.
    `debounce`: the last runs, `window` after it was asked for, or `max_wait` after the first; until then the job that
    waits takes its data and its options.
    A job that was cancelled holds no key.
    """

    #: A key of the caller's own.
    key: str | None = None
    #: Parts of the data that make the key, by name, with dots for parts of parts: `("customer.id", "month")`.
    fields: tuple[str, ...] = ()
    #: A timedelta or seconds. `simple` can do without.
    window: timedelta | float | None = None
    mode: Mode = "simple"
    #: Of a debounce: how long calls can put the job off, counted from the first. None: for ever.
    max_wait: timedelta | float | None = None

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise InvalidOption("unique.mode", self.mode, "use 'simple', 'throttle' or 'debounce'")
        if self.key is not None and not 0 < len(self.key) <= MAX_KEY_CHARS:
            raise InvalidOption("unique.key", self.key, f"give 1 to {MAX_KEY_CHARS} characters")
        if isinstance(self.fields, str):
            raise InvalidOption("unique.fields", self.fields, f"give a tuple of names: fields=({self.fields!r},)")
        if self.key is not None and self.fields:
            raise InvalidOption("unique.fields", list(self.fields), "give a key or fields, not both")
        if len(self.fields) > MAX_FIELDS or not all(self.fields):
            raise InvalidOption("unique.fields", list(self.fields), f"give up to {MAX_FIELDS} names")
        if self.window is None:
            if self.mode != "simple":
                raise InvalidOption("unique.window", None, f"say for how long: {self.mode!r} needs it")
        elif not 1 <= self.window_ms <= limits.MAX_JOB_DELAY_SECONDS * 1000:
            raise InvalidOption("unique.window", self.window, "give 1 ms or more, a year at most")
        if self.max_wait is not None:
            if self.mode != "debounce":
                raise InvalidOption("unique.maxWait", self.max_wait, f"leave it out: {self.mode!r} puts no job off")
            if not self.window_ms <= _ms(self.max_wait) <= limits.MAX_JOB_DELAY_SECONDS * 1000:
                raise InvalidOption("unique.maxWait", self.max_wait, "give the window or more, a year at most")

    @property
    def window_ms(self) -> int:
        """The window in milliseconds; 0 if there is none."""
        return _ms(self.window or 0)

    @property
    def max_wait_ms(self) -> int | None:
        """The longest wait in milliseconds, if there is one."""
        return None if self.max_wait is None else _ms(self.max_wait)

    def put_off(self, there: Job, run_at: int) -> int:
        """When a job that waits shall run after a call that wants it at `run_at`; all epoch ms. Never earlier."""
        latest = run_at if self.max_wait_ms is None else there.created_at + self.max_wait_ms
        return max(there.run_at, min(run_at, latest))

    def check_kept(self, options: JobOptions) -> None:
        """InvalidOption if jobs of a type are forgotten before the window is over."""
        by_number = (options.max_completed, options.max_failed) != (None, None)
        if self.mode != "debounce" and self.window_ms and by_number:
            cure = (
                "its type keeps ended jobs by number (max_completed, max_failed); a window needs them kept by age alone"
            )
            raise InvalidOption("unique.window", self.window, cure)
        kept = min(options.keep_completed, options.keep_failed)
        if self.mode != "debounce" and self.window_ms > kept * 1000:
            raise InvalidOption("unique.window", self.window, f"its jobs are kept for {kept:g} s: give that at most")

    def check_fields(self, model: type[BaseModel] | None) -> None:
        """InvalidOption for a field that a type's input does not have."""
        for name in self.fields:
            if (cure := check_field(model, name)) is not None:
                raise InvalidOption("unique.fields", name, cure)

    def key_of(self, job_type: JobType[Any, Any], data_json: str) -> str:
        """The key of a job of that type with that data, which its type has checked; InvalidOption for missing fields.

        Data counts as read, defaults included, so that two spellings of the same are the same. It is not in the key
        itself, only a hash of it.
        """
        if self.key is not None:
            return f"key:{self.key}"
        data = job_type.parse(data_json)
        value = [[name, _field_of(data, name)] for name in self.fields] if self.fields else plain(data)
        return f"data:{sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()}"


def _ms(duration: timedelta | float) -> int:
    return round((duration.total_seconds() if isinstance(duration, timedelta) else duration) * 1000)


def _field_of(data: Any, name: str) -> Any:
    try:
        return field_of(data, name)
    except NoSuchField:
        raise InvalidOption("unique.fields", name, "the data has no such field") from None
