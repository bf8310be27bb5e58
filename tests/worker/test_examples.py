"""examples/worker: what can be said of these files without Docker, a cluster or an account.

The steps of the Dockerfile's build are run in a folder, and what comes out works on a queue. cfn-lint reads the
template. The manifests, the unit and the compose file are held against each other and against what a worker does.
"""

from __future__ import annotations

import configparser
import json
import os
import re
import shlex
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.core import TyperGroup
from typer.main import get_command

from infra.cli.app import app
from infra.health.address import address_of
from infra.local.lambda_.mapping import END_SECONDS
from tests.cli.house import CHECKOUT, LIMIT, environment
from tests.deploy.compiled import lint
from tests.engine.served import served
from tests.worker import dockerfile

EXAMPLES = CHECKOUT / "examples" / "worker"
#: Seconds that a worker may take beyond --drain: for polls, and then for what was cut short. (EventSourceMapping.stop)
AFTER_DRAIN = 2 * END_SECONDS
#: The most that Fargate waits between SIGTERM and SIGKILL. (ECS task definition, stopTimeout)
FARGATE_STOP = 120


def manifests(name: str) -> dict[str, Any]:
    """Kind -> manifest."""
    return {one["kind"]: one for one in yaml.safe_load_all((EXAMPLES / "kubernetes" / name).read_text())}


def option(words: list[str], name: str) -> str:
    """What a command line says for an option."""
    return words[words.index(name) + 1]


def parses(arguments: list[str]) -> None:
    """Fails unless `jobyard work` knows these arguments."""
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    with command.commands["work"].make_context("work", list(arguments)):
        pass


@pytest.fixture(scope="module")
def ecs() -> Any:
    return yaml.safe_load((EXAMPLES / "ecs.yml").read_text())


@pytest.fixture(scope="module")
def pod() -> Any:
    return manifests("worker.yml")["Deployment"]["spec"]["template"]["spec"]


# --- the image ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_the_dockerfile_builds_works(tmp_path: Path) -> None:
    venv = dockerfile.build(tmp_path)
    (entry,) = [step.words for step in dockerfile.stages()[1] if step.instruction == "ENTRYPOINT"]
    (arguments,) = [step.words for step in dockerfile.stages()[1] if step.instruction == "CMD"]
    (probe,) = [step.value for step in dockerfile.stages()[1] if step.instruction == "HEALTHCHECK"]
    assert entry[:2] == ["/usr/bin/tini", "--"]
    assert not list(venv.glob("bin/pip*"))
    with served() as endpoint:
        env = environment(AWS_ENDPOINT_URL=endpoint, JOBYARD_DATA=tmp_path / "data", PYTHONPATH="")
        env["PATH"] = f"{venv / 'bin'}{os.pathsep}{env['PATH']}"
        command = [str(venv / "bin" / entry[2]), *entry[3:], *arguments, "--create", "--types", "hello", "--json"]
        worker = subprocess.Popen([*command, "--health", "0"], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=env)
        try:
            assert worker.stdout is not None
            ready = yaml.safe_load(worker.stdout.readline())
            assert ready["types"] == ["hello"]
            python, *asking = json.loads(probe.partition("CMD")[2])
            assert "http://127.0.0.1:8081" in asking[-1]
            asking[-1] = asking[-1].replace("http://127.0.0.1:8081", ready["health"])
            subprocess.run([venv / "bin" / python, *asking], check=True, env=env, timeout=LIMIT)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(LIMIT) == 0
        finally:
            worker.kill()
            worker.communicate()


def test_the_image_is_small_and_not_roots() -> None:
    build, result = dockerfile.stages()
    bases = {stage[0].value.split()[0] for stage in (build, result)}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", bases.pop())
    users = [step.value for step in result if step.instruction == "USER"]
    assert users == ["10001:10001"]
    assert [step.value for step in result if step.instruction == "STOPSIGNAL"] == ["SIGTERM"]
    assert all(step.value.startswith("[") for step in result if step.instruction in ("ENTRYPOINT", "CMD"))


def test_the_builder_is_sent_what_is_copied_and_nothing_else() -> None:
    lines = (EXAMPLES / "Dockerfile.dockerignore").read_text().splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == set(dockerfile.copied())


# --- who runs it ----------------------------------------------------------------------------------------------------


def test_kubernetes_waits_longer_than_a_drain_may_take(pod: Any) -> None:
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > float(option(container["args"], "--drain")) + AFTER_DRAIN
    parses(container["args"][: container["args"].index("--types")])


