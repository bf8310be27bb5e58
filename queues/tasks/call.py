"""The data of a job of the type `task`: what is called with what, checked at the door as far as it can be there.

An API that runs elsewhere than its workers may not have their modules. What cannot be imported at the door is let
through, and decided by the worker.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from queues.context import Context
from queues.errors import InvalidData
from queues.jobtype import faults_of
from queues.tasks.find import NotImportable, check, find, signature_of
from queues.tasks.names import MAX_NAME_CHARS

#: The job type of all tasks (functions/task.py).
TASK = "task"
#: The cure for a catalog that has none.
HOW_TO_HAVE_TASKS = (
    "import it in functions/catalog.py (from functions.task import task), or add functions.task to JOBYARD_JOBS"
)
_CONTEXTS = (Context, "Context", "queues.Context")


class TaskCall(BaseModel):
    """Input of `task`: a call of a function that the allow-list names, or of a registered service's method."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: str = Field(
        min_length=1,
        max_length=MAX_NAME_CHARS,
        description="package.module:function, or service.method.",
        examples=["functions.task_examples:calculate_sum"],
    )
    args: list[Any] = Field(default_factory=list, description="Positional arguments.")
    kwargs: dict[str, Any] = Field(default_factory=dict, description="Keyword arguments.")

    @field_validator("function")
    @classmethod
    def _allowed(cls, name: str) -> str:
        check(name)
        return name

    @model_validator(mode="after")
    def _fits(self) -> TaskCall:
        try:
            signature = signature_of(self.function)
        except NotImportable:
            return self
        if signature is not None:
            _bound(self, signature)
        return self


def call_of(function: str | Callable[..., Any], *args: Any, **kwargs: Any) -> TaskCall:
    """The data of a task: `queue.enqueue("task", call_of(monthly, 2026, 11), delay=60)`.

    `function` is a name, or a function of a module. InvalidData if it is not allowed, or cannot take the arguments.
    """
    try:
        return TaskCall(
            function=function if isinstance(function, str) else _name_of(function), args=list(args), kwargs=kwargs
        )
    except ValidationError as error:
        raise InvalidData(TASK, faults_of(error)) from None


def perform(call: TaskCall, context: Context) -> Any:
    """What the function comes to. A parameter that is annotated `Context` is given the job's.

    An `async def` runs in an event loop of its own, in the worker process: it is as far away from the server, and as
    easily ended, as any other function whose author did not write it to be a job.
    """
    function = find(call.function)
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        value = function(*call.args, **call.kwargs)
    else:
        bound = _bound(call, signature)
        # The context can stand anywhere among the parameters.
        arguments: Any = dict.fromkeys(_contexts(signature), context) | bound.arguments
        whole = inspect.BoundArguments(signature, arguments)
        value = function(*whole.args, **whole.kwargs)
    return _finished(value) if inspect.isawaitable(value) else value


def _name_of(function: Callable[..., Any]) -> str:
    if not inspect.isroutine(function):
        what = f"{function!r:.100} is no function of a module; give one, or its name"
        raise InvalidData(TASK, [{"field": "function", "message": what}])
    return f"{function.__module__}:{function.__qualname__}"


def _bound(call: TaskCall, signature: inspect.Signature) -> inspect.BoundArguments:
    """The arguments by their parameters; ValueError says what is missing or too much."""
    hidden = _contexts(signature)
    shown = signature.replace(parameters=[one for name, one in signature.parameters.items() if name not in hidden])
    try:
        return shown.bind(*call.args, **call.kwargs)
    except TypeError as error:
        raise ValueError(f"{error}: {call.function}{shown}") from None


def _contexts(signature: inspect.Signature) -> list[str]:
    return [name for name, one in signature.parameters.items() if one.annotation in _CONTEXTS]


def _finished(value: Awaitable[Any]) -> Any:
    async def wait() -> Any:
        return await value

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    # Inline in a test, under the test's own loop.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, wait()).result()
