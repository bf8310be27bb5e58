"""A flow in its normal form: nodes in an order in which each comes after those that it waits for. Pure.

A node waits in one of two ways. With few predecessors it looks at them: whoever ends one reads the others. With many,
such as the callback of a batch, it counts: each that ends takes one off its `remaining`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from pydantic import BaseModel

from queues import limits
from queues.catalog import Catalog
from queues.errors import InvalidData, InvalidOption, PayloadTooLarge
from queues.flows.flow import MAX_STEPS, Chain, Flow, Group, OnFailure, Part, Result, Step
from queues.flows.references import SUMMARY, filled, has_data, references, written
from queues.jobtype import JobType
from queues.options import DEFAULTS
from queues.schedules.options import to_json

#: How often steps may name others that come before them, all together.
MAX_EDGES = 50_000
#: Results that one step may be given: they are read one by one.
MAX_RESULTS = 1_000
#: Predecessors up to which a node looks at them itself.
MAX_LOOKED_AT = 20
#: Nodes that count their predecessors which may wait for one and the same: they are written together, in a transaction.
MAX_COUNTING = 10
#: Characters of a flow's name.
MAX_NAME_CHARS = 200
#: A summary like any that a flow's last job is told.
_SAMPLE = {"id": "x", "name": "x", "status": "completed", "total": 1, "completed": 1, "failed": 0, "cancelled": 0}
_STEP_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
#: With those of the flows around it.
MAX_FULL_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Work:
    """A job to be made: its data still has references."""

    type: str
    data: Any
    #: As `schedules/options.py` writes them.
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One step, its place in the order, and whom it waits for, by their places."""

    order: int
    name: str
    work: Work
    undo: Work | None = None
    after: tuple[int, ...] = ()
    #: Those that wait for it: what looks itself, and what counts.
    feeds: tuple[int, ...] = ()
    counts_for: tuple[int, ...] = ()
    #: Of each step whose result it is given, by its name, the place.
    uses: Mapping[str, int] = field(default_factory=dict)
    #: Whether somebody is given its result.
    kept: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts its predecessors."""
        return len(self.after) > MAX_LOOKED_AT


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole flow."""

    name: str
    on_failure: OnFailure
    on_end: Work | None
    nodes: tuple[Node, ...]


@dataclass(slots=True)
class _Draft:
    """A step whose name in the whole flow is known."""

    name: str
    work: Work
    undo: Work | None
    after: list[str]


def plan_of(flow: Flow, catalog: Catalog) -> Plan:
    """The flow in its normal form, checked; what is wrong with it is said by InvalidOption, UnknownJobType, InvalidData
    or PayloadTooLarge. Data that waits for results is checked when they are there."""
    if len(flow.name) > MAX_NAME_CHARS:
        raise InvalidOption("name", flow.name[:40] + "...", f"give up to {MAX_NAME_CHARS} characters")
    drafts = _Drafts(catalog)
    for part in flow.parts:
        drafts.add(part, [], "")
    if not drafts.found:
        raise InvalidOption("steps", [], "give at least one step")
    on_end = None if flow.on_end is None else _on_end(flow.on_end, catalog)
    return Plan(flow.name, flow.on_failure, on_end, _in_order(drafts.found))


