"""A batch with a callback, through the HTTP API of a real server, to its end; once more with a `kill -9` in between.

Members of whom some fail go side by side, under the policy `continue`. While they run, the batch is looked at all the
time: what has completed and failed, and the percentage, may only grow, whoever is killed. At the end the counts must be
exact, each member's row and step must tell what it was asked to do, the journal must have a run of each, and there must
have been one callback, which ran once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from tests.campaigns.crash_server import Server
from tests.campaigns.scale.batch_jobs import is_bad

FLOWS, JOBS = "/api/v1/jobs/flows", "/api/v1/jobs"
#: Seconds between two looks at the batch, and at the most between the last look and the kill.
LOOK, AFTER_LOOK = 0.05, 0.05
#: Seconds for a batch to come to its end, however slow the machine.
PATIENCE = 400.0


@dataclass(slots=True)
class Batch:
    """What one batch came to."""

    members: int
    killed: bool
    #: Each look: completed, failed, percent.
    looks: list[tuple[int, int, float]] = field(default_factory=list)
    #: When it was killed: completed members.
    killed_at: int = 0
    start_seconds: float = 0.0
    work_seconds: float = 0.0
    #: Runs in the journal, and callbacks; attempts that the kill ended.
    runs: int = 0
    callbacks: int = 0
    lost: int = 0
    violations: list[str] = field(default_factory=list)

    def require(self, holds: bool, sentence: str) -> None:
        if not holds:
            self.violations.append(sentence)


async def batch(server: Server, *, members: int, kill: random.Random | None) -> Batch:
    """Runs one on a server that is ready. `kill`: when it is killed, somewhere in the middle; None: it lives."""
    found = Batch(members, kill is not None)
    flow_id = "killed" if found.killed else "whole"
    body = {
        "steps": [{"type": "member", "data": {"n": number}} for number in range(members)],
        "onFailure": "continue",
        "onEnd": {"type": "callback"},
        "flowId": flow_id,
    }
    began = time.perf_counter()
    await _ask(server, "POST", FLOWS, json=body)
    found.start_seconds = time.perf_counter() - began
    began = time.perf_counter()
    async with asyncio.timeout(PATIENCE):
        if kill is not None:
            await _watch(server, found, flow_id, round(members * kill.uniform(0.2, 0.7)))
            found.killed_at = sum(found.looks[-1][:2])
            await asyncio.sleep(kill.uniform(0, AFTER_LOOK))
            await server.kill()
            await server.start()
            await server.wait_ready()
            found.require(found.killed_at < members, f"{flow_id}: it was over when its server was killed")
        flow = await _watch(server, found, flow_id, members + 1)
        found.work_seconds = time.perf_counter() - began
        last = await _ended(server, flow["endJobId"])
    bad = sum(map(is_bad, range(members)))
    counts = {name: flow[name] for name in ("status", "completed", "failed", "cancelled", "open", "progress")}
    wanted = {"status": "completed", "completed": members - bad, "failed": bad, "cancelled": 0, "open": 0}
    found.require(counts == wanted | {"progress": 100}, f"{flow_id}: its counts are {counts}")
    told = {name: last["result"].get(name) for name in ("completed", "failed")}
    found.require(told == {"completed": members - bad, "failed": bad}, f"{flow_id}: its callback was told {told}")
    found.require(
        all(one <= two for pair in pairwise(found.looks) for one, two in zip(*pair, strict=True)),
        f"{flow_id}: a count or its progress went back: {found.looks}",
    )
    await _audit(server, found, flow_id)
    return found


async def _audit(server: Server, found: Batch, flow_id: str) -> None:
    """Each member's step and row, and the journal."""
    steps = await _steps(server, flow_id)
    rows = [row for row in await _rows(server) if row["id"].startswith(f"{flow_id}:")]
    ids = Counter(row["id"] for row in rows)
    found.require(len(steps) == found.members, f"{flow_id}: it shows {len(steps)} steps")
    found.require(len(ids) == len(rows) == found.members + 1, f"{flow_id}: {len(rows)} rows of {len(ids)} jobs")
    by_id = {row["id"]: row for row in rows}
    lines = [line.split() for line in server.journal.read_text().splitlines()]
    runs = Counter(name for what, name in lines if what == "member" and name.startswith(f"{flow_id}:"))
    found.runs = runs.total()
    found.callbacks = sum(what == "callback" and name.startswith(f"{flow_id}:") for what, name in lines)
    found.require(found.callbacks == 1, f"{flow_id}: its callback ran {found.callbacks} times")
    for step in steps:
        row = by_id.get(step["jobId"])
        if row is None:
            found.violations.append(f"{flow_id}: the step {step['name']} has no job")
            continue
        end = "failed" if is_bad(row["data"]["n"]) else "completed"
        found.require((step["status"], row["status"]) == (end, end), f"{row['id']}: {step['status']}, {row['status']}")
        found.require(runs[row["id"]] > 0, f"{row['id']}: it never ran")
        found.lost += sum(one["outcome"] == "lost" for one in row["history"])
    found.require(found.killed or not found.lost, f"{flow_id}: {found.lost} attempts lost, and nobody was killed")


async def _watch(server: Server, found: Batch, flow_id: str, until: int) -> dict[str, Any]:
    """Looks at the batch until so many of its members have ended, or it has."""
    while True:
        flow = await _ask(server, "GET", f"{FLOWS}/{flow_id}", params={"steps": 1})
        found.looks.append((flow["completed"], flow["failed"], flow["progress"]))
        if flow["status"] != "running" or flow["completed"] + flow["failed"] >= until:
            return flow
        await asyncio.sleep(LOOK)


async def _ended(server: Server, job_id: str) -> dict[str, Any]:
    while (row := await _ask(server, "GET", f"{JOBS}/{job_id}", params={"wait": 10}))["status"] != "completed":
        pass
    return row


async def _steps(server: Server, flow_id: str) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = []
    after = -1
    while True:
        page = await _ask(server, "GET", f"{FLOWS}/{flow_id}", params={"steps": 200, "after": after})
        steps += page["steps"]
        if page["nextAfter"] is None:
            return steps
        after = page["nextAfter"]


async def _rows(server: Server) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = await _ask(server, "GET", JOBS, params=query)
        rows += page["jobs"]
        if page["cursor"] is None:
            return rows
        query["cursor"] = page["cursor"]


async def _ask(server: Server, method: str, path: str, **how: Any) -> dict[str, Any]:
    assert server.ready is not None
    headers = {"Authorization": f"Bearer {server.ready['token']}"}
    async with httpx.AsyncClient(base_url=server.ready["api"], headers=headers, timeout=120) as http:
        answer = await http.request(method, path, **how)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


async def batches(home: Path, *, members: int, seed: int) -> list[Batch]:
    """One that is left alone, and one whose server is killed in the middle, on the same data."""
    server = Server(home, "tests.campaigns.scale.batch_jobs")
    await server.start()
    await server.wait_ready()
    try:
        found = [await batch(server, members=members, kill=None)]
        found.append(await batch(server, members=members, kill=random.Random(seed)))
    finally:
        code = await server.stop()
    found[-1].require(code == 0, f"the server's exit code at the end was {code}")
    errors = [line for line in server.log.read_text().splitlines() if " ERROR " in line or line.startswith("Traceback")]
    found[-1].require(not errors, f"the server logged {len(errors)} errors, first: {errors[:1]}")
    return found
