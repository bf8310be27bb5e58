"""serverless.yml is written by hand: it must say what the catalog and queues/resources.py say."""

from __future__ import annotations

import importlib
from typing import Any

import orjson
import pytest
import yaml

from queues.jobtype import JobType, load
from queues.resources import dead_letter_attributes, function_timeout, queue_attributes, table_definition
from queues.settings import Settings
from tests.cli.house import CHECKOUT

PREFIX = "${self:custom.prefix}"
TEMPLATE: dict[str, Any] = yaml.safe_load((CHECKOUT / "serverless.yml").read_text())
RESOURCES: dict[str, Any] = TEMPLATE["resources"]["Resources"]
TYPES = list(load(("functions.catalog",)))

#: A mapping's smallest maximum concurrency on AWS.
MIN_MAXIMUM_CONCURRENCY = 2


def named(job_type: JobType[Any, Any], ending: str) -> str:
    """The logical name of a type's resource: `file-analysis` and `Queue` make FileAnalysisQueue."""
    return "".join(part.capitalize() for part in job_type.name.split("-")) + ending


def function_of(job_type: JobType[Any, Any]) -> dict[str, Any]:
    (found,) = [f for f in TEMPLATE["functions"].values() if f["name"] == f"{PREFIX}-{job_type.name}"]
    return dict(found)


def test_every_function_is_the_api_or_of_a_job_type() -> None:
    assert len(TEMPLATE["functions"]) == len(TYPES) + 1
    assert TEMPLATE["functions"]["api"]["handler"] == "api.app.handler"


@pytest.mark.parametrize("job_type", TYPES, ids=lambda job_type: job_type.name)
def test_a_type_has_its_function(job_type: JobType[Any, Any]) -> None:
    function = function_of(job_type)
    module, _, name = function["handler"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is job_type.lambda_handler
    assert function["timeout"] == function_timeout(job_type)
    (event,) = function["events"]
    mapping, options = event["sqs"], job_type.options
    assert mapping["arn"] == {"Fn::GetAtt": [named(job_type, "Queue"), "Arn"]}
    assert mapping["functionResponseType"] == "ReportBatchItemFailures"
    assert mapping["batchSize"] <= options.batch_size
    assert mapping["maximumConcurrency"] >= MIN_MAXIMUM_CONCURRENCY
    assert mapping["batchSize"] * mapping["maximumConcurrency"] <= options.concurrency


@pytest.mark.parametrize("job_type", TYPES, ids=lambda job_type: job_type.name)
def test_a_type_has_its_queues(job_type: JobType[Any, Any]) -> None:
    queue, letters = RESOURCES[named(job_type, "Queue")], RESOURCES[named(job_type, "DeadLetters")]
    assert queue["Properties"].pop("QueueName") == f"{PREFIX}-{job_type.name}"
    assert letters["Properties"].pop("QueueName") == f"{PREFIX}-{job_type.name}-dlq"
    wanted = queue_attributes(job_type, "ARN")
    redrive = orjson.loads(wanted.pop("RedrivePolicy")) | {
        "deadLetterTargetArn": {"Fn::GetAtt": [named(job_type, "DeadLetters"), "Arn"]}
    }
    assert queue["Properties"].pop("RedrivePolicy") == redrive
    assert queue["Properties"] == {name: int(value) for name, value in wanted.items()}
    assert letters["Properties"] == {name: int(value) for name, value in dead_letter_attributes().items()}


def test_the_table_is_the_one_that_the_core_makes() -> None:
    wanted = table_definition(Settings()) | {"TableName": PREFIX}
    ttl = {"TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True}}
    assert RESOURCES["JobsTable"]["Properties"] == wanted | ttl


def test_roles_name_what_they_allow() -> None:
    for function in TEMPLATE["functions"].values():
        (policy,) = RESOURCES[function["role"]]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]:
            assert not [action for action in statement["Action"] if "*" in action]
            assert statement["Resource"] != "*"
