"""What AWS's request validation says before anything else: which members it names, in which order, in which words."""

from typing import Any

import pytest

from tests.dynamodb.conftest import KEY_ONLY, World

KEY = {"pk": {"S": "1"}}
RETURN_VALUES = "[ALL_NEW, UPDATED_OLD, ALL_OLD, NONE, UPDATED_NEW]"
TABLE_PATTERN = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"


def failed(value: str, at: str, rule: str) -> str:
    return f"Value {value} at '{at}' failed to satisfy constraint: {rule}"


NULL = "Member must not be null"


@pytest.mark.parametrize(
    ("operation", "params", "problems"),
    [
        ("GetItem", {}, [failed("null", "tableName", NULL), failed("null", "key", NULL)]),
        (
            "GetItem",
            {"TableName": "a;b", "ReturnConsumedCapacity": "all", "Key": KEY},
            [
                failed("'all'", "returnConsumedCapacity", "Member must satisfy enum value set: [INDEXES, TOTAL, NONE]"),
                failed("'a;b'", "tableName", TABLE_PATTERN),
            ],
        ),
        (
            "PutItem",
            {"TableName": "abc", "Item": KEY, "ReturnValues": "x", "ReturnItemCollectionMetrics": "y"},
            [
                failed("'x'", "returnValues", f"Member must satisfy enum value set: {RETURN_VALUES}"),
                failed("'y'", "returnItemCollectionMetrics", "Member must satisfy enum value set: [SIZE, NONE]"),
            ],
        ),
        (
            "UpdateItem",
            {"TableName": "a;b", "Key": KEY, "ReturnValues": "x"},
            [failed("'x'", "returnValues", f"Member must satisfy enum value set: {RETURN_VALUES}")],
        ),
        (
            "Query",
            {"TableName": "abc", "Limit": -1, "Select": "x"},
            [
                failed(
                    "'x'",
                    "select",
                    "Member must satisfy enum value set: "
                    "[SPECIFIC_ATTRIBUTES, COUNT, ALL_ATTRIBUTES, ALL_PROJECTED_ATTRIBUTES]",
                ),
                "Value at 'Limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
            ],
        ),
        (
            "Scan",
            {"TableName": "abc", "TotalSegments": 1_000_001, "Segment": -1},
            [
                failed("'1000001'", "totalSegments", "Member must have value less than or equal to 1000000"),
                failed("'-1'", "segment", "Member must have value greater than or equal to 0"),
            ],
        ),
        (
            "CreateTable",
            {**KEY_ONLY, "TableName": "a", "BillingMode": "FREE"},
            [
                failed("'a'", "tableName", "Member must have length greater than or equal to 3"),
                failed("'FREE'", "billingMode", "Member must satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"),
            ],
        ),
        (
            "CreateTable",
            {**KEY_ONLY, "TableName": "abc", "KeySchema": KEY_ONLY["KeySchema"] * 3},
            [
                failed(
                    f"'[{', '.join(['KeySchemaElement(attributeName=pk, keyType=HASH)'] * 3)}]'",
                    "keySchema",
                    "Member must have length less than or equal to 2",
                )
            ],
        ),
        (
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "abc"}}]},
            [failed("null", "transactItems.1.member.put.item", NULL)],
        ),
    ],
)
def test_what_is_named(world: World, operation: str, params: dict[str, Any], problems: list[str]) -> None:
    noun = "error" if len(problems) == 1 else "errors"
    assert world.message(operation, **params) == (f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")


@pytest.mark.parametrize("missing", ["TableName", "KeySchema", "AttributeDefinitions"])
def test_what_a_table_must_have(world: World, missing: str) -> None:
    params = {name: value for name, value in {**KEY_ONLY, "TableName": "abc"}.items() if name != missing}
    assert world.message("CreateTable", **params) == (
        f"The parameter '{missing}' is required but was not present in the request"
    )


def test_constraints_come_before_values_and_values_before_the_table(world: World) -> None:
    bad_value = {"pk": {"N": "x"}}
    message = world.message("PutItem", TableName="no", Item=bad_value, ReturnValues="x")
    assert "'returnValues'" in message
    assert "cannot be converted to a numeric value" in world.message("PutItem", TableName="nowhere", Item=bad_value)
    assert world.refusal("PutItem", TableName="nowhere", Item={}).code == "ResourceNotFoundException"


def test_the_hot_path_checks_what_it_has_not_seen(world: World) -> None:
    """A plain call on a known table skips the constraints; one on an unknown table does not."""
    world.call("PutItem", TableName="things", Item=KEY)
    world.call("PutItem", TableName="things", Item=KEY)
    assert "'tableName'" in world.message("PutItem", TableName="th;ings", Item=KEY)
    assert "'tableName'" in world.message("GetItem", TableName="", Key=KEY)