@dataclass(slots=True)
class _Drafts:
    """Collects the steps of nested parts."""

    catalog: Catalog
    found: dict[str, _Draft] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def add(self, part: Part, previous: list[str], prefix: str) -> list[str]:
        """Adds a part that comes after `previous`; answers the names of the steps that what follows comes after."""
        match part:
            case Step():
                return [self._step(part, previous, prefix)]
            case Chain(parts):
                for one in parts:
                    previous = self.add(one, previous, prefix)
                return previous
            case Group(parts, then):
                last = [name for one in parts for name in self.add(one, previous, prefix)]
                return last if then is None else [self._step(then, last, prefix)]
            case Flow():
                if part.on_end is not None or part.on_failure != "fail":
                    raise InvalidOption("onEnd", part.name, "a flow within another has the outer one's; leave them out")
                if part.name and not _STEP_NAME.fullmatch(part.name):
                    cure = "a flow within another is named with 1 to 60 of A-Z a-z 0-9 _ -"
                    raise InvalidOption("name", part.name, cure)
                inner = f"{prefix}{part.name}." if part.name else prefix
                return [name for one in part.parts for name in self.add(one, previous, inner)]

    def _step(self, step: Step, previous: list[str], prefix: str) -> str:
        if len(self.found) == MAX_STEPS:
            raise InvalidOption("steps", f"more than {MAX_STEPS}", f"give up to {MAX_STEPS:,} steps")
        job_type = step.type if isinstance(step.type, JobType) else self.catalog.get(step.type)
        name = prefix + self._name(step, job_type.name, prefix)
        if len(name) > MAX_FULL_NAME_CHARS:
            raise InvalidOption("name", name, f"give up to {MAX_FULL_NAME_CHARS} characters, outer flows' included")
        if name in self.found:
            raise InvalidOption("name", name, "each step of a flow needs a name of its own")

        def rename(inner: str) -> str:
            return prefix + inner

        if step.data is ...:
            data = written(Result(), previous, rename) if previous else {}
        else:
            data = _plain(job_type, step.data, previous, rename, f"{name}.data")
        undo = None
        if step.undo is not None:
            if step.undo.undo is not None or step.undo.after or step.undo.name is not None:
                raise InvalidOption("undo", name, "it has a type, data and options, and nothing else")
            undo_type = step.undo.type if isinstance(step.undo.type, JobType) else self.catalog.get(step.undo.type)
            own = Result(name.removeprefix(prefix)) if step.undo.data is ... else step.undo.data
            undo_data = _plain(undo_type, own, previous, rename, f"{name}.undo.data")
            undo = _work(undo_type, undo_data, step.undo)
        after = [*previous, *(prefix + one for one in step.after), *references(data)]
        draft = _Draft(name, _work(job_type, data, step), undo, list(dict.fromkeys(after)))
        self.found[name] = draft
        return name

    def _name(self, step: Step, type_name: str, prefix: str) -> str:
        if step.name is not None:
            if not _STEP_NAME.fullmatch(step.name):
                raise InvalidOption("name", step.name, "use 1 to 60 of the characters A-Z a-z 0-9 _ -")
            return step.name
        number = self._numbers[prefix + type_name] = self._numbers.get(prefix + type_name, 0) + 1
        return f"{type_name}-{number}"


def _plain(job_type: JobType[Any, Any], data: Any, previous: list[str], rename: Any, what: str) -> Any:
    """Data as plain JSON values with references; checked by its type if it has none."""
    if isinstance(data, BaseModel):
        return orjson.loads(job_type.check(data))
    values = written(data, previous, rename)
    if next(references(values), None) is None:
        return orjson.loads(job_type.check(values))
    try:
        text = orjson.dumps(values)
    except TypeError as error:
        raise InvalidData(job_type.name, [{"field": what, "message": str(error)}]) from None
    if len(text) > limits.MAX_DATA_BYTES:
        raise PayloadTooLarge(what, len(text), limits.MAX_DATA_BYTES)
    return orjson.loads(text)


def _work(job_type: JobType[Any, Any], data: Any, step: Step) -> Work:
    if job_type.options.sensitive and has_data(data):
        cure = f"a flow keeps its data in clear: give {job_type.name!r}, which is sensitive, results of steps alone"
        raise InvalidOption("data", "...", cure)
    options = to_json(step.options) if step.options is not DEFAULTS else {}
    for name in ("job_id", "unique"):
        if name in options:
            raise InvalidOption(name, options[name], "a step's job is named by its flow")
    return Work(job_type.name, data, options)


