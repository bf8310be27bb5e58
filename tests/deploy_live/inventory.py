"""All that an account holds of the kinds that a deployment makes: by name, with what may change of it."""

from __future__ import annotations

from typing import Any

from infra.deploy.local_stack.stack import Stack

#: Made by nobody, there from the start.
GIVEN = {"schedule groups": {"default"}}

Inventory = dict[str, dict[str, Any]]


def inventory(stack: Stack) -> Inventory:
    """Kind -> name -> what tells two states of it apart."""
    found = {
        "stacks": {
            one["StackName"]: (one["StackStatus"], one.get("LastUpdatedTime"))
            for one in _all(stack, "cloudformation", "describe_stacks", "Stacks")
        },
        "queues": {url: url for url in _all(stack, "sqs", "list_queues", "QueueUrls")},
        "tables": {name: name for name in _all(stack, "dynamodb", "list_tables", "TableNames")},
        "functions": {
            one["FunctionName"]: (one["CodeSha256"], one["LastModified"], one["RevisionId"])
            for one in _all(stack, "lambda", "list_functions", "Functions")
        },
        "event source mappings": {
            one["UUID"]: (one["FunctionArn"], one["BatchSize"])
            for one in _all(stack, "lambda", "list_event_source_mappings", "EventSourceMappings")
        },
        "roles": {one["RoleName"]: one["Arn"] for one in _all(stack, "iam", "list_roles", "Roles")},
        "policies": {
            one["Arn"]: one["UpdateDate"] for one in _all(stack, "iam", "list_policies", "Policies", Scope="Local")
        },
        "schedules": {
            one["Name"]: one["LastModificationDate"] for one in _all(stack, "scheduler", "list_schedules", "Schedules")
        },
        "schedule groups": {
            one["Name"]: one["Arn"] for one in _all(stack, "scheduler", "list_schedule_groups", "ScheduleGroups")
        },
        "log groups": {
            one["logGroupName"]: one.get("retentionInDays")
            for one in _all(stack, "logs", "describe_log_groups", "logGroups")
        },
        "alarms": {
            one["AlarmName"]: one["AlarmConfigurationUpdatedTimestamp"]
            for one in _all(stack, "cloudwatch", "describe_alarms", "MetricAlarms")
        },
        "dashboards": {
            one["DashboardName"]: one["LastModified"]
            for one in _all(stack, "cloudwatch", "list_dashboards", "DashboardEntries")
        },
        "topics": {one["TopicArn"]: one["TopicArn"] for one in _all(stack, "sns", "list_topics", "Topics")},
        "secrets": {
            one["Name"]: one["LastChangedDate"] for one in _all(stack, "secretsmanager", "list_secrets", "SecretList")
        },
        "HTTP APIs": {one["ApiId"]: one["ApiEndpoint"] for one in _all(stack, "apigatewayv2", "get_apis", "Items")},
        "buckets": {one["Name"]: one["CreationDate"] for one in _all(stack, "s3", "list_buckets", "Buckets")},
    }
    return {
        kind: {name: value for name, value in things.items() if name not in GIVEN.get(kind, ())}
        for kind, things in found.items()
    }


def names(found: Inventory) -> dict[str, list[str]]:
    """Kind -> names, without the kinds of which there is nothing."""
    return {kind: sorted(things) for kind, things in found.items() if things}


def _all(stack: Stack, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
    client = stack.client(service)
    if not client.can_paginate(operation):
        return list(getattr(client, operation)(**parameters).get(key, ()))
    return [one for page in client.get_paginator(operation).paginate(**parameters) for one in page.get(key, ())]
