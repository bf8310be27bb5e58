"""Asynchronous invocations: a durable queue of events for each function.

Theory. An event is a row from the moment it is accepted until its function has succeeded or it is given up, so it
outlives any process. `tick` starts what is due, as many at once as the function is good for. Who runs is known in
memory only (`Function.events`), so after a kill everything is simply waiting again: delivered at least once.

A start moves `due_at` on before anything runs. If the process dies, the event is due again after an interval that
grows with each start that had no end (AWS does so with errors of its own): a function that kills its process cannot
keep it from ever starting up. If the function fails, it is retried after one and then two minutes. When its retries or
its age are used up, the event goes to the function's on-failure destination, if it has one.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, replace
from typing import Any

from infra.local.errors import AwsError
from infra.local.lambda_ import limits
from infra.local.lambda_.answer import Answer, answer_of, context_of
from infra.local.lambda_.client_context import client_context_of
from infra.local.lambda_.concurrency import reserved_of
from infra.local.lambda_.destinations import send_record
from infra.local.lambda_.event_config import EventConfig, config_of
from infra.local.lambda_.functions import Function
from infra.local.lambda_.invoker import log_stream_name
from infra.local.lambda_.names import find_function
from infra.local.request import Request, Submit

log = logging.getLogger(__name__)

#: Events that one tick starts, or gives up, at the most.
BOUND = 100
#: Seconds from a result that could not be written down to the next try.
WRITE_AGAIN = 1.0

INSERT = """
INSERT INTO lambda_events (id, region, function, payload, client_context, created_at, due_at, starts, failures)
VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0)
"""
COLUMNS = "SELECT id, region, payload, client_context, created_at, starts, failures FROM lambda_events"
DUE = COLUMNS + " WHERE region = ? AND function = ? AND due_at <= ? ORDER BY due_at LIMIT ?"
TOO_OLD = COLUMNS + " WHERE region = ? AND function = ? AND created_at <= ? ORDER BY created_at LIMIT ?"
FIND = COLUMNS + " WHERE id = ?"
START = "UPDATE lambda_events SET starts = starts + 1, due_at = ? WHERE id = ?"
FAIL = "UPDATE lambda_events SET failures = ?, due_at = ? WHERE id = ?"
DELETE = "DELETE FROM lambda_events WHERE id = ?"
NEXT_DUE = "SELECT min(due_at) FROM lambda_events WHERE region = ? AND function = ? AND due_at > ?"
OLDEST = "SELECT min(created_at) FROM lambda_events WHERE region = ? AND function = ? AND created_at > ?"


@dataclass(frozen=True, slots=True)
class Event:
    """A row of `lambda_events`."""

    id: str
    region: str
    payload: str
    client_context: str | None
    created_at: int
    starts: int
    failures: int


def put_event(request: Request, function_name: str, payload: str) -> None:
    """Accept an event (JSON text) for a function; ResourceNotFoundException if there is no such function."""
    queue_event(request, find_function(request, function_name), payload, None)


def queue_event(request: Request, function: Function, payload: str, client_context: str | None) -> None:
    row = (request.new_id(), function.region, function.name, payload, client_context)
    request.db.execute(INSERT, (*row, request.now, request.now))
    request.alarm(request.now)


def tick(request: Request) -> int | None:
    """Start and give up what is due; answers when something is due next (epoch ms), None if nothing waits."""
    due = [_tick(request, function) for function in request.functions.values()]
    return min((at for at in due if at is not None), default=None)


def _tick(request: Request, function: Function) -> int | None:
    now, config = request.now, config_of(request, function)
    key, oldest = (function.region, function.name), now - 1000 * config.max_age
    running = function.events
    too_old = [
        event for event in _events(request, TOO_OLD, (*key, oldest, BOUND + len(running))) if event.id not in running
    ]
    for event in too_old:
        _give_up(request, function, config, event, "EventAgeExceeded", None)
    room = min(_room(request, function), BOUND)
    started: list[Event] = []
    if room > 0:
        waiting = _events(request, DUE, (*key, now, room + len(running)))
        started = [event for event in waiting if event.id not in running][:room]
    for event in started:
        _start(request, function, event)
    if len(too_old) >= BOUND or len(started) >= BOUND:
        return now
    (next_due,) = request.db.execute(NEXT_DUE, (*key, now)).fetchone()
    (next_old,) = request.db.execute(OLDEST, (*key, oldest)).fetchone()
    if next_old is not None:
        next_old += 1000 * config.max_age
    # What is due and found no room is started when an invocation ends.
    return min((at for at in (next_due, next_old) if at is not None), default=None)


def _room(request: Request, function: Function) -> int:
    if function.stopping:
        return 0
    reserved = reserved_of(request, function)
    room = function.concurrency - len(function.events)
    return room if reserved is None else min(room, reserved - function.running)


def _events(request: Request, query: str, values: tuple[Any, ...]) -> list[Event]:
    return [Event(*row) for row in request.db.execute(query, values)]


def _start(request: Request, function: Function, event: Event) -> None:
    first, most = limits.INTERRUPTED_SECONDS
    pause = min(first * 2 ** (event.starts - event.failures), most)
    request.db.execute(START, (request.now + 1000 * pause, event.id))
    stream = log_stream_name(request.now, request.new_id())

    async def run(submit: Submit) -> None:
        try:
            context = context_of(function, event.id, stream)
            context.client_context = client_context_of(event.client_context)
            answer = await answer_of(function, json.loads(event.payload), context)
            if not (answer.failed and function.stopping):
                await _written(submit, function, event, answer)
        finally:
            function.events.discard(event.id)

    # In memory only once it is on file: a group that is rolled back has started nothing.
    request.after_commit(lambda: function.events.add(event.id))
    request.spawn(run)


async def _written(submit: Submit, function: Function, event: Event, answer: Answer) -> None:
    """Writes down what came of an event, however often that takes: its function has done its work."""

    def finish(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        _finish(request, function, event.id, answer)
        return {}

    while True:
        try:
            await submit(finish, {})
        except AwsError as error:
            log.warning("the end of event %s of %s is written later: %s", event.id, function.name, error)
            await asyncio.sleep(WRITE_AGAIN)
        else:
            return


def _finish(request: Request, function: Function, event_id: str, answer: Answer) -> None:
    config = config_of(request, function)
    for event in _events(request, FIND, (event_id,)):
        if not answer.failed:
            request.db.execute(DELETE, (event.id,))
            if config.on_success is not None:
                send_record(_in_region(request, function), config.on_success, function, event, "Success", answer)
        elif event.failures >= config.retries:
            _give_up(request, function, config, event, "RetriesExhausted", answer)
        else:
            due = request.now + 1000 * limits.EVENT_RETRY_SECONDS[event.failures]
            if due > event.created_at + 1000 * config.max_age:
                _give_up(request, function, config, event, "EventAgeExceeded", answer)
            else:
                request.db.execute(FAIL, (event.failures + 1, due, event.id))
    request.after_commit(lambda: function.events.discard(event_id))
    request.alarm(request.now)


def _give_up(
    request: Request, function: Function, config: EventConfig, event: Event, condition: str, answer: Answer | None
) -> None:
    log.warning("event %s of %s is given up: %s", event.id, function.name, condition)
    request.db.execute(DELETE, (event.id,))
    if config.on_failure is not None:
        send_record(_in_region(request, function), config.on_failure, function, event, condition, answer)


def _in_region(request: Request, function: Function) -> Request:
    """The request as if it had been signed for the function's region: the engine's own work has none."""
    return replace(request, region=function.region)
