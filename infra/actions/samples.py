"""A sound value for every parameter of AWS's models: what a call needs, so that one parameter can be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

#: The queue, table, function and schedule that the probe has, and what else the calls are about.
NAME = "orders"
ACCOUNT = "000000000000"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{NAME}"
FUNCTION_ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}"
TABLE_ARN = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/{NAME}"
UUID = "14e0db71-6e5a-4d0c-a5f3-5e9bd6e1e0c1"
_ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/any"
_KEY_SCHEMA = [{"AttributeName": "pk", "KeyType": "HASH"}]

#: Values by the names of members, where any text of the right length would not do.
_COMMON: dict[str, Any] = {
    "RoleArn": _ROLE_ARN,
    "KmsKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{UUID}",
    "KMSKeyArn": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/{UUID}",
    "ClientToken": UUID,
}
_BY_SERVICE: dict[str, dict[str, Any]] = {
    "sqs": {
        "QueueUrl": f"http://127.0.0.1:4566/{ACCOUNT}/{NAME}",
        "QueueName": NAME,
        "SourceArn": QUEUE_ARN,
        "DestinationArn": QUEUE_ARN,
        "Attributes": {},
        "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}},
        "MessageSystemAttributes": {"AWSTraceHeader": {"DataType": "String", "StringValue": "x"}},
        "AWSAccountIds": [ACCOUNT],
        "Actions": ["SendMessage"],
        "AttributeNames": ["All"],
        "MessageSystemAttributeNames": ["All"],
    },
    "dynamodb": {
        "TableName": NAME,
        "IndexName": "by-state",
        "ResourceArn": TABLE_ARN,
        "KeySchema": _KEY_SCHEMA,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        "Key": {"pk": {"S": "a"}},
        "Item": {"pk": {"S": "a"}},
        "Statement": "SELECT * FROM orders WHERE pk = 'a'",
        "KeyConditionExpression": "pk = :a",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":a": {"S": "a"}},
    },
    "scheduler": {
        "Name": NAME,
        "GroupName": "default",
        "ScheduleExpression": "rate(1 day)",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ResourceArn": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/default",
        "Arn": QUEUE_ARN,
        "NextToken": "x",
    },
    "cloudwatch": {
        "AlarmName": NAME,
        "AlarmNames": [NAME],
        "Namespace": NAME,
        "MetricName": NAME,
        "Statistic": "Sum",
        "Stat": "Sum",
        "ComparisonOperator": "GreaterThanThreshold",
        "ResourceARN": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:{NAME}",
        "Period": 60,
        "Id": "a",
        "EndTime": 1_700_003_600,
        "OwningAccount": "111111111111",
        "AccountId": "111111111111",
    },
    "lambda": {
        "FunctionName": NAME,
        "UUID": UUID,
        "EventSourceArn": QUEUE_ARN,
        "Resource": FUNCTION_ARN,
        "ARN": FUNCTION_ARN,
        "Payload": b"{}",
        "InvokeArgs": b"{}",
        "Qualifier": "$LATEST",
        "ClientContext": "e30=",
    },
    "sts": {"RoleArn": "arn:aws:iam::000000000000:role/reader", "DurationSeconds": 900},
}
#: What such a value must be, to be good for a member of that name.
_PYTHON: dict[str, type] = {"structure": dict, "map": dict, "list": list, "string": str, "integer": int, "blob": bytes}
#: What an operation must be given although the model does not ask for it, or beside what the model asks for.
NEEDED: dict[tuple[str, str], dict[str, Any]] = {
    ("dynamodb", "CreateTable"): {
        "TableName": "new",
        "KeySchema": _KEY_SCHEMA,
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    },
    ("dynamodb", "Query"): {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}},
    ("cloudwatch", "PutMetricAlarm"): {
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "Threshold": 1.0,
        "Namespace": NAME,
        "MetricName": NAME,
        "Statistic": "Sum",
        "Period": 60,
    },
    ("cloudwatch", "PutMetricData"): {"MetricData": [{"MetricName": NAME, "Value": 1.0}]},
    ("lambda", "CreateEventSourceMapping"): {"EventSourceArn": QUEUE_ARN},
}
_SCALARS: dict[str, Any] = {
    "boolean": True,
    "float": 1.0,
    "double": 1.0,
    "timestamp": 1_700_000_000,
    "blob": b"x",
}


def sample(service: str, name: str, shape: Any) -> Any:
    """A value for the member `name` of this shape: with what the model requires inside, and nothing else."""
    named = (_BY_SERVICE[service] | _COMMON).get(name)
    if named is not None and isinstance(named, _PYTHON.get(shape.type_name, object)):
        return named
    match shape.type_name:
        case "structure":
            one_of = [next(iter(shape.members))] if getattr(shape, "is_tagged_union", False) else ()
            return {
                member: sample(service, member, shape.members[member]) for member in (*shape.required_members, *one_of)
            }
        case "list":
            return [sample(service, name.removesuffix("s"), shape.member)]
        case "map":
            return {NAME: sample(service, name.removesuffix("s"), shape.value)}
        case "string":
            return shape.enum[0] if shape.enum else NAME.ljust(shape.metadata.get("min", 1), "x")
        case "integer" | "long":
            return max(1, shape.metadata.get("min", 1))
        case scalar:
            return _SCALARS[scalar]


def values(service: str, name: str, shape: Any) -> Iterator[tuple[str, Any]]:
    """What to try a parameter with: every word that AWS has for it, told as `=word`, or one value that says nothing."""
    if shape.type_name == "string" and shape.enum:
        for word in shape.enum:
            yield f"={word}", word
    else:
        yield "", sample(service, name, shape)
