"""The constraints on a request's members (lengths, ranges, patterns, enums), compiled from AWS's service model.

AWS checks these before anything else, and reports all that fail in one message, in an order of its own. The
model that botocore ships has the constraints; what it does not have is here: the orders, and where AWS deviates.

The hot operations ask only when a request has members beyond the plain ones or names a table not seen before.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import orjson

from infra.local.dynamodb.errors import invalid
from infra.local.model import input_shapes

#: Notes what is wrong with a value: (value, path, problems).
Look = Callable[[Any, str, list[str]], None]

#: Problems in one message at most.
_REPORTED = 10
_NAME = "[a-zA-Z0-9_.-]+"
_NAME_LENGTH = 255
_RETURN_VALUES = ("ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW")

#: Operation -> its constrained members as AWS reports them; the other operations go by the model.
_ORDER: dict[str, tuple[str, ...]] = {
    "PutItem": (
        "ReturnConsumedCapacity",
        "TableName",
        "Item",
        "ConditionalOperator",
        "Expected",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "ReturnValuesOnConditionCheckFailure",
    ),
    "UpdateItem": (
        "ReturnConsumedCapacity",
        "TableName",
        "ReturnItemCollectionMetrics",
        "ReturnValues",
        "ConditionalOperator",
        "Key",
        "Expected",
        "AttributeUpdates",
        "ReturnValuesOnConditionCheckFailure",
    ),
    "DeleteItem": (
        "ReturnConsumedCapacity",
        "TableName",
        "ReturnValues",
        "ReturnItemCollectionMetrics",
        "Key",
        "ConditionalOperator",
        "Expected",
        "ReturnValuesOnConditionCheckFailure",
    ),
    "GetItem": ("ReturnConsumedCapacity", "AttributesToGet", "TableName", "Key"),
    "Query": (
        "Select",
        "IndexName",
        "ReturnConsumedCapacity",
        "QueryFilter",
        "TableName",
        "ConditionalOperator",
        "AttributesToGet",
        "Limit",
        "KeyConditions",
    ),
    "Scan": (
        "Select",
        "IndexName",
        "TotalSegments",
        "ReturnConsumedCapacity",
        "TableName",
        "ConditionalOperator",
        "ScanFilter",
        "Segment",
        "Limit",
        "AttributesToGet",
    ),
    "BatchGetItem": ("RequestItems", "ReturnConsumedCapacity"),
    "BatchWriteItem": ("ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "RequestItems"),
    "TransactWriteItems": (
        "ClientRequestToken",
        "ReturnConsumedCapacity",
        "ReturnItemCollectionMetrics",
        "TransactItems",
    ),
    "TransactGetItems": ("TransactItems", "ReturnConsumedCapacity"),
    "CreateTable": (
        "AttributeDefinitions",
        "TableName",
        "BillingMode",
        "ProvisionedThroughput",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes",
        "TableClass",
        "StreamSpecification",
        "SSESpecification",
        "Tags",
    ),
}
#: Operations that stop at the first problem unless a required member is missing.
_FIRST_ONLY = frozenset({"UpdateItem"})
#: Enums as AWS writes them, where the model's order is another.
_ENUMS: dict[str, tuple[str, ...]] = {
    "ReturnValue": _RETURN_VALUES,
    "ReturnValuesOnConditionCheckFailure": ("ALL_OLD", "NONE"),
    "Select": ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"),
    "ConditionalOperator": ("OR", "AND"),
    "ScalarAttributeType": ("B", "N", "S"),
    "ProjectionType": ("ALL", "INCLUDE", "KEYS_ONLY"),
    "ComparisonOperator": (
        *("IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT"),
        *("NOT_NULL", "NE", "LE", "BEGINS_WITH", "GE", "CONTAINS"),
    ),
    "AttributeAction": ("ADD", "DELETE", "PUT"),
}
#: Lengths of members of a request that the model lost when it learned of ARNs for names and of long index keys.
_LENGTHS: dict[tuple[str, str], tuple[int, int]] = {
    ("CreateTable", "TableName"): (3, _NAME_LENGTH),
    ("CreateTable", "KeySchema"): (1, 2),
}
#: Members whose lengths and ranges are reported by the member's own name and without the value.
_TERSE = frozenset({("Query", "Limit"), ("BatchGetItem", "RequestItems")})
#: Shapes that hold attribute values or tags, which are checked elsewhere.
_VALUES = frozenset(
    {"AttributeValue", "AttributeMap", "PutItemInputAttributeMap", "Key", "AttributeValueList", "Tag", "TagKeyString"}
)


def check(operation: str, params: Mapping[str, Any]) -> None:
    """Raises a ValidationException that names every member of `params` that breaks a constraint."""
    problems: list[str] = []
    missing = False
    for name, required, look in _members(operation):
        value = params.get(name)
        if value is not None:
            if look is not None:
                look(value, name, problems)
        elif required:
            if operation == "CreateTable":
                raise invalid(f"The parameter '{name}' is required but was not present in the request")
            missing = True
            problems.append(f"Value null at '{_lowered(name)}' failed to satisfy constraint: Member must not be null")
    if not problems:
        return
    if not missing and operation in ("PutItem", "UpdateItem", "DeleteItem") and params["TableName"] == "":
        problems = [problem for problem in problems if "'tableName'" in problem and "length" in problem]
    elif (operation in _FIRST_ONLY and not missing) or operation == "BatchWriteItem":
        problems = _foremost(operation, problems)
    del problems[_REPORTED:]
    noun = "error" if len(problems) == 1 else "errors"
    raise invalid(f"{len(problems)} validation {noun} detected: {'; '.join(problems)}")


def _foremost(operation: str, problems: list[str]) -> list[str]:
    """Of an update only one problem, first that of ReturnValues; of a batch write the enums before the map."""
    if operation == "UpdateItem":
        return [next((problem for problem in problems if "'returnValues'" in problem), problems[0])]
    enums = [problem for problem in problems if "'requestItems" not in problem]
    return enums or problems


@cache
def _members(operation: str) -> tuple[tuple[str, bool, Look | None], ...]:
    """Name, whether it is required, and what is looked at, of each member in the order of reports."""
    shape = input_shapes("dynamodb")[operation]
    names = _ORDER.get(operation, tuple(shape.members))
    required = set(shape.required_members)
    if operation == "CreateTable":
        required |= {"AttributeDefinitions", "KeySchema"}
    return tuple((name, name in required, _compile(operation, name, shape.members[name])) for name in names)


def _compile(operation: str, member: str, shape: Any) -> Look | None:
    """What is looked at in a value of this shape; None when anything goes."""
    if shape.name in _VALUES:
        return None
    terse = (operation, member) in _TERSE
    if (operation, member) == ("BatchGetItem", "RequestItems"):
        return _batch_get
    if (operation, member) == ("BatchWriteItem", "RequestItems"):
        return _batch_write
    lengths = _LENGTHS.get((operation, member))
    if shape.name == "TableArn":
        return _table_name(*(lengths or (1, _NAME_LENGTH)))
    least, most = lengths or (shape.metadata.get("min"), shape.metadata.get("max"))
    if shape.type_name == "string":
        return _string(shape, least, most, terse)
    if shape.type_name in ("integer", "long"):
        return _number(least, most, terse)
    if shape.type_name == "list":
        return _list(shape, least, most, _compile(operation, "", shape.member))
    if shape.type_name == "map":
        return _map(least, _compile(operation, "", shape.value))
    if shape.type_name == "structure":
        return _structure(operation, shape)
    return None


def _problem(value: object, path: str, rule: str, terse: bool = False) -> str:
    at = f"at '{path}'" if terse else f"'{value}' at '{_lowered(path)}'"
    return f"Value {at} failed to satisfy constraint: Member must {rule}"


def _lowered(path: str) -> str:
    return path[:1].lower() + path[1:]


def _lengths(
    value: Any, path: str, problems: list[str], least: int | None, most: int | None, shown: Any, terse: bool = False
) -> None:
    if least is not None and len(value) < least:
        problems.append(_problem(shown, path, f"have length greater than or equal to {least}", terse))
    if most is not None and len(value) > most:
        problems.append(_problem(shown, path, f"have length less than or equal to {most}", terse))


def _table_name(least: int, most: int) -> Look:
    """A table's name, or its ARN."""

    def look(value: Any, path: str, problems: list[str]) -> None:
        if value.startswith("arn:"):
            return
        if value and not re.fullmatch(_NAME, value):
            problems.append(_problem(value, path, f"satisfy regular expression pattern: {_NAME}"))
        _lengths(value, path, problems, least, most, value)

    return look


