"""serverless.yml and what it includes say what the job types and queues/resources.py say.

The rendered files are read back here as the framework reads them, with no help from the code that wrote them.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from infra.cli.render import RENDERED
from infra.deploy.names import FIXED
from infra.deploy.packaging.plan import artifact_of
from infra.deploy.packaging.target import ARCHITECTURE, PYTHON
from infra.deploy.rendering import FILES, render
from infra.deploy.statements import STARS
from queues.catalog import load
from queues.jobtype import JobType
from queues.resources import dead_letter_attributes, function_timeout, queue_attributes, table_definition
from queues.settings import Settings
from tests.cli.house import CHECKOUT
from tests.deploy.policies import starred, statements

PREFIX = "${self:custom.prefix}"
MODULES = ("functions.catalog",)
TYPES = list(load(MODULES))
WRITTEN: dict[str, Any] = yaml.safe_load((CHECKOUT / "serverless.yml").read_text(encoding="utf-8"))

#: A mapping's smallest maximum concurrency on AWS.
MIN_MAXIMUM_CONCURRENCY = 2

by_name = pytest.mark.parametrize("job_type", TYPES, ids=lambda job_type: job_type.name)


def included(value: Any) -> Any:
    """What stands in serverless.yml, a file that it includes read in its place."""
    found = re.fullmatch(r"\$\{file\((.+)\)\}", value) if isinstance(value, str) else None
    return value if found is None else yaml.safe_load((CHECKOUT / found[1]).read_text(encoding="utf-8"))


def merged(parts: list[Any]) -> dict[str, Any]:
    """A list of mappings as one, as the framework makes it of `functions` and `resources`."""
    whole: dict[str, Any] = {}
    for part in map(included, parts):
        for name, value in part.items():
            inside = whole.get(name)
            if isinstance(inside, dict):
                assert not set(inside) & set(value), f"two of a name in {name}"
                value = inside | value
            whole[name] = value
    return whole


FUNCTIONS = merged(WRITTEN["functions"])
STACK = merged(WRITTEN["resources"])
RESOURCES: dict[str, Any] = STACK["Resources"]


def named(job_type: JobType[Any, Any], ending: str) -> str:
    """The logical name of a type's resource: `file-analysis` and `Queue` make FileAnalysisQueue."""
    return "".join(part.capitalize() for part in job_type.name.split("-")) + ending


def function_of(job_type: JobType[Any, Any]) -> dict[str, Any]:
    (found,) = [f for f in FUNCTIONS.values() if f["name"] == f"{PREFIX}-{job_type.name}"]
    return dict(found)


def test_the_rendered_files_are_what_the_job_types_say() -> None:
    folder = CHECKOUT / RENDERED
    for name, text in render(TYPES, MODULES).items():
        assert (folder / name).read_text(encoding="utf-8") == text, "run `jobyard render`"
    assert {path.name for path in folder.iterdir()} == set(FILES)


def test_all_of_them_are_included() -> None:
    text = (CHECKOUT / "serverless.yml").read_text(encoding="utf-8")
    found = re.findall(r"\$\{file\((.+?)\)\}", text)
    assert sorted(found) == sorted(str(RENDERED / name) for name in FILES)
    assert included(WRITTEN["provider"]["environment"]) == {
        "JOBYARD_PREFIX": PREFIX,
        "JOBYARD_JOBS": MODULES[0],
        "JOBYARD_METRICS": "${param:metrics}",
        "JOBYARD_SHARDS": "${param:shards}",
        "JOBYARD_ARTIFACTS": {"Fn::If": ["ArtifactsKept", {"Fn::Sub": "s3://${ArtifactBucket}/jobs"}, ""]},
        "JOBYARD_KMS_KEY_ID": {"Ref": "KmsKey"},
    }
    assert WRITTEN["params"]["default"]["metrics"] == "off"


def test_stages_and_target() -> None:
    everywhere, production = WRITTEN["params"]["default"], WRITTEN["params"]["prod"]
    assert (everywhere["deletionProtection"], everywhere["tablePolicy"]) == (False, "Delete")
    assert (production["deletionProtection"], production["tablePolicy"]) == (True, "Retain")
    assert set(production) <= set(everywhere)
    assert (WRITTEN["provider"]["runtime"], everywhere["architecture"]) == (f"python{PYTHON}", ARCHITECTURE)
    used = re.findall(
        r"\$\{param:(\w+)", (CHECKOUT / "serverless.yml").read_text() + "".join(render(TYPES, MODULES).values())
    )
    assert set(used) == set(everywhere)