def test_kubernetes_asks_where_the_worker_tells(pod: Any) -> None:
    (container,) = pod["containers"]
    address = address_of(option(container["args"], "--health"))
    (port,) = container["ports"]
    assert (address.host, address.port) == ("0.0.0.0", port["containerPort"])
    for probe, path in (("readinessProbe", "/ready"), ("livenessProbe", "/live")):
        assert container[probe]["httpGet"] == {"path": path, "port": port["name"]}
    template = manifests("worker.yml")["Deployment"]["spec"]["template"]
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(address.port)
    (rule,) = manifests("worker.yml")["NetworkPolicy"]["spec"]["ingress"]
    assert rule["ports"][0]["port"] == address.port


def test_kubernetes_takes_every_right_away_that_a_worker_does_not_need(pod: Any) -> None:
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_everything_in_kubernetes_means_the_same_deployment(pod: Any) -> None:
    found = manifests("worker.yml")
    name, labels = found["Deployment"]["metadata"]["name"], found["Deployment"]["spec"]["selector"]["matchLabels"]
    assert pod["serviceAccountName"] == found["ServiceAccount"]["metadata"]["name"]
    assert found["Deployment"]["spec"]["template"]["metadata"]["labels"] == labels
    assert found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] == labels
    for scaler in (manifests("keda.yml")["ScaledObject"], manifests("hpa.yml")["HorizontalPodAutoscaler"]):
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
    assert "replicas" not in found["Deployment"]["spec"], "a scaler says how many"


def test_keda_looks_at_the_queue_that_the_worker_polls(pod: Any) -> None:
    (container,) = pod["containers"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    (trigger,) = manifests("keda.yml")["ScaledObject"]["spec"]["triggers"]
    queue = f"{variables['JOBYARD_PREFIX']}-{option(container['args'], '--types')}"
    assert trigger["metadata"]["queueURL"].endswith(f"/{queue}")
    assert trigger["metadata"]["awsRegion"] == variables["AWS_REGION"]
    authentication = manifests("keda.yml")["TriggerAuthentication"]["metadata"]["name"]
    assert trigger["authenticationRef"]["name"] == authentication


def test_the_fallback_scales_by_metrics_that_workers_tell() -> None:
    page = (CHECKOUT / "api" / "prometheus.py").read_text()
    text = (EXAMPLES / "kubernetes" / "hpa.yml").read_text()
    for name in re.findall(r"seriesQuery: '(\w+)", text):
        assert f'"{name}"' in page
    wanted = {one["external"]["metric"]["name"] for one in yaml.safe_load(text)["spec"]["metrics"]}
    assert wanted == {"jobyard_queue_backlog", "jobyard_queue_oldest_age_seconds"}


def test_cfn_lint_finds_nothing_in_the_template_for_ecs() -> None:
    assert lint(EXAMPLES / "ecs.yml") == ""


def test_ecs_waits_longer_than_a_drain_may_take(ecs: Any) -> None:
    (container,) = ecs["Resources"]["Task"]["Properties"]["ContainerDefinitions"]
    command = [word if isinstance(word, str) else "hello" for word in container["Command"]]
    assert FARGATE_STOP >= container["StopTimeout"] > float(option(command, "--drain")) + AFTER_DRAIN
    assert option(command, "--health") in container["HealthCheck"]["Command"][-1]
    parses(command[: command.index("--health")])


def test_ecs_scales_by_the_queue_that_the_worker_polls(ecs: Any) -> None:
    queue = {"Fn::Sub": "${Prefix}-${JobType}"}
    text = str(ecs["Resources"]["ByBacklog"]) + str(ecs["Resources"]["AgeAlarm"])
    assert text.count(str(queue)) == 3
    assert ecs["Resources"]["AgeAlarm"]["Properties"]["MetricName"] == "ApproximateAgeOfOldestMessage"


def test_systemd_stops_the_worker_alone_and_waits_for_it() -> None:
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(EXAMPLES / "jobyard-worker.service")
    service = unit["Service"]
    command = shlex.split(service["ExecStart"])
    assert command[1] == "work"
    parses([*command[2:-1], "0"])
    assert service["KillMode"] == "mixed"
    assert float(service["TimeoutStopSec"]) > float(option(command, "--drain")) + AFTER_DRAIN


def test_compose_waits_longer_than_a_drain_may_take() -> None:
    worker = yaml.safe_load((EXAMPLES / "compose.yml").read_text())["services"]["worker"]
    grace = float(worker["environment"]["JOBYARD_GRACE"])
    assert float(worker["stop_grace_period"].removesuffix("s")) > grace + AFTER_DRAIN
    assert (EXAMPLES / worker["build"]["context"]).resolve() == CHECKOUT
    assert (CHECKOUT / worker["build"]["dockerfile"]).is_file()
    parses(worker["command"])