def _on_end(step: Step, catalog: Catalog) -> Work:
    job_type = step.type if isinstance(step.type, JobType) else catalog.get(step.type)
    if step.undo is not None or step.after or step.name is not None:
        raise InvalidOption("onEnd", job_type.name, "it has a type, data and options, and nothing else")
    data = SUMMARY if step.data is ... else written(step.data, [], str)
    if next(references(data), None) is not None:
        raise InvalidOption("onEnd", job_type.name, "it runs however the flow has ended, so it is given no results")
    # It must be refused here: nobody is there to be told when the flow has ended.
    job_type.check(filled(data, {}, _SAMPLE))
    return _work(job_type, data, step)


def _in_order(drafts: Mapping[str, _Draft]) -> tuple[Node, ...]:
    _check_names(drafts)
    order = _order(drafts)
    place = {name: index for index, name in enumerate(order)}
    feeds: list[list[int]] = [[] for _ in order]
    counts_for: list[list[int]] = [[] for _ in order]
    kept = {name for draft in drafts.values() for name in references(draft.work.data)}
    for name, draft in drafts.items():
        into = counts_for if len(draft.after) > MAX_LOOKED_AT else feeds
        for one in draft.after:
            into[place[one]].append(place[name])
        if draft.undo is not None:
            kept |= set(references(draft.undo.data))
    for name, counting in zip(order, counts_for, strict=True):
        if len(counting) > MAX_COUNTING:
            cure = f"{len(counting)} steps with more than {MAX_LOOKED_AT} predecessors wait for it; put one in between"
            raise InvalidOption("after", name, cure)
    return tuple(
        Node(
            order=index,
            name=name,
            work=drafts[name].work,
            undo=drafts[name].undo,
            after=tuple(place[one] for one in drafts[name].after),
            feeds=tuple(sorted(feeds[index])),
            counts_for=tuple(sorted(counts_for[index])),
            uses={one: place[one] for one in _used(drafts[name])},
            kept=name in kept,
        )
        for index, name in enumerate(order)
    )


def _used(draft: _Draft) -> list[str]:
    return list(dict.fromkeys([*references(draft.work.data), *(references(draft.undo.data) if draft.undo else ())]))


def _check_names(drafts: Mapping[str, _Draft]) -> None:
    for name, draft in drafts.items():
        for one in draft.after:
            if one not in drafts:
                known = ", ".join(list(drafts)[:10])
                raise InvalidOption("after", one, f"step {name!r} waits for it, and there is no such step: {known}")
        used = _used(draft)
        if len(used) > MAX_RESULTS:
            cure = f"a step is given {MAX_RESULTS:,} results at the most; use onEnd, or read what you need by name"
            raise InvalidOption("data", name, cure)
        beyond = set(used) - {name, *references(draft.work.data)}
        if draft.undo is not None and beyond:
            raise InvalidOption("undo", min(beyond), f"undoing {name!r} may use its result and those it was given")
    if sum(len(draft.after) for draft in drafts.values()) > MAX_EDGES:
        cure = f"steps wait for each other more than {MAX_EDGES:,} times; put a step between two large groups"
        raise InvalidOption("after", f"more than {MAX_EDGES}", cure)


def _order(drafts: Mapping[str, _Draft]) -> Sequence[str]:
    """Names so that each comes after those that it waits for, else as they were given; InvalidOption for a ring."""
    waits = {name: len(draft.after) for name, draft in drafts.items()}
    followers: dict[str, list[str]] = {name: [] for name in drafts}
    for name, draft in drafts.items():
        for one in draft.after:
            followers[one].append(name)
    free = deque(name for name, count in waits.items() if not count)
    order: list[str] = []
    while free:
        name = free.popleft()
        order.append(name)
        for one in followers[name]:
            waits[one] -= 1
            if not waits[one]:
                free.append(one)
    if len(order) < len(drafts):
        ring = [name for name, count in waits.items() if count]
        raise InvalidOption("after", ring[:10], "these steps wait for each other, so none of them could begin")
    return order
