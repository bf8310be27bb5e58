"""How functions start: what importing them costs, and that a snapshot taken then may be restored many times."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra.deploy.packaging.build import Built
from infra.deploy.packaging.cold_start import REPEATS, Start, measure
from queues.catalog import load
from tests.packaging.conftest import MODULES, Unpack, run_alone

WATCHED = Path(__file__).with_name("watched_import.py")
ON_LAMBDA = {"AWS_LAMBDA_FUNCTION_NAME": "jobyard-under-test"}
ENTRY_POINTS = [
    ("api", "api.app"),
    ("jobs", "functions.hello"),
    ("jobs", "queues.maintenance"),
    ("jobs-mesh", "functions.file_analysis"),
]
#: What packages ask for while they are imported, and why it may be the same after each restore.
HARMLESS = {
    ("random.Random", "aiohttp._websocket.writer"): "masks of WebSockets, which no call to AWS uses",
    ("time.time", "logging"): "when the process began, for a field that we do not print",
    ("time.time_ns", "logging"): "the same, as of Python 3.13",
    ("uuid.uuid4", "opentelemetry.context"): "names of context variables, which need differ in one process only",
    ("os.urandom", "opentelemetry.context"): "the same",
}
#: urllib3 makes a socket and closes it, to see whether there is IPv6.
HARMLESS_EVENTS = {"socket.__new__"}


@pytest.mark.parametrize(("artifact", "module"), ENTRY_POINTS)
def test_a_snapshot_holds_nothing_that_must_be_unique(unpack: Unpack, artifact: str, module: str) -> None:
    found = json.loads(run_alone(WATCHED, unpack(artifact), module, env=ON_LAMBDA))
    assert {tuple(each) for each in found["asked"]} <= HARMLESS.keys()
    assert set(found["events"]) <= HARMLESS_EVENTS
    assert found["files"] == []
    assert (found["threads"], found["loops"]) == (1, 0)


def test_the_watch_sees_what_it_is_to_see(tmp_path: Path) -> None:
    (tmp_path / "captures.py").write_text(
        "import asyncio, os, random, socket, time, uuid\n"
        "ident, began, seed = uuid.uuid4(), time.monotonic(), random.random()\n"
        "generator, connection, loop = random.Random(), socket.socket(), asyncio.new_event_loop()\n"
    )
    found = json.loads(run_alone(WATCHED, tmp_path, "captures"))
    names = {name for name, who in found["asked"] if who == "captures"}
    assert names >= {"uuid.uuid4", "os.urandom", "time.monotonic", "random.random", "random.Random"}
    assert found["events"]
    assert any(name.startswith("socket:") for name in found["files"]) or not sys.platform.startswith("linux")
    assert found["loops"] == 1


def test_elsewhere_than_on_lambda_the_aws_client_waits_until_it_is_needed(unpack: Unpack) -> None:
    """The embedded server and the command line import job types too, and have no use for aiobotocore."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import functions.catalog; print('aiobotocore' in sys.modules)"
    assert run_alone("-c", code, unpack("jobs")) == "False\n"
    assert run_alone("-c", code, unpack("jobs"), env=ON_LAMBDA) == "True\n"


@pytest.mark.slow
def test_importing_a_function_takes_little_longer_than_importing_aiobotocore(built: dict[str, Built]) -> None:
    modules = {job_type.name: job_type.function.__module__ for job_type in load(MODULES)}

    def starts() -> list[Start]:
        return measure(list(built.values()), modules, MODULES, sys.executable, 2)

    found = starts()
    for _ in range(REPEATS):
        if not any(start.fault for start in found):
            break
        # Others were busy on this machine: the more often, the less that shows.
        found = [_least(*pair) for pair in zip(found, starts(), strict=True)]
    assert [start.fault for start in found] == [None] * len(found), found
    assert [start.function for start in found] == ["api", "reaper", "dead-letters", "cleaner", "hello", "file-analysis"]
    assert all(start.times > 1 for start in found)


def _least(one: Start, other: Start) -> Start:
    milliseconds, baseline = min(one.milliseconds, other.milliseconds), min(one.baseline, other.baseline)
    return replace(one, milliseconds=milliseconds, baseline=baseline)
