"""Lengths, ranges, patterns and enumerations, as the front ends of AWS complain of them."""

from __future__ import annotations

import pytest

from infra.local.constraints import check_constraints
from infra.local.errors import AwsError


def complaint(operation: str, **params: object) -> str:
    with pytest.raises(AwsError) as caught:
        check_constraints("lambda", operation, params)
    assert caught.value.code == "ValidationException"
    return caught.value.message


def test_what_keeps_to_the_rules_passes() -> None:
    check_constraints("lambda", "Invoke", {"FunctionName": "f", "InvocationType": "Event", "Payload": b"{}"})
    check_constraints(
        "lambda", "TagResource", {"Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Tags": {}}
    )


def test_all_faults_are_told_at_once() -> None:
    assert complaint("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=3) == (
        "1 validation error detected: Value '3' at 'maximumRetryAttempts' failed to satisfy constraint: "
        "Member must have value less than or equal to 2"
    )
    both = complaint(
        "PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=3, MaximumEventAgeInSeconds=59
    )
    assert both.startswith("2 validation errors detected: Value '3' at 'maximumRetryAttempts' failed")
    assert "; Value '59' at 'maximumEventAgeInSeconds' failed to satisfy constraint: Member must have value gr" in both


def test_a_pattern_is_quoted_as_the_model_has_it() -> None:
    message = complaint("ListTags", Resource="arn:aws:something")
    assert message.startswith(
        "1 validation error detected: Value 'arn:aws:something' at 'resource' failed to satisfy constraint: "
        "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:"
    )


def test_members_of_members_are_named_by_their_path() -> None:
    message = complaint(
        "CreateEventSourceMapping", FunctionName="f", DestinationConfig={"OnFailure": {"Destination": "nonsense"}}
    )
    assert "Value 'nonsense' at 'destinationConfig.onFailure.destination' failed" in message
