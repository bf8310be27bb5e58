"""What a flow is made of, in the words of whoever writes one. Pure; `plan.py` checks it and puts it in order.

Flow(
    chain(
        Step("fetch", {"url": "s3://parts/4711.stl"}),
        group(Step("measure", {"file": Result("fetch-1")}), Step("render", {"file": Result("fetch-1")})),
        Step("report"),                                          # is given the list of what came before it
    ),
    name="part 4711",
)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from queues.errors import InvalidOption
from queues.jobtype import JobType
from queues.options import DEFAULTS, Options

#: What becomes of a flow of which a step has failed or was cancelled: no further step is started and it fails; the
#: others go on, and what comes after the step runs with `null` for its result; or it fails, and what was done is
#: undone.
OnFailure = Literal["fail", "continue", "compensate"]

#: Steps of one flow.
MAX_STEPS = 10_000
#: Flows, or steps, of one page at the most.
MAX_LIMIT = 200
#: Instead of a step's name: what comes before, in a chain, or before a group's `then`.
PREVIOUS = "$previous"


@dataclass(frozen=True, slots=True)
class Result:
    """Within a step's data: what another step has returned, which therefore runs first.

    In JSON it is `{"$result": "name"}`. Without a name it is what comes before in a chain: of a group, the list of its
    results.
    """

    step: str = PREVIOUS


@dataclass(frozen=True, slots=True)
class Step:
    """One job of a flow."""

    type: str | JobType[Any, Any]
    #: Its input, with a Result in any place. Left out: the result of what comes before it, or `{}` at the beginning.
    data: Any = ...
    #: Unique in the flow; made of type and a number if there is none.
    name: str | None = field(default=None, kw_only=True)
    #: Names of steps that must have ended first, besides those whose results it is given.
    after: tuple[str, ...] = field(default=(), kw_only=True)
    options: Options = field(default=DEFAULTS, kw_only=True)
    #: The job that undoes it, with the policy `compensate`. Its data may have the results that the step's data has, and
    #: the step's own, which it is if it is left out.
    undo: Step | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Chain:
    """Parts one after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Parts side by side, and a step after all of them."""

    parts: tuple[Part, ...]
    then: Step | None = None


@dataclass(frozen=True, slots=True, init=False)
class Flow:
    """Parts side by side, as far as their steps do not say what they come after.

    A flow may be part of another: its steps then have its name and a dot in front of theirs, and the outer policy.
    """

    parts: tuple[Part, ...]
    name: str
    on_failure: OnFailure
    #: A job that runs once the flow has ended, however it has. Its data may have `{"$flow": "summary"}` in any place:
    #: id, name, status and counts; left out, it is that.
    on_end: Step | None

    def __init__(
        self, *parts: Part, name: str = "", on_failure: OnFailure = "fail", on_end: Step | None = None
    ) -> None:
        if on_failure not in get_args(OnFailure):
            raise InvalidOption("onFailure", on_failure, "use 'fail', 'continue' or 'compensate'")
        for key, value in {"parts": parts, "name": name, "on_failure": on_failure, "on_end": on_end}.items():
            object.__setattr__(self, key, value)


Part = Step | Chain | Group | Flow


def chain(*parts: Part) -> Chain:
    """Parts of which each begins when the one before it has ended, and may use its result."""
    return Chain(parts)


def group(*parts: Part, then: Step | None = None) -> Group:
    """Parts that run side by side; `then` runs after all of them, and may use the list of their results."""
    return Group(parts, then)
