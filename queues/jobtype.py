"""`@job` makes a function a job type: its name, its input and output models, its options."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, get_type_hints

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from queues import limits
from queues.context import Context
from queues.encryption.rule import Sensitive, check_fields, discreet_faults
from queues.errors import (
    CannotUpcast,
    InvalidData,
    InvalidOption,
    Misconfigured,
    NewerData,
    PayloadTooLarge,
)
from queues.job import RESERVED_IDS
from queues.job_options import DEFAULT_CONCURRENCY, DEFAULT_MEMORY, KEEP_COMPLETED, KEEP_FAILED, JobOptions, RunsOn
from queues.policy import CustomBackoff, rules_of
from queues.priorities.levels import Levels
from queues.retry import CUSTOM, Backoff, Exponential
from queues.schedules.recurring import Recurring, declared
from queues.throttle.rule import Concurrency, Limit, check_keys
from queues.unique.rule import Unique
from queues.upcast import FIRST_VERSION, Upcast, check_upcasts, upcast

if TYPE_CHECKING:
    from queues.lambda_handler import LambdaHandler

P = ParamSpec("P")
R = TypeVar("R")

#: Characters of a type's name: `jobyard-NAME-dlq` must be a queue's and `jobyard-NAME` a function's name.
MAX_NAME_CHARS = 48
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True)
class JobType(Generic[P, R]):
    """A function together with all that Jobyard needs to run it as jobs. Call it like the function itself."""

    name: str
    function: Callable[P, R]
    options: JobOptions
    #: The pydantic model of the input; None: any JSON, handed over as it is.
    model: type[BaseModel] | None
    #: Whether the function takes a Context as its second parameter.
    wants_context: bool
    #: Whether the function is `async def` and runs on the event loop, not in a worker process.
    is_async: bool
    output: TypeAdapter[Any]
    #: Of the input's shape; recorded with each job. `upcasts` bring older data up to it (see upcast.py).
    version: int = FIRST_VERSION
    upcasts: Mapping[int, Upcast] = field(default_factory=dict, hash=False)
    #: When jobs of the type are made without anybody asking, each under its name.
    schedules: tuple[Recurring, ...] = field(default=(), hash=False)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    @cached_property
    def lambda_handler(self) -> LambdaHandler:
        """The function that AWS Lambda calls: `handler(event, context)`."""
        from queues.lambda_handler import LambdaHandler

        return LambdaHandler(self)

    def parse(self, data_json: str | bytes, version: int | None = None) -> Any:
        """The handler's first argument from JSON text; InvalidData names each field at fault.

        `version`: that the data was written in, if not the type's own. CannotUpcast, NewerData: see upcast.py.
        """
        if version is not None and version != self.version:
            if version > self.version:
                raise NewerData(self.name, version, self.version)
            current = upcast(self.name, data_json, version, self.version, self.upcasts)
            try:
                return self._read(current)
            except InvalidData as error:
                raise CannotUpcast(self.name, version, self.version, f"the result is refused: {error}") from None
        return self._read(data_json)

    def _read(self, data_json: str | bytes) -> Any:
        try:
            if self.model is None:
                return orjson.loads(data_json)
            return self.model.model_validate_json(data_json)
        except orjson.JSONDecodeError as error:
            raise InvalidData(self.name, [{"field": "data", "message": str(error)}]) from None
        except ValidationError as error:
            if self.options.sensitive and self.model is not None:
                raise InvalidData(self.name, discreet_faults(error, self.model)) from None
            raise InvalidData(self.name, faults_of(error)) from None

    def check(self, data: Any, limit: int = limits.MAX_DATA_BYTES) -> str:
        """A caller's data (a mapping or a model) as the JSON text that will be stored; InvalidData, PayloadTooLarge.

        `limit`: bytes of the text at the most.
        """
        if isinstance(data, BaseModel):
            text = data.model_dump_json(by_alias=True)
            if self.model is not None and not isinstance(data, self.model):
                self.parse(text)
        else:
            try:
                raw = orjson.dumps(data)
            except TypeError as error:
                raise InvalidData(self.name, [{"field": "data", "message": str(error)}]) from None
            # (`in` would ask first whether that is the number of a byte, for twice the time.)
            if raw.find(b"null") >= 0 and _has_nan(data):
                raise InvalidData(self.name, [{"field": "data", "message": "NaN and Infinity are no JSON numbers"}])
            if self.model is not None:
                self.parse(raw)
            text = raw.decode()
        size = len(text.encode())
        if size > limit:
            raise PayloadTooLarge("data", size, limit)
        return text

    def dump(self, value: Any) -> str:
        """A handler's return value as JSON text; PayloadTooLarge, or pydantic's error if it is not what it declared.

        What a row cannot hold is for the artifact store, or refused where there is none (payloads.py).
        """
        if value is None:
            return "null"
        raw = self.output.dump_json(value, by_alias=True)
        if len(raw) > limits.MAX_ARTIFACT_BYTES:
            raise PayloadTooLarge("the result", len(raw), limits.MAX_ARTIFACT_BYTES)
        return raw.decode()


def _has_nan(value: Any) -> bool:
    """Whether there is a float in it that JSON does not have and that orjson would write as null."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_has_nan, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_nan, value))


def faults_of(error: ValidationError) -> list[dict[str, Any]]:
    """pydantic's complaints as {"field", "message", "value"}; `value` only where it is short and plain."""
    faults = []
    for fault in error.errors(include_url=False, include_context=False):
        value = fault.get("input")
        row: dict[str, Any] = {"field": ".".join(map(str, fault["loc"])) or "data", "message": fault["msg"]}
        if isinstance(value, int | float | bool) or (isinstance(value, str) and len(value) <= 100):
            row["value"] = value
        faults.append(row)
    return faults


