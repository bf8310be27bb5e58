"""A whole Jobyard as somebody would start it: `up` on the embedded AWS, or `work --create --api` on an emulator."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from api.auth import make_token
from infra.deploy.local_stack.ministack import MiniStackUnavailable, install_ministack
from tests.api.receiver import Receiver
from tests.clients.installing import missing

HOUSE = Path(__file__).resolve().parents[2]
#: Where the API keeps jobs.
JOBS = "/api/v1/jobs"
SECRET = "a secret of the tests, long enough for HS256"
#: Seconds for a process to start and to end on a busy machine, and for a job to end.
PATIENCE = 60.0

T = TypeVar("T")


def until(ask: Callable[[], T], wanted: Callable[[T], bool]) -> T:
    """The first answer that is as wanted."""
    deadline = time.monotonic() + PATIENCE
    while not wanted(found := ask()):
        assert time.monotonic() < deadline, f"not after {PATIENCE:g} s: {found}"
        time.sleep(0.05)
    return found


@dataclass
class Place:
    """A running Jobyard: its API as `api`, its AWS at `endpoint`."""

    home: Path
    #: Of an emulator; None: the embedded AWS.
    emulator: str | None
    endpoint: str = ""
    api: httpx.Client = field(default_factory=httpx.Client)
    #: Variables of its environment besides.
    variables: dict[str, str] = field(default_factory=dict)
    #: The one private address to which it may send webhooks.
    receiver: Receiver = field(default_factory=Receiver)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it serves."""
        environment = os.environ | {
            "JOBYARD_SECRET": SECRET,
            "JOBYARD_REAP_EVERY": "0.5",
            "JOBYARD_JOBS": "functions.catalog,queues.webhooks.job",
            "JOBYARD_FETCH_ALLOW": self.receiver.place,
        }
        environment |= self.variables
        command = [sys.executable, "-m", "infra.cli"]
        command += ["up", "--aws-port", "0"] if self.emulator is None else ["work", "--create", "--api"]
        if self.emulator is not None:
            environment["AWS_ENDPOINT_URL"] = self.emulator
        command += ["--json", "--port", "0", "--data", str(self.home / "data")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=HOUSE, env=environment, stdout=subprocess.PIPE, stderr=log)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"it did not start:\n{self.log.read_text()[-3000:]}"
        ready = json.loads(line)
        self.endpoint = ready["aws"] if self.emulator is None else self.emulator
        token = make_token(SECRET, tenant="default", subject="tests", scope="jobs:read jobs:write", expires_in=3600)
        self.api.close()
        headers = {"Authorization": f"Bearer {token}"}
        self.api = httpx.Client(base_url=ready["api"], headers=headers, timeout=PATIENCE)

    def stop(self) -> int:
        """Asks it to end as a supervisor does; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(PATIENCE)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    @property
    def log(self) -> Path:
        return self.home / "log"

    def enqueue(self, type_name: str, data: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Enqueues a job by HTTP; options as the API names them."""
        answer = self.api.post(JOBS, json={"type": type_name, "data": data, "options": options})
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + PATIENCE
        while True:
            job: dict[str, Any] = self.api.get(f"{JOBS}/{job_id}", params={"wait": 10}).raise_for_status().json()
            if job["status"] in ("completed", "failed", "cancelled"):
                return job
            assert time.monotonic() < deadline, f"not ended after {PATIENCE:g} s: {job}\n{self.log.read_text()[-2000:]}"


@contextmanager
def emulator(kind: str, home: Path) -> Iterator[str]:
    """A server of this kind, `ministack` or `moto`, with its files under `home`; yields its endpoint."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"HOME": str(home), "TMPDIR": str(home)}
    if kind == "ministack":
        command = [str(_ministack())]
        environment |= {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "SERVICES": "sqs,dynamodb,scheduler,s3,kms,monitoring",
            "STATE_DIR": str(home),
        }
    else:
        program = Path(sys.executable).with_name("moto_server")
        command = [str(program), "-H", "127.0.0.1", "-p", str(port)]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            try:
                httpx.get(endpoint, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                break
        assert process.poll() is None, (home / "log").read_text()[-2000:]
        yield endpoint
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _ministack() -> Path:
    try:
        return install_ministack(HOUSE, print)
    except MiniStackUnavailable as error:
        missing(str(error))
