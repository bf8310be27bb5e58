"""The compiled request checks agree with botocore's own validator, which decides."""

from typing import Any

import pytest
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from infra.local import model

URL = {"QueueUrl": "u"}
TABLE = {"TableName": "jobs"}
CASES: list[tuple[str, str, Any]] = [
    ("sqs", "SendMessage", {**URL, "MessageBody": "x"}),
    ("sqs", "SendMessage", {**URL, "MessageBody": b"x"}),
    ("sqs", "SendMessage", {**URL, "MessageBody": "x", "DelaySeconds": True}),
    ("sqs", "SendMessage", {**URL, "MessageBody": "x", "DelaySeconds": 1.5}),
    ("sqs", "SendMessage", {**URL}),
    ("sqs", "SendMessageBatch", {**URL, "Entries": ({"Id": "1", "MessageBody": "x"},)}),
    ("sqs", "SendMessageBatch", {**URL, "Entries": [{"Id": "1"}]}),
    ("sqs", "SendMessageBatch", {**URL, "Entries": {"Id": "1", "MessageBody": "x"}}),
    ("sqs", "TagQueue", {**URL, "Tags": {"a": "b"}}),
    ("sqs", "TagQueue", {**URL, "Tags": {"a": 1}}),
    ("sqs", "ListQueues", {}),
    ("sqs", "ListQueues", {"Colour": "green"}),
    ("dynamodb", "GetItem", {**TABLE, "Key": {"pk": {"S": "a"}}}),
    ("dynamodb", "GetItem", {**TABLE, "Key": {"pk": {"S": "a", "N": "1"}}}),
    ("dynamodb", "GetItem", {**TABLE, "Key": {"pk": {"X": "a"}}}),
    ("dynamodb", "GetItem", {"TableName": "", "Key": {"pk": {"S": "a"}}}),
    ("dynamodb", "PutItem", {**TABLE, "Item": {"m": {"M": {"l": {"L": [{"BOOL": True}, {"NULL": True}]}}}}}),
    ("dynamodb", "PutItem", {**TABLE, "Item": {"m": {"M": {"l": {"L": [{"BOOL": 1}]}}}}}),
    ("dynamodb", "PutItem", {**TABLE, "Item": {"b": {"B": b"x"}, "s": {"SS": ["a", "b"]}}}),
    ("dynamodb", "PutItem", {**TABLE, "Item": {"s": {"SS": ["a", 1]}}}),
    ("dynamodb", "BatchGetItem", {"RequestItems": {}}),
]


@pytest.mark.parametrize(("service", "operation", "params"), CASES)
def test_the_short_way_never_accepts_what_botocore_refuses(service: str, operation: str, params: Any) -> None:
    shape = model.input_shapes(service)[operation]
    valid = not ParamValidator().validate(params, shape).has_errors()
    if model._fits(service, operation)(params):
        assert valid
    try:
        model.check(service, operation, params)
    except ParamValidationError:
        assert not valid
    else:
        assert valid


def test_common_calls_take_the_short_way() -> None:
    for service, operation, params in (CASES[0], CASES[12], CASES[16], CASES[18]):
        assert model._fits(service, operation)(params)
