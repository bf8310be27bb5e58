"""`jobyard deploy` and `jobyard remove` as a user calls them, on a MiniStack: the plan before and after each step."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.cli.render import RENDERED
from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.local_stack.background import Background
from infra.deploy.local_stack.ministack import MiniStackUnavailable, install_ministack, start_ministack
from infra.deploy.planning.kinds import KINDS
from infra.deploy.rendering import render
from queues.catalog import load
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT, JOBYARD, environment
from tests.clients.installing import missing

pytestmark = pytest.mark.slow

#: One job type: fewer zips, and smaller ones.
MODULES = ("functions.hello",)
PATIENCE = 300


@dataclass(frozen=True)
class Project:
    """A folder as a user has it, and an account that nobody has used before."""

    folder: Path
    endpoint: str

    def environment(self) -> dict[str, str]:
        return environment(
            AWS_ENDPOINT_URL=self.endpoint,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_CONFIG_FILE=os.devnull,
            AWS_SHARED_CREDENTIALS_FILE=os.devnull,
            JOBYARD_JOBS=",".join(MODULES),
        )

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*JOBYARD, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
        )

    def tell(self, *arguments: str) -> dict[str, Any]:
        done = self.call(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """A command in a group of processes of its own, as a terminal starts it."""
        return subprocess.Popen(
            [*JOBYARD, *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder,
            env=self.environment(),
            start_new_session=True,
        )

    @contextmanager
    def edited(self, name: str | Path, old: str, new: str) -> Iterator[None]:
        """A file of the folder with other words in it, for as long as it takes."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(text, encoding="utf-8")

    def status(self, stack: str) -> str | None:
        cloudformation = boto3.client(
            "cloudformation",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        found = [one for one in cloudformation.describe_stacks()["Stacks"] if one["StackName"] == stack]
        return str(found[0]["StackStatus"]) if found else None


@pytest.fixture(scope="module")
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{text}", flush=True)

    try:
        install_osls(CHECKOUT, say)
        ministack = install_ministack(CHECKOUT, say)
    except (NodeMissing, MiniStackUnavailable, Misconfigured) as error:
        missing(str(error))
    folder = tmp_path_factory.mktemp("project")
    for name in ("serverless.yml", "pyproject.toml", "requirements.lock"):
        shutil.copy2(CHECKOUT / name, folder)
    # `python -m` looks here first.
    for name in ("queues", "functions", "api", "infra"):
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
    (folder / "build").mkdir()
    for name in ("osls", "packaging"):
        (CHECKOUT / "build" / name).mkdir(exist_ok=True)
        (folder / "build" / name).symlink_to(CHECKOUT / "build" / name)
    for name, text in render(load(MODULES), MODULES).items():
        (folder / RENDERED / name).write_text(text, encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Background(tmp_path_factory.mktemp("ministack"), "MiniStack")
    start_ministack(server, ministack, port)
    try:
        yield Project(folder, f"http://127.0.0.1:{port}")
    finally:
        server.stop()


def paths(plan: dict[str, Any]) -> dict[str, list[str]]:
    return {change["logicalId"]: [one["path"] for one in change["properties"]] for change in plan["changes"]}


def test_from_nothing_to_a_stack_and_back(project: Project) -> None:
    first = project.tell("deploy", "--stage", "dev", "--plan")
    assert first["plan"]["new"]
    assert {change["action"] for change in first["plan"]["changes"]} == {"create"}
    assert {change["type"] for change in first["plan"]["changes"]} <= KINDS.keys()
    assert (first["deployed"], first["outputs"], first["stack"]) == (False, {}, "jobyard-dev")
    assert project.status("jobyard-dev") is None, "a plan writes nothing"

    done = project.tell("deploy", "--stage", "dev", "--yes", "--region", "us-east-1")
    assert paths(done["plan"]) == paths(first["plan"])
    assert done["deployed"]
    assert done["outputs"].keys() >= {"ApiUrl", "TokenSecret", "HelloQueueUrl"}

    again = project.call("deploy", "--stage", "dev", "--yes")
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith("jobyard-dev is as it should be: nothing to change\n")
    assert "Deploying" not in again.stderr

    with project.edited("serverless.yml", "memorySize: 1024", "memorySize: 2048"):
        edited = project.tell("deploy", "--stage", "dev", "--yes", "--param", "alarmEmail=ops@example.com")
        assert edited["deployed"]
    assert paths(edited["plan"]) == {"ApiLambdaFunction": ["MemorySize"], "AlarmEmailSubscription": []}

    token = project.call("token", "--stack", "jobyard-dev")
    assert token.returncode == 0, token.stderr
    assert token.stdout.count(".") == 2

    assert project.tell("remove", "--stage", "dev", "--yes")["removed"]
    assert project.status("jobyard-dev") is None
    assert project.tell("remove", "--stage", "dev", "--yes")["removed"] is False


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["deploy", "--stage", "dev"], 2, "nobody is there to be asked: say --yes, or --plan to look only"),
        (["deploy", "--stage", "dev", "--plan", "--param", "alarmEmail"], 2, "write it as name=value"),
        (["remove", "--stage", "dev", "--param", "=x"], 2, "write it as name=value"),
        (["token", "--stack", "jobyard-none"], 1, "there is no stack 'jobyard-none'"),
    ],
)
def test_what_is_refused_at_once(project: Project, arguments: list[str], code: int, told: str) -> None:
    done = project.call(*arguments)
    assert (done.returncode, told in done.stderr) == (code, True), done.stderr


def test_files_that_are_not_what_the_job_types_say_are_not_deployed(project: Project) -> None:
    with project.edited(RENDERED / "functions.yml", "maximumConcurrency: 10", "maximumConcurrency: 20"):
        done = project.call("deploy", "--stage", "dev", "--plan")
    assert (done.returncode, "run `jobyard render`" in done.stderr) == (1, True)


def test_production_keeps_what_it_has(project: Project) -> None:
    project.tell("deploy", "--stage", "prod", "--yes")
    with project.edited("serverless.yml", "Name: ${self:custom.prefix}-token-secret", "Name: other"):
        refused = project.call("deploy", "--stage", "prod", "--yes")
    assert refused.returncode == 1
    assert "TokenSecret would be replaced" in refused.stderr
    assert "--allow-replace TokenSecret" in refused.stderr
    kept = project.call("remove", "--stage", "prod", "--yes")
    assert (kept.returncode, "say --confirm jobyard-prod" in kept.stderr) == (2, True)
    assert project.status("jobyard-prod") is not None
    gone = project.tell("remove", "--stage", "prod", "--confirm", "jobyard-prod")
    assert (gone["removed"], gone["kept"]) == (True, ["jobyard-prod"])


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("building the zips", "stopped: nothing was changed on AWS"),
        ("Deploying jobyard", r"stopped: jobyard-cut is |stopped: there is no stack jobyard-cut"),
    ],
)
def test_after_ctrl_c_the_state_of_the_stack_is_told(project: Project, until: str, told: str) -> None:
    process = project.begin("deploy", "--stage", "cut", "--yes")
    assert process.stderr is not None
    with process.stderr:
        for line in process.stderr:
            if until in line:
                break
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stderr.read()
    assert process.wait(PATIENCE) == 130, rest
    assert any(one in rest for one in told.split("|")), rest
