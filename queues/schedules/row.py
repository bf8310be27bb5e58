"""A job schedule as a DynamoDB item and back. Pure. `store.py` says what the keys are for."""

from __future__ import annotations

from typing import Any

import orjson

from queues.rows import Item, number, string
from queues.schedules.job_schedule import Fate, JobSchedule, ScheduleStatus, Span

#: Seconds for which a schedule is kept that has no time any more.
KEEP_ENDED = 30 * 86_400
#: Seconds for which the row of a deleted schedule stands in the way of who is just changing it.
KEEP_DELETED = 86_400


def partition_key(tenant: str) -> str:
    """The partition key of a tenant's schedules."""
    return f"schedule#{tenant}"


def key_of(tenant: str, name: str) -> Item:
    """The primary key of a schedule's row."""
    return {"pk": string(partition_key(tenant)), "sk": string(name)}


def row_of(schedule: JobSchedule) -> Item:
    """The item of a schedule."""
    return key_of(schedule.tenant, schedule.name) | definition_of(schedule) | fates_of(schedule)


def definition_of(schedule: JobSchedule) -> Item:
    """What a person or code has said of it. Every attribute is there, so that a change can set all of them."""
    until = schedule.times.at_or_after(0) if schedule.one_time else schedule.end
    item = {
        "type": string(schedule.type),
        "expression": string(schedule.expression),
        "timezone": string(schedule.timezone),
        "data": string(schedule.data_json),
        "options": string(orjson.dumps(schedule.options).decode()),
        "overlap": string(schedule.overlap),
        "catch_up": string(schedule.catch_up),
        "jitter": number(schedule.jitter_minutes),
        "bounds": string(orjson.dumps([schedule.start, schedule.end]).decode()),
        "status": string(schedule.status.value),
        "source": string(schedule.source),
        "created_by": string(schedule.created_by),
        "created_at": number(schedule.created_at),
        "updated_at": number(schedule.updated_at),
        "anchor": number(schedule.anchor),
        "since": number(schedule.since),
        "revision": number(schedule.revision),
    }
    if schedule.status is ScheduleStatus.DELETED:
        item["expires_at"] = number(schedule.updated_at // 1000 + KEEP_DELETED)
    elif until is not None:
        item["expires_at"] = number(max(until, schedule.updated_at) // 1000 + KEEP_ENDED)
    return item


def fates_of(schedule: JobSchedule) -> Item:
    """What became of its due times."""
    item = {
        "ticks": number(schedule.ticks),
        "fates": string(orjson.dumps([[at, fate.value] for at, fate in schedule.fates]).decode()),
    }
    if schedule.last_at is not None:
        item["last_at"] = number(schedule.last_at)
    if schedule.last_job is not None:
        item["last_job"] = string(schedule.last_job)
    if schedule.error is not None:
        item["error"] = string(schedule.error)
    if schedule.spans:
        spans = [[span.after, span.until, span.every, span.anchor] for span in schedule.spans]
        item["spans"] = string(orjson.dumps(spans).decode())
    return item


def schedule_of(item: Item) -> JobSchedule:
    """The schedule that an item holds."""
    text: dict[str, Any] = {name: value["S"] if "S" in value else value["N"] for name, value in item.items()}
    start, end = orjson.loads(text["bounds"])
    last_at = text.get("last_at")
    return JobSchedule(
        name=text["sk"],
        tenant=text["pk"].removeprefix(partition_key("")),
        type=text["type"],
        expression=text["expression"],
        timezone=text["timezone"],
        data_json=text["data"],
        options=orjson.loads(text["options"]),
        overlap=text["overlap"],
        catch_up=text["catch_up"],
        jitter_minutes=int(text["jitter"]),
        start=start,
        end=end,
        status=ScheduleStatus(text["status"]),
        source=text["source"],
        created_by=text["created_by"],
        created_at=int(text["created_at"]),
        updated_at=int(text["updated_at"]),
        anchor=int(text["anchor"]),
        since=int(text["since"]),
        revision=int(text["revision"]),
        ticks=int(text["ticks"]),
        last_job=text.get("last_job"),
        last_at=None if last_at is None else int(last_at),
        error=text.get("error"),
        fates=tuple((at, Fate(fate)) for at, fate in orjson.loads(text["fates"])),
        spans=tuple(Span(*span) for span in orjson.loads(text.get("spans", "[]"))),
    )