def job(
    name: str,
    *,
    attempts: int = 3,
    backoff: Backoff | CustomBackoff | None = None,
    timeout: float = 60.0,
    batch_size: int = 1,
    batching_window: float = 0.0,
    concurrency: int | None = None,
    keep_completed: float = KEEP_COMPLETED,
    keep_failed: float = KEEP_FAILED,
    max_completed: int | None = None,
    max_failed: int | None = None,
    memory: int = DEFAULT_MEMORY,
    extras: tuple[str, ...] = (),
    runs_on: RunsOn = "lambda",
    cancel_grace: float = 10.0,
    on_error: Mapping[Any, Any] | None = None,
    unique: Unique | None = None,
    limits: Iterable[Limit] = (),
    tenant_concurrency: int | None = None,
    priorities: Levels | None = None,
    sensitive: Sensitive = False,
    version: int = FIRST_VERSION,
    upcasts: Mapping[int, Upcast] | None = None,
    schedule: str | Recurring | Iterable[Recurring] | None = None,
) -> Callable[[Callable[P, R]], JobType[P, R]]:
    """Makes a function a job type called `name` (lower case, digits and `-`); see JobOptions for the rest.

    The first parameter is the input: annotate it with a pydantic model to have it checked at the door. A second
    parameter, if there is one, receives the Context. The return annotation shapes the result. An `async def` runs on
    the event loop; a plain `def` runs in a worker process of its own, where a timeout or crash hurts nobody else.

    After a change of the input's shape, raise `version` and say in `upcasts` what makes data of each older version
    one newer: `{1: function}`. Jobs that are under way then run with the new code (see upcast.py).

    `backoff`: a curve, or a function of the attempt's number and its exception that answers seconds.
    `on_error`: what an exception means, by class or dotted name: `{OSError: Discard, "httpx.ReadTimeout": Fixed(5)}`.
    `unique`: which jobs count as the same.
    `limits`: how many run at once and start in a time, of the type, a tenant or a key, over all hosts; each is a
    Concurrency or a Rate. `tenant_concurrency=5` is short for `Concurrency(5, per="tenant")`.
    `priorities`: a queue for each level of priority, such as SERVICE_CLASSES; `concurrency` is then what its levels may
    have together, if they say, and what all of them share if it is given here.
    `sensitive`: what is encrypted before it is written: True for all that a job takes, gives and says, or the names of
    fields of its data.

    `schedule`: an expression such as `"0 9 * * 1-5"`, a Recurring, or several of them: jobs then come by themselves.
    """
    if not name or len(name) > MAX_NAME_CHARS or not set(name) <= _NAME_CHARS or name[0] == "-" or name[-1] == "-":
        raise InvalidOption("name", name, f"use 1 to {MAX_NAME_CHARS} of a-z 0-9 and '-', not at either end")
    if name in RESERVED_IDS:
        raise InvalidOption("name", name, "that word is part of a route; choose another")
    if name.endswith("-dlq"):
        raise InvalidOption("name", name, "'-dlq' at the end is how dead-letter queues are named")
    custom = None if backoff is None or isinstance(backoff, Backoff) else backoff
    options = JobOptions(
        attempts=attempts,
        backoff=backoff if isinstance(backoff, Backoff) else Exponential(2) if custom is None else CUSTOM,
        timeout=timeout,
        batch_size=batch_size,
        batching_window=batching_window,
        concurrency=_concurrency(concurrency, priorities),
        keep_completed=keep_completed,
        keep_failed=keep_failed,
        max_completed=max_completed,
        max_failed=max_failed,
        memory=memory,
        extras=extras,
        runs_on=runs_on,
        cancel_grace=cancel_grace,
        on_error=rules_of(on_error),
        custom_backoff=custom,
        unique=unique,
        limits=(*limits, *([] if tenant_concurrency is None else [Concurrency(tenant_concurrency, "tenant")])),
        priorities=priorities,
        sensitive=sensitive,
    )
    if priorities is not None:
        priorities.check_type(name)
    steps = dict(upcasts or {})
    check_upcasts(version, steps)
    schedules = declared(schedule, name)

    def decorate(function: Callable[P, R]) -> JobType[P, R]:
        parameters = list(inspect.signature(function).parameters)
        if not 1 <= len(parameters) <= 2:
            raise Misconfigured(f"job {name!r}: {function.__name__} must take the data and, if it likes, a Context")
        hints = get_type_hints(function)
        model = hints.get(parameters[0])
        if len(parameters) == 2 and hints.get(parameters[1], Context) is not Context:
            raise Misconfigured(f"job {name!r}: the second parameter of {function.__name__} is the Context")
        job_type = JobType(
            name=name,
            function=function,
            options=options,
            model=model if isinstance(model, type) and issubclass(model, BaseModel) else None,
            wants_context=len(parameters) == 2,
            is_async=inspect.iscoroutinefunction(function),
            output=TypeAdapter(hints.get("return", Any)),
            version=version,
            upcasts=steps,
            schedules=schedules,
        )
        if unique is not None:
            unique.check_fields(job_type.model)
        check_keys(options.limits, job_type.model)
        check_fields(sensitive, job_type.model)
        if schedules:
            from queues.schedules.terms import check_type
        for one in schedules:
            check_type(one.data, one.options, job_type)
        return job_type

    return decorate


def _concurrency(given: int | None, priorities: Levels | None) -> int:
    if given is not None:
        return given
    return (priorities.concurrency if priorities is not None else None) or DEFAULT_CONCURRENCY
