"""The jobs that were enqueued, as a test asks for them: by type, by a part of their data, by their delay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel

from queues.job import Job, Status
from queues.options import Duration, seconds
from queues.rows import SORT_KEY, Item, job_of

if TYPE_CHECKING:
    from infra.local.virtual import VirtualEngine
    from queues.settings import Settings

#: Jobs that a failed assertion shows at the most.
SHOWN = 20
#: Characters of a job's data that it shows at the most.
SHOWN_DATA = 120


@dataclass(frozen=True, slots=True)
class Wish:
    """What a job must be like; None: anything will do."""

    type: str | None = None
    #: A part of the data: what it names must be there and equal, at any depth; lists are compared whole.
    data: Any = None
    #: From the enqueueing to the first start.
    delay: Duration | None = None
    status: Status | None = None
    tenant: str | None = None

    def fits(self, job: Job) -> bool:
        return (
            self.type in (None, job.type)
            and self.tenant in (None, job.tenant)
            and self.status in (None, job.status)
            and (self.delay is None or delay_of(job) == seconds(self.delay))
            and (self.data is None or is_part(plain(self.data), job.data))
        )

    def __str__(self) -> str:
        words = [f"job {self.type!r}" if self.type else "job"]
        if self.status is not None:
            words.append(f"that is {self.status}")
        if self.data is not None:
            words.append(f"with data {shown(plain(self.data))}")
        if self.delay is not None:
            words.append(f"with a delay of {seconds(self.delay):g} s")
        if self.tenant is not None:
            words.append(f"of tenant {self.tenant!r}")
        return " ".join(words)


def enqueued_in(engine: VirtualEngine, settings: Settings, now: int) -> list[Job]:
    """Every job that there is, of all tenants, in the order of enqueueing; those past their retention are gone."""
    jobs: list[Job] = []
    start: dict[str, Any] = {}
    while True:
        page = engine.look("dynamodb", "Scan", {"TableName": settings.table, **start}, region=settings.region)
        jobs += [job_of(item).seen_at(now) for item in page["Items"] if _is_job(item, now)]
        if "LastEvaluatedKey" not in page:
            return sorted(jobs, key=lambda job: (job.created_at, job.id))
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _is_job(item: Item, now: int) -> bool:
    expired = "expires_at" in item and int(item["expires_at"]["N"]) * 1000 <= now
    return bool(item["sk"]["S"] == SORT_KEY) and not expired


def check_count(wish: Wish, jobs: list[Job], count: int | None) -> list[Job]:
    """Those of the jobs that fit, if they are `count`, or at least one; else AssertionError shows what there was."""
    __tracebackhide__ = True  # pytest shows the caller's line
    found = [job for job in jobs if wish.fits(job)]
    if len(found) == count or (count is None and found):
        return found
    if count == 0:
        raise AssertionError(f"a {wish} was enqueued:\n{listing(found)}")
    met = f"{count} expected, {len(found)} found: {wish}" if found else f"no {wish} was enqueued"
    raise AssertionError(f"{met}; there are:\n{listing(jobs)}" if jobs else f"{met}; there are no jobs at all")


def listing(jobs: Iterable[Job]) -> str:
    """A line for each job."""
    lines = [f"  {job.type} {job.id}: {job.status}{_delay(job)}, data {shown(job.data)}" for job in jobs]
    more = len(lines) - SHOWN
    return "\n".join([*lines[:SHOWN], f"  and {more} more"] if more > 0 else lines)


def _delay(job: Job) -> str:
    delay = delay_of(job)
    return f" (delay {delay:g} s)" if delay and not job.attempt else ""


def delay_of(job: Job) -> float:
    """Seconds from a job's making to its first start; once it was retried, to its next."""
    return (job.run_at - job.created_at) / 1000


def is_part(part: Any, whole: Any) -> bool:
    """Whether all that `part` names is in `whole`, and equal."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and is_part(value, whole[name]) for name, value in part.items())
    return bool(part == whole)


def plain(data: Any) -> Any:
    """Data as plain JSON values, as a job has them."""
    if isinstance(data, BaseModel):
        return data.model_dump(mode="json", by_alias=True)
    return orjson.loads(orjson.dumps(data))


def shown(data: Any) -> str:
    text = orjson.dumps(data).decode()
    return text if len(text) <= SHOWN_DATA else text[: SHOWN_DATA - 1] + "…"
