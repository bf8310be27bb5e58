"""One deployment for all tests of this folder, from nothing: an empty MiniStack, `jobyard deploy-local`, osls."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.local_stack.ministack import MiniStackUnavailable, install_ministack
from infra.deploy.local_stack.stack import Stack
from tests.cli.house import CHECKOUT, JOBYARD, environment
from tests.clients.installing import missing
from tests.deploy_live.inventory import Inventory, inventory

JOBS = "/api/v1/jobs"
ENDS = ("completed", "failed", "cancelled")
#: Seconds that a command, and a job, may take on a busy machine.
PATIENCE = 400.0
JOB_PATIENCE = 200.0
#: Seconds between two looks.
LOOK_EVERY = 0.05


@dataclass
class House:
    """Where the deployment is, and the commands on it."""

    data: Path
    port: int
    #: What was there before anything was deployed.
    before: Inventory = field(default_factory=dict)
    #: What the last deployment printed.
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def stack(self) -> Stack:
        return Stack(f"http://127.0.0.1:{self.port}", "us-east-1")

    def begin(self) -> subprocess.Popen[str]:
        """`jobyard deploy-local`, as a group of processes of its own."""
        return subprocess.Popen(
            [*JOBYARD, "deploy-local", "--emulator", "ministack", "--port", str(self.port), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=CHECKOUT,
            env=environment(JOBYARD_DATA=self.data),
            start_new_session=True,
        )

    def deploy(self) -> dict[str, Any]:
        """What `jobyard deploy-local` printed."""
        process = self.begin()
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        self.told = json.loads(out)
        return self.told

    def remove(self, *options: str) -> dict[str, Any]:
        """What `jobyard remove-local` printed."""
        command = [*JOBYARD, "remove-local", *options, "--json"]
        own = environment(JOBYARD_DATA=self.data)
        done = subprocess.run(command, capture_output=True, text=True, cwd=CHECKOUT, env=own, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def enqueue(self, type_name: str, data: dict[str, Any], **options: Any) -> str:
        """The id of a job, sent through the deployed API."""
        answer = self._api("POST", JOBS, json={"type": type_name, "data": data, "options": options})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        """A job, from the deployed API."""
        answer = self._api("GET", f"{JOBS}/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def reached(self, job_id: str, *statuses: str) -> dict[str, Any]:
        """The job once it has one of these statuses."""
        deadline = time.monotonic() + JOB_PATIENCE
        while (job := self.job(job_id))["status"] not in statuses:
            assert job["status"] not in ENDS, job
            assert time.monotonic() < deadline, f"after {JOB_PATIENCE:g} s: {job}\n{self.log()[-3000:]}"
            time.sleep(LOOK_EVERY)
        return job

    def log(self) -> str:
        return (self.data / "ministack" / "log").read_text(errors="replace")

    def _api(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.told['token']}"}
        return httpx.request(method, self.told["api"] + path, headers=headers, timeout=60, trust_env=False, **more)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Deployed by a second call, after one that was killed in the middle."""
    try:
        install_osls(CHECKOUT, print)
        install_ministack(CHECKOUT, print)
    except (NodeMissing, MiniStackUnavailable) as error:
        missing(str(error))
    there = House(tmp_path_factory.mktemp("deployment"), _free_port())
    try:
        first = there.begin()
        try:
            assert first.stderr is not None
            for line in first.stderr:
                if line.startswith("MiniStack on port"):
                    there.before = inventory(there.stack)
                if line.startswith("deploying"):
                    break
            _until_the_stack_is_begun(there.stack, first)
        finally:
            # With osls and Node, but without MiniStack.
            os.killpg(first.pid, signal.SIGKILL)
            first.communicate()
        there.deploy()
        yield there
    finally:
        there.remove()


def _until_the_stack_is_begun(stack: Stack, deployment: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while stack.status() is None:
        assert deployment.poll() is None, "the deployment ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(LOOK_EVERY)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