def _string(shape: Any, least: int | None, most: int | None, terse: bool) -> Look | None:
    enum = _ENUMS.get(shape.name) or shape.metadata.get("enum")
    pattern = shape.metadata.get("pattern")
    if enum is None and pattern is None and least is None and most is None:
        return None

    def look(value: Any, path: str, problems: list[str]) -> None:
        if enum is not None and value not in enum:
            problems.append(_problem(value, path, f"satisfy enum value set: [{', '.join(enum)}]"))
        if pattern is not None and not re.fullmatch(pattern, value):
            problems.append(_problem(value, path, f"satisfy regular expression pattern: {pattern}"))
        _lengths(value, path, problems, least, most, value, terse)

    return look


def _number(least: int | None, most: int | None, terse: bool) -> Look | None:
    if least is None and most is None:
        return None

    def look(value: Any, path: str, problems: list[str]) -> None:
        if least is not None and value < least:
            problems.append(_problem(value, path, f"have value greater than or equal to {least}", terse))
        if most is not None and value > most:
            problems.append(_problem(value, path, f"have value less than or equal to {most}", terse))

    return look


def _list(shape: Any, least: int | None, most: int | None, member: Look | None) -> Look | None:
    if least is None and most is None and member is None:
        return None

    def look(value: Any, path: str, problems: list[str]) -> None:
        _lengths(value, path, problems, least, most, _Echo(value, shape))
        if member is not None:
            for at, element in enumerate(value, start=1):
                member(element, f"{path}.{at}.member", problems)

    return look


