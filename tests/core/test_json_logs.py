"""Log records as JSON: whose job each is about, and nothing that a record may hold breaks a line."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from queues import Context, job
from queues.attempts import Attempts
from queues.capture import OnLine
from queues.log_line import LogLine
from queues.observe.json_logs import JsonFormatter
from queues.outcome import Returned
from queues.pulse import Running
from queues.rows import Report
from tests.cli.house import CHECKOUT
from tests.core.house import House, Order, housed
from tests.core.test_outcome import JOB


@pytest.fixture
def lines() -> Any:
    """What is logged, parsed; called as a function."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(level)


def test_what_a_handler_and_we_log_is_about_its_job(lines: Any) -> None:
    @housed
    async def run(house: House) -> None:
        async def logs(_order: Order, _ctx: Context) -> None:
            logging.getLogger("shop").info("charging %s", "a card", extra={"order": 17, "tenant": "rival"})
            raise ValueError("no")

        house.handlers["work"] = logs
        await house.queue.for_tenant("acme").enqueue("work", {}, job_id="one", attempts=1)
        await house.deliver()
        logging.getLogger("shop").info("afterwards")

    run()
    first, last = (line for line in lines() if line["logger"] == "shop")
    assert {name: first[name] for name in ("jobId", "type", "tenant", "attempt", "message", "level", "order")} == {
        "jobId": "one",
        "type": "work",
        "tenant": "acme",
        "attempt": 1,
        "message": "charging a card",
        "level": "INFO",
        "order": 17,
    }
    assert "jobId" not in last


def fail() -> None:
    raise ValueError("two\nlines")


def test_nothing_breaks_a_line(lines: Any) -> None:
    log = logging.getLogger("odd")
    try:
        fail()
    except ValueError:
        log.exception("it\nfailed", extra={"what": object(), "when": {1: {2}}})
    (failed,) = lines()
    assert failed["message"] == "it\nfailed"
    assert failed["exception"].endswith("ValueError: two\nlines")
    # Not logged: pytest would pass it on to the process that reports, and could not.
    odd = JsonFormatter().format(logging.makeLogRecord({"msg": "\ud800 alone"}))
    assert json.loads(odd)["message"] == "? alone"


@pytest.mark.parametrize("sensitive", [False, True])
async def test_what_a_sensitive_handler_logs_in_a_process_is_in_its_jobs_log_alone(sensitive: bool) -> None:
    said = LogLine(1, 1, "charging a card", logger="shop")
    told: list[LogLine] = []

    class Pool:
        async def run(self, *_: Any, on_log: OnLine, **__: Any) -> Returned:
            on_log(said)
            return Returned("null")

    @job("charge", sensitive=sensitive)
    def charge(data: Any) -> None: ...

    pool: Any = Pool()
    attempts = Attempts(pool, 1, on_output=lambda _job, line: told.append(line))
    task: Any = asyncio.current_task()
    running = Running(replace(JOB, type="charge"), "", Report(), task, lease_until=0, beat_at=0)
    await attempts.run(charge, running.job, running, 1)
    assert running.report.lines == [said]
    assert told == ([] if sensitive else [said])


def test_on_lambda_it_is_json_unless_it_says_text() -> None:
    code = """
import asyncio, logging, sys
logging.getLogger().addHandler(logging.StreamHandler(sys.stdout))
from queues.lambda_environment import environment
async def work(runtime):
    logging.getLogger("mine").info("hello")
environment.run(work)
"""

    def run(**more: str) -> str:
        base = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
        aws = {"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "us-east-1"}
        env = {**base, **aws, "PYTHONPATH": str(CHECKOUT), **more}
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert json.loads(run())["message"] == "hello"
    assert run(JOBYARD_LOG_FORMAT="text") == ""
