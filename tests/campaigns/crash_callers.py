"""Those who enqueue while the server is being killed: through the HTTP API, one by one and in batches.

With a `jobId` a caller asks again until it is told that the job is accepted. Without one it asks once: what it was not
told of may or may not exist, and is not counted on.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.campaigns.crash_jobs import KINDS, TYPES
from tests.campaigns.crash_server import Server

#: Who call at the same time.
CALLERS = 6
#: Seconds before asking again.
PAUSE = 0.05


class Refused(Exception):
    """The API answered with something else than an acceptance or a passing trouble."""


@dataclass(slots=True)
class Callers:
    """Enqueue until `wanted` jobs are acknowledged, as fast as `allowed` grows."""

    server: Server
    rng: random.Random
    wanted: int
    allowed: int = 0
    #: Acknowledged jobs: from id to the request that it answers.
    accepted: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Requests whose answer never came, and those that were made again because of it.
    unanswered: int = 0
    repeated: int = 0
    #: Times that the API said that the job was there already.
    existing: int = 0
    _numbers: itertools.count[int] = field(default_factory=itertools.count)
    _asked: int = 0

    async def run(self) -> None:
        """Returns when enough jobs are acknowledged."""
        async with httpx.AsyncClient(timeout=30) as http, asyncio.TaskGroup() as group:
            for _ in range(CALLERS):
                group.create_task(self._call(http))

    async def _call(self, http: httpx.AsyncClient) -> None:
        while len(self.accepted) < self.wanted:
            if len(self.accepted) + self._asked >= min(self.allowed, self.wanted):
                await asyncio.sleep(PAUSE)
                continue
            form = self.rng.choices(("one", "batch", "named batch"), (6, 2, 1))[0]
            room = min(self.allowed, self.wanted) - len(self.accepted) - self._asked
            count = 1 if form == "one" else min(room, self.rng.randint(2, 30))
            jobs = [self._job(named=form != "batch") for _ in range(count)]
            self._asked += count
            try:
                await self._ask(http, jobs, once=form == "batch")
            finally:
                self._asked -= count

    def _job(self, *, named: bool) -> dict[str, Any]:
        number = next(self._numbers)
        name = self.rng.choices(list(KINDS), [kind.share for kind in KINDS.values()])[0]
        kind = KINDS[name]
        data = {"kind": name, "number": number}
        if name == "slow":
            data["seconds"] = round(self.rng.uniform(0.1, 2.0), 2)
        options: dict[str, Any] = {"attempts": kind.attempts, "timeout": round(kind.timeout * 1000)}
        if self.rng.random() < 0.1:
            options["delay"] = self.rng.randint(0, 5_000)
        if named:
            options["jobId"] = f"part-{number}"
        return {"type": TYPES[self.rng.choice(kind.where)], "data": data, "options": options}

    async def _ask(self, http: httpx.AsyncClient, jobs: list[dict[str, Any]], *, once: bool) -> None:
        cut_off = False
        while True:
            ready = self.server.ready
            if ready is None:
                await asyncio.sleep(PAUSE)
                continue
            self.repeated += cut_off
            url = f"{ready['api']}/api/v1/jobs" + ("/batch" if len(jobs) > 1 or once else "")
            try:
                answer = await http.post(
                    url,
                    json=jobs if url.endswith("batch") else jobs[0],
                    headers={"Authorization": f"Bearer {ready['token']}"},
                )
            except httpx.TransportError:
                self.unanswered += 1
                if once:
                    return
                cut_off = True
                await asyncio.sleep(PAUSE)
                continue
            if answer.status_code in (200, 202):
                self._acknowledge(jobs, answer.json())
                return
            raise Refused(f"{answer.status_code} to {jobs[0]}: {answer.text}")

    def _acknowledge(self, jobs: list[dict[str, Any]], answer: dict[str, Any]) -> None:
        rows = answer.get("jobs", [answer])
        self.existing += answer.get("existing", 0) or answer.get("attempts", 0) > 0
        for job, row in zip(jobs, rows, strict=True):
            self.accepted[row["id"]] = job
