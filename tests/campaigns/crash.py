"""The crash campaign: a real server, killed with `kill -9` at random moments under load, started again, and audited.

    python -m tests.campaigns.crash                          # 2,000 jobs, 10 kills
    python -m tests.campaigns.crash --jobs 200 --kills 3     # the short form, part of `make test`

Jobs of ten kinds (`crash_jobs.py`) go in through the HTTP API while the server dies: within a second of its start, in
the middle of writes, between two commits. When the last kill is over and everything has come to rest, each row, the
journal of the runs and every dead letter are checked against what the jobs were asked to do (`crash_check.py`).
`--seed` fixes the moments and the jobs; what the operating system makes of them differs from run to run.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from aiobotocore.session import get_session

from tests.campaigns.crash_callers import Callers
from tests.campaigns.crash_check import Row, check
from tests.campaigns.crash_jobs import STEP, TYPES
from tests.campaigns.crash_report import Verdict, report
from tests.campaigns.crash_server import Server, ServerFailed

#: The share of kills that come before the server says that it is ready, and the longest lives of either sort (s).
EARLY_SHARE, EARLY_LIFE, LIFE = 0.25, 2.0, 3.0
#: Seconds, at the most, between the last burst of requests and the kill.
BURST = 0.15
#: The share of kills during which jobs are still enqueued; the rest fall into the draining.
ENQUEUE_SHARE = 0.8
#: Seconds between two looks whether all is at rest.
LOOK = 0.5


class Unrest(Exception):
    """The time was over before everything had come to rest."""


async def campaign(*, jobs: int, kills: int, seconds: float, seed: int, home: Path) -> Verdict:
    """Runs it in `home`. ServerFailed or Unrest if it cannot be brought to an end within `seconds`."""
    began, rng = time.monotonic(), random.Random(seed)
    server = Server(home)
    callers = Callers(server, rng, jobs)
    try:
        async with asyncio.timeout(seconds):
            async with asyncio.TaskGroup() as group:
                group.create_task(callers.run())
                group.create_task(storm(server, callers, kills, random.Random(seed + 1)))
            rows, letters = await rest(server)
    except TimeoutError:
        raise Unrest(f"not at rest after {seconds:g} s; {await _standing(server)}") from None
    finally:
        code = await server.stop()
    findings = check(callers.accepted, rows, server.journal, letters, server.kills)
    findings.require(code == 0, f"the server's exit code at the end was {code}")
    findings.require(not server.survivors, f"worker processes outlived their server: {server.survivors}")
    errors = [line for line in server.log.read_text().splitlines() if " ERROR " in line or line.startswith("Traceback")]
    findings.require(not errors, f"the server logged {len(errors)} errors, first: {errors[:1]}")
    return Verdict(server, callers, rows, findings, time.monotonic() - began)


async def storm(server: Server, callers: Callers, kills: int, rng: random.Random) -> None:
    """Starts the server and kills it, again and again; the last start is left alive."""
    for number in range(kills):
        await server.start()
        if rng.random() < EARLY_SHARE:
            await asyncio.sleep(rng.uniform(0, EARLY_LIFE))
        else:
            await server.wait_ready()
            share = callers.wanted * (number + 1) / max(1, kills * ENQUEUE_SHARE)
            await _release(callers, min(callers.wanted, round(share)), rng)
        await server.kill()
    callers.allowed = callers.wanted
    await server.start()
    await server.wait_ready()


async def _release(callers: Callers, share: int, rng: random.Random) -> None:
    """Lets `share` jobs in all be enqueued: half of them evenly over a life, the rest in a burst right before the kill,
    so that it falls into requests, claims and settlements alike."""
    before, seconds = callers.allowed, rng.uniform(0.1, LIFE)
    steps = max(1, round(seconds / STEP))
    for step in range(1, steps + 1):
        callers.allowed = before + (share - before) * step // (2 * steps)
        await asyncio.sleep(seconds / steps)
    callers.allowed = share
    await asyncio.sleep(rng.uniform(0, BURST))


async def rest(server: Server) -> tuple[list[Row], dict[str, list[Row]]]:
    """Waits until every job has ended, the queues are empty, and each failed job is buried; rows and letters."""
    assert server.ready is not None
    options = {"region_name": "us-east-1", "aws_access_key_id": "test", "aws_secret_access_key": "test"}
    async with (
        httpx.AsyncClient(timeout=30, base_url=server.ready["api"], headers=_bearer(server)) as http,
        get_session().create_client("sqs", endpoint_url=server.ready["aws"], **options) as sqs,
    ):
        while True:
            await asyncio.sleep(LOOK)
            rows = await _rows(http)
            depths = {name: await _depth(sqs, f"jobyard-{name}") for name in TYPES.values()}
            failed = Counter(row["type"] for row in rows if row["status"] == "failed")
            buried = {name: await _depth(sqs, f"jobyard-{name}-dlq") for name in TYPES.values()}
            ended = all(row["status"] in ("completed", "failed", "cancelled") for row in rows)
            if ended and not any(depths.values()) and all(buried[name] == failed[name] for name in TYPES.values()):
                return await _rows(http), {f"jobyard-{name}": await _letters(sqs, name) for name in TYPES.values()}


def _bearer(server: Server) -> dict[str, str]:
    assert server.ready is not None
    return {"Authorization": f"Bearer {server.ready['token']}"}


async def _rows(http: httpx.AsyncClient) -> list[Row]:
    rows: list[Row] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = (await http.get("/api/v1/jobs", params=query)).raise_for_status().json()
        rows += page["jobs"]
        if page["cursor"] is None:
            return rows
        query["cursor"] = page["cursor"]


async def _depth(sqs: Any, name: str) -> int:
    url = (await sqs.get_queue_url(QueueName=name))["QueueUrl"]
    found = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    kinds = ("", "NotVisible", "Delayed")
    return sum(int(found[f"ApproximateNumberOfMessages{kind}"]) for kind in kinds)


async def _letters(sqs: Any, name: str) -> list[Row]:
    """All messages of a dead-letter queue. A sweep that was killed has hidden some of them for a minute."""
    url = (await sqs.get_queue_url(QueueName=f"jobyard-{name}-dlq"))["QueueUrl"]
    found: dict[str, Row] = {}
    while len(found) < await _depth(sqs, f"jobyard-{name}-dlq"):
        reply = await sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=600,
            WaitTimeSeconds=1,
            MessageAttributeNames=["All"],
        )
        found |= {message["MessageId"]: message for message in reply.get("Messages", [])}
    return list(found.values())


async def _standing(server: Server) -> str:
    """How things stand, for a report that they do not come to rest."""
    if server.ready is None:
        return f"the server is down; its log ends:\n{server.log.read_text()[-2000:]}"
    async with httpx.AsyncClient(timeout=10, base_url=server.ready["api"], headers=_bearer(server)) as http:
        rows = await _rows(http)
        queues = (await http.get("/api/v1/jobs/queues/metrics")).json()
    open_rows = [row for row in rows if row["status"] not in ("completed", "failed", "cancelled")]
    return f"{Counter(row['status'] for row in rows)}; queues {queues}; open: {open_rows[:3]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000, help="jobs to be acknowledged (default 2000)")
    parser.add_argument("--kills", type=int, default=10, help="times that the server is killed (default 10)")
    parser.add_argument("--seconds", type=float, default=600, help="give up after so long (default 600)")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of moments and jobs")
    options = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="jobyard-crash-"))
    print(f"seed {options.seed}: {options.jobs} jobs, {options.kills} kills", flush=True)
    try:
        verdict = asyncio.run(
            campaign(jobs=options.jobs, kills=options.kills, seconds=options.seconds, seed=options.seed, home=home)
        )
    except (Unrest, ServerFailed, ExceptionGroup) as error:
        print(f"FAILED: {error}; data, journal and log are kept in {home}", file=sys.stderr)
        return 1
    print(report(verdict))
    if verdict.violations:
        print(f"data, journal and log are kept in {home}")
        return 1
    shutil.rmtree(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