def test_every_function_has_an_entry_point_a_role_and_an_artifact() -> None:
    assert len(FUNCTIONS) == len(TYPES) + len(FIXED)
    roles = [function["role"]["Fn::Sub"] for function in FUNCTIONS.values()]
    assert len(set(roles)) == len(roles), "each has its own"
    for function in FUNCTIONS.values():
        module, _, name = function["handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))
        assert function["role"]["Fn::Sub"].removeprefix("${").removesuffix(".Arn}") in RESOURCES
        assert Path(function["package"]["artifact"]).parent == Path("${param:artifacts}")
    assert FUNCTIONS["api"]["handler"] == "api.app.handler"


@by_name
def test_a_type_has_its_function(job_type: JobType[Any, Any]) -> None:
    function = function_of(job_type)
    module, _, name = function["handler"].rpartition(".")
    assert getattr(importlib.import_module(module), name) is job_type.lambda_handler
    assert function["timeout"] == function_timeout(job_type)
    assert function["memorySize"] == job_type.options.memory
    assert Path(function["package"]["artifact"]).stem == artifact_of(job_type)
    mappings, options = [event["sqs"] for event in function["events"]], job_type.options
    assert [mapping["arn"]["Fn::GetAtt"] for mapping in mappings] == [[name, "Arn"] for name in queues_of(job_type)]
    for mapping in mappings:
        assert mapping["functionResponseType"] == "ReportBatchItemFailures"
        assert mapping["batchSize"] <= options.batch_size
        assert mapping["maximumConcurrency"] >= MIN_MAXIMUM_CONCURRENCY
    assert sum(mapping["batchSize"] * mapping["maximumConcurrency"] for mapping in mappings) <= options.concurrency


def queues_of(job_type: JobType[Any, Any]) -> list[str]:
    """The logical names of a type's queues: FileAnalysisQueue, and FileAnalysisQueueAtBulk for a level of priority."""
    types = load(MODULES)
    levels = [name.removeprefix(job_type.name).lstrip("_").capitalize() for name in types.queues_of(job_type.name)]
    return [named(job_type, f"QueueAt{level}" if level else "Queue") for level in levels]


@by_name
def test_a_type_has_its_queues(job_type: JobType[Any, Any]) -> None:
    letters = dict(RESOURCES[named(job_type, "DeadLetters")]["Properties"])
    assert letters.pop("QueueName") == f"{PREFIX}-{job_type.name}-dlq"
    assert letters.pop("SqsManagedSseEnabled")
    assert letters == {name: int(value) for name, value in dead_letter_attributes().items()}
    for logical_name, name in zip(queues_of(job_type), load(MODULES).queues_of(job_type.name), strict=True):
        queue = dict(RESOURCES[logical_name]["Properties"])
        assert queue.pop("QueueName") == f"{PREFIX}-{name}"
        assert queue.pop("SqsManagedSseEnabled")
        wanted = queue_attributes(job_type, "ARN")
        redrive = orjson.loads(wanted.pop("RedrivePolicy")) | {
            "deadLetterTargetArn": {"Fn::GetAtt": [named(job_type, "DeadLetters"), "Arn"]}
        }
        assert queue.pop("RedrivePolicy") == redrive
        assert queue == {name: int(value) for name, value in wanted.items()}


def test_the_shipped_type_with_levels_has_what_its_classes_say() -> None:
    (levelled,) = [one for one in TYPES if one.name == "file-analysis"]
    events = [event["sqs"] for event in function_of(levelled)["events"]]
    assert [(one["arn"]["Fn::GetAtt"][0], one["maximumConcurrency"]) for one in events] == [
        ("FileAnalysisQueueAtCritical", 10),
        ("FileAnalysisQueue", 5),
        ("FileAnalysisQueueAtBulk", 2),
    ]
    assert "reservedConcurrency" not in function_of(levelled)


@by_name
def test_a_types_mapping_keeps_to_aws_rule_of_visibility(job_type: JobType[Any, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    function = function_of(job_type)
    for logical_name, event in zip(queues_of(job_type), function["events"], strict=True):
        seconds = RESOURCES[logical_name]["Properties"]["VisibilityTimeout"]
        assert seconds >= 6 * function["timeout"] + event["sqs"]["maximumBatchingWindow"]


def test_the_table_is_the_one_that_the_core_makes_and_safe() -> None:
    table = RESOURCES["JobsTable"]
    wanted = table_definition(Settings()) | {
        "TableName": PREFIX,
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
        "DeletionProtectionEnabled": "${param:deletionProtection}",
    }
    assert table["Properties"] == wanted
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "${param:tablePolicy}"


def test_no_policy_has_a_star_that_is_not_explained() -> None:
    found = set()
    for where, statement in statements(RESOURCES):
        if starred(statement):
            assert statement["Sid"] in STARS, f"{where} has a star: {statement}"
            found.add(statement["Sid"])
            if statement["Effect"] == "Allow":
                assert starred(statement) == ["Resource"], f"{where} allows more than it should: {statement}"
    assert found == set(STARS), "an explanation for a star that is not there"


def test_nobody_comes_to_a_queue_the_topic_or_the_bucket_through_plain_http() -> None:
    closed = set()
    for where, statement in statements(RESOURCES):
        if statement["Effect"] == "Deny" and "Principal" in statement:
            assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
            assert statement["Principal"] == "*"
            policy = RESOURCES[where]["Properties"]
            ((target,),) = [policy.get("Queues") or policy.get("Topics") or [policy["Bucket"]]]
            assert target["Ref"] in orjson.dumps(statement["Resource"]).decode()
            closed.add(target["Ref"])
    kinds = ("AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket")
    assert closed == {name for name, resource in RESOURCES.items() if resource["Type"] in kinds}


def test_no_role_that_reaches_the_table_may_change_the_audit_trail() -> None:
    changes = {f"dynamodb:{verb}Item" for verb in ("Update", "Delete")} | {"dynamodb:BatchWriteItem"}
    reach, kept = set(), set()
    for where, statement in statements(RESOURCES):
        table = "JobsTable" in orjson.dumps(statement.get("Resource", "")).decode()
        if statement["Effect"] == "Allow" and table:
            reach.add(where)
        elif table and statement.get("Condition") == {"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": ["audit#*"]}}:
            assert changes <= set(statement["Action"])
            kept.add(where)
            # Nobody but the API adds to it, or reads it.
            assert ("dynamodb:PutItem" in statement["Action"]) is (where != "ApiRole"), where
    assert reach == kept != set()


def test_roles_can_be_taken_on_only_by_the_service_that_needs_them() -> None:
    services = {
        name: statement["Principal"]["Service"]
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::IAM::Role"
        for statement in resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    }
    assert set(services.values()) == {"lambda.amazonaws.com", "scheduler.amazonaws.com"}
    for name, service in services.items():
        assert (service == "scheduler.amazonaws.com") == name.endswith("ScheduleRole")


def test_a_schedule_calls_a_function_that_there_is() -> None:
    schedules = [one["Properties"] for one in RESOURCES.values() if one["Type"] == "AWS::Scheduler::Schedule"]
    functions = {key[0].upper() + key[1:] + "LambdaFunction": function for key, function in FUNCTIONS.items()}
    called = {functions[one["Target"]["Arn"]["Fn::GetAtt"][0]]["handler"] for one in schedules}
    assert called == {f"queues.maintenance.{one}" for one in ("reap", "sweep_dead_letters", "clean")}
    assert all(RESOURCES[one["GroupName"]["Ref"]]["Type"] == "AWS::Scheduler::ScheduleGroup" for one in schedules)


@by_name
def test_a_type_has_its_alarms(job_type: JobType[Any, Any]) -> None:
    found = {
        (one["Properties"]["MetricName"], str(one["Properties"]["Dimensions"][0]["Value"]))
        for one in RESOURCES.values()
        if one["Type"] == "AWS::CloudWatch::Alarm"
    }
    name = f"{PREFIX}-{job_type.name}"
    assert ("ApproximateNumberOfMessagesVisible", f"{name}-dlq") in found
    assert {("Errors", name), ("Throttles", name)} <= found
    for queue in load(MODULES).queues_of(job_type.name):
        assert ("ApproximateAgeOfOldestMessage", f"{PREFIX}-{queue}") in found


def test_every_alarm_is_told_to_the_topic() -> None:
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            assert resource["Properties"]["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
            assert len(resource["Properties"]["AlarmDescription"]) > 20, name


def test_the_outputs_name_what_there_is() -> None:
    for output in STACK["Outputs"].values():
        ((function, value),) = output["Value"].items()
        name = {"Ref": value, "Fn::GetAtt": value[0]}.get(function)
        # The framework makes the HTTP API of the API's function.
        assert name is None or name in {*RESOURCES, "HttpApi"}
