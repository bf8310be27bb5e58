"""Whether a catalog fits into one CloudFormation stack: its limits, and what a rendered catalog will come to. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from infra.deploy.names import JOB_SCHEDULE_ROLE, PREFIX
from infra.deploy.payloads import BUCKET
from queues.schedules.eventbridge import role_name

#: Resources, outputs, and bytes of the template of one stack. (CloudFormation quotas)
MAX_RESOURCES = 500
MAX_OUTPUTS = 200
MAX_TEMPLATE_BYTES = 1_000_000
#: Characters of a role's inline policies together, without white space. (IAM quotas)
MAX_ROLE_POLICY = 10_240
#: Characters of a managed policy, without white space. (IAM quotas)
MAX_MANAGED_POLICY = 6_144

#: Resources that the framework makes of a function, besides those of its events: the function and its log group.
OF_A_FUNCTION = 2
#: What it makes of an event source mapping, and of a function that says what becomes of asynchronous calls.
OF_A_MAPPING = 1
OF_ASYNC_SETTINGS = 1
#: What it makes, and serverless.yml itself, whatever the catalog: the bucket for artifacts and its policy; the API's
#: function and log group, HTTP API, stage, integration, route and permission; the secret.
FIXED_RESOURCES = 2 + 7 + 1
#: Its own outputs: the bucket, the HTTP API's id and URL; and serverless.yml's: the secret.
FIXED_OUTPUTS = 3 + 1
#: Bytes that it adds to a function's own words, and to the template: measured, and rounded up.
BYTES_OF_A_FUNCTION = 1_200
FIXED_BYTES = 8_000
#: Characters of a queue's or table's ARN before its name: arn:aws-us-gov:sqs:us-gov-west-1:123456789012: and so on.
ARN_HEAD = 50
#: Characters of the longest prefix that names may have. (queues/settings.py)
PREFIX_CHARS = 24
#: Characters of a bucket's name at the most. (S3 quotas)
BUCKET_NAME_CHARS = 63
#: As long as a region's name is.
LONGEST_REGION = "ap-northeast-1"
_ARN = re.compile(r'\{"Fn::GetAtt":\["(\w+)","Arn"\]\}')


def count_resources(documents: Mapping[str, Mapping[str, Any]]) -> int:
    """How many resources the framework will put into the template."""
    functions = documents["functions.yml"].values()
    return (
        FIXED_RESOURCES
        + sum(len(document.get("Resources", ())) for document in documents.values())
        + sum(OF_A_FUNCTION + OF_A_MAPPING * len(function.get("events", ())) for function in functions)
        + sum(OF_ASYNC_SETTINGS for function in functions if "maximumRetryAttempts" in function)
    )


def count_outputs(documents: Mapping[str, Mapping[str, Any]]) -> int:
    """How many outputs the template will have."""
    return FIXED_OUTPUTS + len(documents["outputs.yml"]["Outputs"])


def estimate_bytes(documents: Mapping[str, Mapping[str, Any]]) -> int:
    """Not less than the bytes that the template will have."""
    text = json.dumps(documents, separators=(",", ":"))
    return FIXED_BYTES + len(text.encode()) + BYTES_OF_A_FUNCTION * len(documents["functions.yml"])


def policy_chars(role: Mapping[str, Any], names: Mapping[str, str]) -> int:
    """Not less than the characters that IAM will count for a role's inline policies; `names` of what they name."""
    return _chars(role["Properties"]["Policies"], names)


def managed_policy_chars(resource: Mapping[str, Any], names: Mapping[str, str]) -> int:
    """The same for a managed policy; 0 for any other resource."""
    return _chars(resource["Properties"].get("PolicyDocument", ""), names)


def _chars(policies: Any, names: Mapping[str, str]) -> int:
    text = json.dumps(policies, separators=(",", ":"))
    return len(_ARN.sub(lambda found: '"' + "-" * ARN_HEAD + names[found[1]] + '"', text))


def _names(documents: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Logical id -> name on AWS, of table, queues and the role of job schedules."""
    names = {"JobsTable": PREFIX, JOB_SCHEDULE_ROLE: "role/" + role_name(PREFIX, LONGEST_REGION)}
    names[BUCKET] = "-" * BUCKET_NAME_CHARS
    for logical_id, resource in documents["queues.yml"]["Resources"].items():
        names[logical_id] = resource["Properties"].get("QueueName", "")
    return {logical_id: name.replace(PREFIX, "-" * PREFIX_CHARS) for logical_id, name in names.items()}


def excess(documents: Mapping[str, Mapping[str, Any]]) -> str | None:
    """Which limit is passed, as a part of a sentence; None if all are kept."""
    names = _names(documents)
    policies = [policy_chars(role, names) for role in documents["roles.yml"]["Resources"].values()]
    managed = [managed_policy_chars(one, names) for one in documents["workers.yml"]["Resources"].values()]
    for measured, limit, what in (
        (count_resources(documents), MAX_RESOURCES, "resources, of which CloudFormation takes"),
        (count_outputs(documents), MAX_OUTPUTS, "outputs, of which CloudFormation takes"),
        (estimate_bytes(documents), MAX_TEMPLATE_BYTES, "bytes of template, of which CloudFormation takes"),
        (max(policies), MAX_ROLE_POLICY, "characters in one role's policy, of which IAM takes"),
        (max(managed, default=0), MAX_MANAGED_POLICY, "characters in the workers' policy, of which IAM takes"),
    ):
        if measured > limit:
            return f"{measured:,} {what} {limit:,}"
    return None
