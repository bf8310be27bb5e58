"""`jobyard work`: the same worker, through aiobotocore, on the AWS endpoint of another process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from examples.make_bracket import volume
from infra.deploy.local_stack.ministack import MiniStackUnavailable, install_ministack
from tests.cli.house import CHECKOUT, LIMIT, Running, environment, run, running, up
from tests.clients.installing import missing

JOBS = "tests.cli.jobs_to_run"
SECRET = "of these tests alone, and long enough"
#: Fetches by file:// are allowed below the working directory, which is the checkout.
BRACKET = {"fileUrl": (CHECKOUT / "examples" / "bracket.stl").as_uri()}


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The endpoint of a MiniStack server."""
    try:
        program = install_ministack(CHECKOUT, print)
    except MiniStackUnavailable as error:
        missing(str(error))
    home = tmp_path_factory.mktemp("ministack")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": "sqs,dynamodb", "STATE_DIR": str(home)}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            [program],
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=environment(HOME=home, TMPDIR=home, **settings),
        )
    try:
        wait_until_it_listens(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(LIMIT)


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline:
        assert process.poll() is None
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(f"nothing listens on {port}")


def client_of(worker: Running) -> dict[str, str]:
    """The environment of client commands for the API that a worker serves."""
    token = run(["token"], worker.environment).stdout.strip()
    return {**worker.client(), "JOBYARD_TOKEN": token}


@pytest.mark.emulator
def test_the_same_jobs_end_the_same_on_ministack(ministack: str, tmp_path: Path) -> None:
    changes = {"AWS_ENDPOINT_URL": ministack, "JOBYARD_SECRET": SECRET, "JOBYARD_DATA": str(tmp_path)}
    with running("work", "--create", "--api", "--port", "0", **changes) as worker:
        assert worker.ready["endpoint"] == ministack
        client = client_of(worker)
        twice = run(["enqueue", "hello", "-d", '{"name": "Ada", "failures": 1}', "--wait", "--json"], client)
        job = json.loads(twice.stdout)
        assert [attempt["outcome"] for attempt in job["history"]] == ["failed", "completed"]
        measured = run(["enqueue", "file-analysis", "-d", json.dumps(BRACKET), "--wait", "--json"], client)
        assert json.loads(measured.stdout)["result"]["geometry"]["volume"] == pytest.approx(volume(), rel=1e-5)
        dead = run(["enqueue", "hello", "-d", '{"name": "Eve", "failures": 9}', "--attempts", "1", "--wait"], client)
        assert dead.returncode == 1
        letters = run(["dead-letters", "list", "hello", "--json"], client)
        assert [letter["error"]["message"] for letter in json.loads(letters.stdout)["jobs"]] == ["Eve did not answer"]
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0


@pytest.mark.emulator
def test_queues_that_are_missing_are_named(ministack: str, tmp_path: Path) -> None:
    env = environment(AWS_ENDPOINT_URL=ministack, JOBYARD_DATA=tmp_path, JOBYARD_PREFIX="elsewhere")
    done = run(["work"], env)
    assert done.returncode == 1
    assert done.stderr.startswith("jobyard: queue 'elsewhere-file-analysis' does not exist; start `jobyard up`")
    assert done.stderr.endswith("or make it with --create\n")


def test_a_worker_process_beside_up_takes_jobs_of_its_types(tmp_path: Path) -> None:
    """Through the HTTP door of `up`, which here works on nothing but `hello` itself."""
    with up(tmp_path, jobs="functions.hello") as house:
        beside = {"AWS_ENDPOINT_URL": house.ready["aws"], "JOBYARD_DATA": str(tmp_path), "JOBYARD_JOBS": JOBS}
        arguments = ("work", "--create", "--types", "refuse", "--api", "--port", "0")
        with running(*arguments, **beside) as worker:
            assert worker.ready["types"] == ["refuse"]
            done = run(["enqueue", "refuse", "--wait", "--json"], worker.client())
            assert json.loads(done.stdout)["error"]["type"] == "Discard"
            worker.signal(signal.SIGINT)
            assert worker.end() == 0


def test_a_type_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = run(["work", "--types", "helo"], environment(JOBYARD_DATA=tmp_path))
    assert (done.returncode, done.stderr) == (2, "jobyard: unknown job type 'helo'; did you mean 'hello'?\n")


def test_no_endpoint_and_no_credentials(tmp_path: Path) -> None:
    # Nor those of a machine on AWS, which botocore would ask the network for.
    done = run(["work"], environment(JOBYARD_DATA=tmp_path, HOME=tmp_path, AWS_EC2_METADATA_DISABLED="true"))
    assert done.returncode == 4
    assert done.stderr.startswith("jobyard: no AWS credentials were found; set AWS_ACCESS_KEY_ID")
