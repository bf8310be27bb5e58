"""What is attached to a table beside its items: a resource policy, and the switch of contributor insights."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.dynamodb.conftest import START, World

ARN = "arn:aws:dynamodb:us-east-1:000000000000:table/things"
NOT_FOUND = "Resource-based policy not found for the provided ResourceArn: "
PREFIX = "One or more parameter values were invalid: "


def policy(action: str = "dynamodb:GetItem") -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": action, "Resource": ARN}]})


def put(world: World, document: str, **params: Any) -> str:
    revision: str = world.call("PutResourcePolicy", ResourceArn=ARN, Policy=document, **params)["RevisionId"]
    return revision


def test_a_policy_is_given_back_with_its_revision(world: World) -> None:
    first = put(world, policy())
    assert world.call("GetResourcePolicy", ResourceArn=ARN) == {"Policy": policy(), "RevisionId": first}
    assert put(world, policy()) == first
    second = put(world, policy("dynamodb:PutItem"), ExpectedRevisionId=first)
    assert second > first
    assert world.call("DeleteResourcePolicy", ResourceArn=ARN) == {"RevisionId": second}
    assert world.call("DeleteResourcePolicy", ResourceArn=ARN) == {}
    error = world.refusal("GetResourcePolicy", ResourceArn=ARN)
    assert (error.code, error.message) == ("PolicyNotFoundException", NOT_FOUND + ARN)


def test_another_revision_than_expected_is_refused(world: World) -> None:
    def refused(operation: str, expected: str, **params: Any) -> str:
        error = world.refusal(operation, ResourceArn=ARN, ExpectedRevisionId=expected, **params)
        assert error.code == "PolicyNotFoundException"
        return error.message

    assert refused("DeleteResourcePolicy", "1") == NOT_FOUND + ARN
    kept = put(world, policy(), ExpectedRevisionId="NO_POLICY")
    assert refused("PutResourcePolicy", "NO_POLICY", Policy=policy("dynamodb:*")) == (
        f"{NOT_FOUND}Requested policy update expecting none to be present for table things, but a policy exists with "
        f"revision id {kept}."
    )
    assert refused("DeleteResourcePolicy", "1") == (
        f"{NOT_FOUND}Requested update for policy with revision id 1, but the policy associated to target table things "
        f"has revision id {kept}."
    )
    assert world.call("GetResourcePolicy", ResourceArn=ARN)["RevisionId"] == kept


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"Policy": "[]"}, PREFIX + "Invalid policy document: This policy contains invalid Json"),
        ({"Policy": "{"}, PREFIX + "Invalid policy document: This policy contains invalid Json"),
        (
            {"Policy": '{"Statement": []}'},
            PREFIX + "Invalid policy document: Could not parse the policy: Statement is empty!",
        ),
        ({"Policy": '{"Statement": [{}]}'}, PREFIX + "Invalid policy document: Missing required field Effect"),
        ({"Policy": f'"{"x" * 20_480}"'}, PREFIX + "Maximum policy size of 20480 bytes exceeded"),
        ({"ResourceArn": "things"}, PREFIX + "ARNs must start with 'arn:': things"),
        (
            {"ResourceArn": "arn:aws:sqs:us-east-1:000000000000:q"},
            PREFIX + "Provided Arn is not a DynamoDB resource arn: arn:aws:sqs:us-east-1:000000000000:q",
        ),
        ({"ResourceArn": ARN.replace("us-east-1", "eu-west-1")}, PREFIX + "Invalid resource Arn: arn:aws:dynamodb:eu"),
        ({"ResourceArn": ARN.replace(":0000", ":1111")}, "This action is only supported by accounts that match"),
        ({"ResourceArn": f"{ARN}/index/any"}, PREFIX + "Invalid resource arn provided, only table or stream is"),
    ],
)
def test_policies_that_are_refused(world: World, params: dict[str, Any], complaint: str) -> None:
    message = world.message("PutResourcePolicy", **{"ResourceArn": ARN, "Policy": policy(), **params})
    assert message.startswith(complaint)


def test_a_policy_is_of_a_table_that_is_there(world: World) -> None:
    error = world.refusal("GetResourcePolicy", ResourceArn=f"{ARN}_")
    assert error.code == "ResourceNotFoundException"
    assert error.message == "Requested resource not found: Table: things_ not found"
    put(world, policy())
    world.call("DeleteTable", TableName="things")
    assert world.refusal("GetResourcePolicy", ResourceArn=ARN).code == "ResourceNotFoundException"


def test_insights_are_switched_on_and_off(world: World) -> None:
    def status(**params: Any) -> Any:
        return world.call("DescribeContributorInsights", TableName="orders", **params)["ContributorInsightsStatus"]

    def switch(action: str, **params: Any) -> Any:
        asked = {"TableName": "orders", "ContributorInsightsAction": action, **params}
        return world.call("UpdateContributorInsights", **asked)["ContributorInsightsStatus"]

    assert status() == "DISABLED"
    assert switch("ENABLE") == "ENABLING"
    assert (status(), status(IndexName="by-state")) == ("ENABLED", "DISABLED")
    assert switch("ENABLE", IndexName="by-state", ContributorInsightsMode="THROTTLED_KEYS") == "ENABLING"
    assert switch("DISABLE") == "DISABLING"
    assert (status(), status(IndexName="by-state")) == ("DISABLED", "ENABLED")
    described = world.call("DescribeContributorInsights", TableName="orders", IndexName="by-state")
    assert described["LastUpdateDateTime"] == datetime.fromtimestamp(START / 1000, UTC)
    assert described["ContributorInsightsMode"] == "THROTTLED_KEYS"


def test_insights_are_listed_in_pages(world: World) -> None:
    for table in ("orders", "things"):
        world.call("UpdateContributorInsights", TableName=table, ContributorInsightsAction="ENABLE")
    world.call(
        "UpdateContributorInsights", TableName="orders", IndexName="by-state", ContributorInsightsAction="ENABLE"
    )
    found: list[tuple[str, str]] = []
    token: dict[str, Any] = {}
    while True:
        page = world.call("ListContributorInsights", MaxResults=2, **token)
        found += [(told["TableName"], told.get("IndexName", "")) for told in page["ContributorInsightsSummaries"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == [("orders", ""), ("orders", "by-state"), ("things", "")]
    only = world.call("ListContributorInsights", TableName="things")["ContributorInsightsSummaries"]
    assert [told["TableName"] for told in only] == ["things"]


def test_insights_of_what_is_not_there_are_refused(world: World) -> None:
    error = world.refusal("DescribeContributorInsights", TableName="orders", IndexName="ghost")
    assert error.code == "ResourceNotFoundException"
    assert error.message == "Requested resource not found: Index: ghost not found for table: orders"
    assert world.message("DescribeContributorInsights", TableName="orders", IndexName="") == (
        "IndexName must be at least 3 characters long and at most 255 characters long"
    )
    assert "'contributorInsightsAction'" in world.message(
        "UpdateContributorInsights", TableName="orders", ContributorInsightsAction="TOGGLE"
    )