def _map(least: int | None, member: Look | None) -> Look | None:
    if least is None and member is None:
        return None

    def look(value: Any, path: str, problems: list[str]) -> None:
        _lengths(value, path, problems, least, None, value)
        if member is not None:
            for key, entry in value.items():
                member(entry, f"{path}.{key}.member", problems)

    return look


def _structure(operation: str, shape: Any) -> Look | None:
    required = set(shape.required_members)
    looks = [
        (name, f".{_lowered(name)}", name in required, _compile(operation, "", member))
        for name, member in shape.members.items()
    ]
    looks = [entry for entry in looks if entry[2] or entry[3] is not None]
    if not looks:
        return None

    def look(value: Any, path: str, problems: list[str]) -> None:
        for name, suffix, is_required, inner in looks:
            if name in value:
                if inner is not None:
                    inner(value[name], path + suffix, problems)
            elif is_required:
                problems.append(
                    f"Value null at '{_lowered(path)}{suffix}' failed to satisfy constraint: Member must not be null"
                )

    return look


_MAP_KEYS = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 255, Member must have length "
    f"greater than or equal to 3, Member must satisfy regular expression pattern: {_NAME}]"
)
_MAP_VALUES = (
    "Map value must satisfy constraint: [Member must have length less than or equal to 25, "
    "Member must have length greater than or equal to 1]"
)


def _names_a_table(name: str) -> bool:
    return name.startswith("arn:") or (3 <= len(name) <= _NAME_LENGTH and re.fullmatch(_NAME, name) is not None)


def _batch_get(value: Any, path: str, problems: list[str]) -> None:
    shape = input_shapes("dynamodb")["BatchGetItem"].members["RequestItems"]
    keys = shape.value.members["Keys"].metadata
    _lengths(value, path, problems, 1, None, value, terse=True)
    if not all(map(_names_a_table, value)):
        shown = orjson.dumps(value, default=repr).decode()
        problems.append(f"Value '{shown}' at 'requestItems' failed to satisfy constraint: {_MAP_KEYS}")
    for name, asked in value.items():
        at = f"{path}.{name}.member"
        if "Keys" not in asked:
            problems.append(
                f"Value null at '{_lowered(at)}.keys' failed to satisfy constraint: Member must not be null"
            )
        else:
            _lengths(asked["Keys"], f"{at}.Keys", problems, keys["min"], keys["max"], None, terse=True)
        if asked.get("AttributesToGet") == []:
            rule = "have length greater than or equal to 1"
            problems.append(_problem("[]", f"{at}.attributesToGet", rule))


def _batch_write(value: Any, path: str, problems: list[str]) -> None:
    shape = input_shapes("dynamodb")["BatchWriteItem"].members["RequestItems"]
    writes = shape.value.metadata
    _lengths(value, path, problems, 1, None, value, terse=True)
    at = "at 'requestItems' failed to satisfy constraint:"
    if not all(map(_names_a_table, value)):
        problems.append(f"Value '{_Echo(value, shape)}' {at} {_MAP_KEYS}")
    if any(not writes["min"] <= len(requests) <= writes["max"] for requests in value.values()):
        problems.append(f"Value '{_Echo(value, shape)}' {at} {_MAP_VALUES}")


class _Echo:
    """A value as AWS's Java services print it: `[KeySchemaElement(attributeName=pk, keyType=HASH)]`."""

    def __init__(self, value: Any, shape: Any):
        self.value = value
        self.shape = shape

    def __str__(self) -> str:
        value, shape = self.value, self.shape
        if shape.type_name == "list":
            return f"[{', '.join(str(_Echo(element, shape.member)) for element in value)}]"
        if shape.type_name == "map":
            return f"{{{', '.join(f'{key}={_Echo(entry, shape.value)}' for key, entry in value.items())}}}"
        if shape.type_name == "structure":
            members = (
                f"{_lowered(name)}={_Echo(value[name], member)}"
                for name, member in shape.members.items()
                if name in value
            )
            return f"{shape.name}({', '.join(members)})"
        return str(value)
