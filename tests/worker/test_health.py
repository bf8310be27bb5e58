"""The health endpoint of real workers: where it listens, and that it answers whatever the worker does."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx
import pytest

from infra.health.address import Address, address_of
from queues.errors import InvalidOption
from tests.cli.house import LIMIT, environment, run
from tests.worker.cloud import JOBS, Cloud

pytestmark = pytest.mark.slow


class Client:
    """Asks a worker how it is."""

    def __init__(self, url: str):
        self._url = url

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self._url + path, timeout=LIMIT)


async def test_it_answers_while_every_process_is_busy_and_while_it_drains(embedded: Cloud, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    with embedded.worker("--types", "grind", "--drain", "600") as worker:
        health = Client(worker.ready["health"])
        assert worker.ready["health"].startswith("http://127.0.0.1:")
        assert health.get("/ready").json() == {"status": "ready", "reasons": [], "running": 0, "types": ["grind"]}
        await embedded.enqueue("grind", "busy", gate)
        await embedded.until_active("busy")
        assert (health.get("/live").status_code, health.get("/ready").status_code) == (200, 200)
        assert health.get("/live").json()["running"] == 1
        assert 'jobyard_worker_running_jobs{type="grind"} 1' in health.get("/metrics").text
        worker.signal(signal.SIGTERM)
        worker.next_remark("stopping")
        assert health.get("/live").status_code == 200
        draining = health.get("/ready")
        assert (draining.status_code, draining.json()["reasons"][0]["reason"]) == (503, "draining")
        gate.touch()
        assert worker.end() == 0


async def test_there_is_none_unless_it_is_asked_for(embedded: Cloud) -> None:
    with embedded.worker(health=None) as worker:
        assert worker.ready["health"] is None
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8081", Address("127.0.0.1", 8081)),
        ("0", Address("127.0.0.1", 0)),
        ("0.0.0.0:8081", Address("0.0.0.0", 8081)),
        ("localhost:8081", Address("localhost", 8081)),
        ("[::1]:8081", Address("::1", 8081)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert address_of(text) == address


@pytest.mark.parametrize("text", ["", "http", ":8081", "8081:", "70000", "-1", "host:port", "::1:8081", "٨٠"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="--health="):
        address_of(text)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--health", "here"], "jobyard: --health='here' is not possible: give a port up to 65535, such as 8081"),
        (["--types", ","], "jobyard: --types names no job type; leave it out for all of the catalog"),
    ],
)
def test_the_command_refuses_before_it_begins(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    done = run(["work", *arguments], environment(JOBYARD_DATA=tmp_path, JOBYARD_JOBS=JOBS))
    assert done.returncode == 2
    assert done.stderr.startswith(complaint)
