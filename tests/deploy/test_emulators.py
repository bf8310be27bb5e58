"""Which emulator a deployment goes to, and LocalStack by a `docker` that writes down what it is told."""

from __future__ import annotations

import platform
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.deploy.framework import Osls
from infra.deploy.local_stack import localstack
from infra.deploy.local_stack.background import Background
from infra.deploy.local_stack.emulator import Emulator, Kind, architecture, choose, start
from infra.deploy.local_stack.surroundings import CREDENTIALS, environment
from infra.deploy.packaging.target import here
from queues.errors import Misconfigured

TOKEN = "a token that no command line shows"
#: Says that it runs whatever it was told to run; for `run` it starts a server where LocalStack would be.
DOCKER = """#!{python}
import http.server, os, pathlib, subprocess, sys
here = pathlib.Path(__file__).parent
with (here / "calls").open("a") as calls:
    print(*sys.argv[1:], file=calls)
if sys.argv[1] == "info":
    sys.exit({info})
if sys.argv[1] == "run":
    where = sys.argv[sys.argv.index("--publish") + 1].split(":")
    code = (
        "import http.server\\n"
        "class Healthy(http.server.BaseHTTPRequestHandler):\\n"
        "    def do_GET(self):\\n"
        "        self.send_response(200 if self.path == '/_localstack/health' else 404)\\n"
        "        self.end_headers()\\n"
        f"http.server.HTTPServer(({{where[0]!r}}, {{where[1]}}), Healthy).serve_forever()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=-3, stderr=-3)
    (here / "pid").write_text(str(process.pid))
if sys.argv[1] == "ps" and (here / "pid").exists():
    print("0123456789ab")
if sys.argv[1] == "rm" and (here / "pid").exists():
    os.kill(int((here / "pid").read_text()), 9)
    (here / "pid").unlink()
"""

Docker = Callable[[int], Path]


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Docker]:
    """Puts a `docker` on the path whose daemon answers with an exit code, and a token into the environment."""
    folder = tmp_path / "bin"

    def make(info: int) -> Path:
        folder.mkdir()
        (folder / "docker").write_text(DOCKER.format(python=sys.executable, info=info))
        (folder / "docker").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=":")
        monkeypatch.setenv(localstack.TOKEN, TOKEN)
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        return folder / "calls"

    yield make
    if folder.exists():
        localstack.stop_localstack()


def test_without_a_token_it_is_ministack(docker: Docker, monkeypatch: pytest.MonkeyPatch) -> None:
    docker(0)
    monkeypatch.delenv(localstack.TOKEN)
    assert choose(None) is Kind.MINISTACK
    with pytest.raises(Misconfigured, match="LocalStack needs Docker, running, and a token in LOCALSTACK_AUTH_TOKEN"):
        choose(Kind.LOCALSTACK)


def test_without_a_running_docker_it_is_ministack(docker: Docker) -> None:
    docker(1)
    assert choose(None) is Kind.MINISTACK


def test_with_both_it_is_localstack_but_ministack_can_be_asked_for(docker: Docker) -> None:
    docker(0)
    assert choose(None) is Kind.LOCALSTACK
    assert choose(Kind.MINISTACK) is Kind.MINISTACK


def test_localstack_is_started_where_its_client_looks_for_it(
    docker: Docker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = docker(0)
    port = free_port()
    monkeypatch.setenv("LOCALSTACK_HOST", f"127.0.0.1:{port}")
    said: list[str] = []
    server = Background(tmp_path / "ministack", "MiniStack")
    found = start(Kind.LOCALSTACK, server, tmp_path, None, said.append)
    assert (found.endpoint, found.target.architecture) == (f"http://127.0.0.1:{port}", architecture())
    assert said == [f"LocalStack on http://127.0.0.1:{port}: started"]
    (run,) = [line for line in calls.read_text().splitlines() if line.startswith("run ")]
    # The loopback only, and the token by the environment.
    assert f"--publish 127.0.0.1:{port}:4566 --env LOCALSTACK_AUTH_TOKEN" in run
    assert TOKEN not in calls.read_text()
    # One that runs is used.
    start(Kind.LOCALSTACK, server, tmp_path, None, said.append)
    assert said[-1].endswith("runs already")
    assert calls.read_text().count("run --detach") == 1
    assert localstack.stop_localstack()
    assert not localstack.stop_localstack()


def test_an_api_is_found_by_clients_that_know_no_names_in_localhost() -> None:
    ministack = Emulator(Kind.MINISTACK, "http://127.0.0.1:4567", here(), architecture())
    outputs = {"HttpApiId": "6ee8ca2a", "ApiUrl": "http://6ee8ca2a.execute-api.localhost:4567/"}
    assert ministack.api(outputs) == "http://127.0.0.1:4567/_aws/execute-api/6ee8ca2a"
    assert Emulator(Kind.LOCALSTACK, "", here(), "arm64").api(outputs) == outputs["ApiUrl"].rstrip("/")


@pytest.mark.parametrize(
    ("machine", "word"), [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")]
)
def test_this_machines_processor(machine: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert architecture() == word


def test_a_processor_that_lambda_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(Misconfigured, match="Lambda knows no processor 'riscv64'"):
        architecture()


def test_nothing_of_the_users_goes_to_the_emulator() -> None:
    ours = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "the real one",
        "AWS_PROFILE": "production",
        "JOBYARD_SECRET": "of the real deployment",
        "SLS_AWS_REQUEST_MAX_RETRIES": "9",
        "HTTP_PROXY": "http://proxy.example:3128",
        "no_proxy": "example",
    }
    assert environment(ours, "http://127.0.0.1:4567", "eu-central-1") == CREDENTIALS | {
        "PATH": "/bin",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4567",
        "AWS_REGION": "eu-central-1",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }


def test_osls_sees_the_environment_that_it_is_given_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stood in for by a program that prints its environment."""
    program = tmp_path / "osls"
    program.write_text("#!/bin/sh\nenv | grep -E '^(AWS_|JOBYARD_)' | sort\necho done >&2\n")
    program.chmod(0o755)
    monkeypatch.setenv("JOBYARD_SECRET", "of the real deployment")
    given = {"PATH": "/bin:/usr/bin", "AWS_REGION": "eu-central-1"}
    assert Osls(program, given).run(["print"], tmp_path) == ("AWS_REGION=eu-central-1\n", "done\n")
    assert "JOBYARD_SECRET=of the real deployment\n" in Osls(program).run(["print"], tmp_path).result


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
