"""The aws CLI, version 1: what a developer types, what it prints, and how it ends when it is refused."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.clients.command import attempt, run
from tests.clients.documented import ADDRESS, commands, documented, matches

pytestmark = pytest.mark.usefixtures("aws")
#: Exit code of the CLI for an error that the service answered, before version 2.
REFUSED = 255


@pytest.fixture(autouse=True)
def on_path(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_commands_print_what_is_shown(aws: str, number: int, tmp_path: Path) -> None:
    for command, shown in commands(documented("The aws CLI", number)):
        printed = run("sh", "-c", command, cwd=tmp_path)
        assert matches(shown.replace(ADDRESS, aws.removeprefix("http://")), printed), f"{command}\n{printed}"
    if number:
        _resume()


def _resume() -> None:
    mapping = run("aws", "lambda", "list-event-source-mappings", "--function-name", "jobyard-hello")
    uuid = json.loads(mapping)["EventSourceMappings"][0]["UUID"]
    run("aws", "lambda", "update-event-source-mapping", "--enabled", "--uuid", uuid)


@pytest.mark.slow
def test_a_schedule(aws: str) -> None:
    target = {
        "Arn": "arn:aws:sqs:us-east-1:000000000000:jobyard-hello",
        "RoleArn": "arn:aws:iam::000000000000:role/any",
    }
    schedule = ("--schedule-expression", "rate(1 hour)", "--flexible-time-window", "Mode=OFF", "--state", "DISABLED")
    run("aws", "scheduler", "create-schedule", "--name", "hourly", *schedule, "--target", json.dumps(target))
    listed = run("aws", "scheduler", "list-schedules", "--query", "Schedules[].[Name,State]", "--output", "text")
    assert listed == "hourly\tDISABLED\n"
    run("aws", "scheduler", "delete-schedule", "--name", "hourly")


@pytest.mark.slow
def test_statistics_of_a_metric() -> None:
    metric = ("--namespace", "Cli", "--metric-name", "Sold")
    put = "Values=1,2,6,Counts=1,1,2,MetricName=Sold,Unit=Count"
    run("aws", "cloudwatch", "put-metric-data", "--namespace", "Cli", "--metric-data", put)
    span = ("--start-time", "2020-01-01T00:00:00Z", "--end-time", "2100-01-01T00:00:00Z", "--period", "86400000")
    printed = run("aws", "cloudwatch", "get-metric-statistics", *metric, *span, "--statistics", "Sum", "Maximum")
    (point,) = json.loads(printed)["Datapoints"]
    assert (point["Sum"], point["Maximum"], point["Unit"]) == (15, 6, "Count")


@pytest.mark.slow
def test_an_error_is_told_and_ends_the_command(aws: str) -> None:
    done = attempt("aws", "--endpoint-url", aws, "sqs", "get-queue-url", "--queue-name", "nothing")
    assert done.returncode == REFUSED
    assert done.stderr.strip() == (
        "An error occurred (AWS.SimpleQueueService.NonExistentQueue) when calling the GetQueueUrl operation: "
        "The specified queue does not exist."
    )
