"""The rules of a table's definition: keys, indexes, projections and throughput, as CreateTable and UpdateTable check.

What is kept of a definition, as JSON in the table's row, are the parameters as they were given; in addition each
index has the `Number` that names its columns, one that was added later an `IndexStatus`, and the whole the
`NextNumber`, the moments of changes (`...DateTime`, epoch seconds) and what UpdateContinuousBackups was told.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from infra.local.dynamodb.errors import invalid, invalid_value, unsupported
from infra.local.dynamodb.limits import (
    CAPACITY_UNITS,
    GLOBAL_INDEXES,
    INDEX_KEY_ATTRIBUTES,
    LOCAL_INDEXES,
    PROJECTED_ATTRIBUTES,
)

_SAME_NAME = "Both the Hash Key and the Range Key element in the KeySchema have the same name"
#: What is said of a view type that is missing or superfluous, by operation and whether a stream is asked for.
_WRONG_STREAM = {
    ("CreateTable", True): "Table is being created with a stream enabled, UpdateViewType is required",
    ("CreateTable", False): "Table is being created with a stream disabled, UpdateViewType should not be specified",
    ("UpdateTable", True): "If stream is being enabled then UpdateViewType is required",
    ("UpdateTable", False): "If stream is being disabled, then UpdateViewType must not be specified",
}
PAY_PER_REQUEST = "PAY_PER_REQUEST"
PROVISIONED = "PROVISIONED"


def attribute_types(params: Mapping[str, Any]) -> dict[str, str]:
    """Attribute name -> type, of AttributeDefinitions."""
    types: dict[str, str] = {}
    for entry in params.get("AttributeDefinitions", ()):
        if entry["AttributeName"] in types:
            raise invalid(f"Attribute Name is duplicated: {entry['AttributeName']}")
        types[entry["AttributeName"]] = entry["AttributeType"]
    return types


def check_table_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> None:
    """One hash key and perhaps one range key, all of them defined."""
    if len(schema) > len(types):
        raise invalid("Invalid KeySchema: Some index key attribute have no definition")
    _check_single_keys(schema, types)


def _check_single_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> None:
    names = _names(schema)
    _check_defined(names, types)
    if len(set(names)) != len(names):
        raise invalid(_SAME_NAME)
    if schema[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) == 2 and schema[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")


def check_local_indexes(params: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """LocalSecondaryIndexes of a CreateTable."""
    indexes = params.get("LocalSecondaryIndexes")
    if indexes is None:
        return
    schema = params["KeySchema"]
    table_hash = schema[0]["AttributeName"]
    if not indexes:
        raise invalid_value("List of LocalSecondaryIndexes is empty")
    if len(schema) != 2:
        raise invalid_value(
            "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex"
        )
    for index in indexes:
        keys = index["KeySchema"]
        name = index["IndexName"]
        if len(keys) > 2:
            raise invalid_value(f"Index KeySchema has more than one range key for local secondary index: {name}")
        _check_single_keys(keys, types)
        if len(keys) != 2:
            raise invalid_value(f"Index KeySchema does not have a range key for index: {name}")
        if keys[0]["AttributeName"] != table_hash:
            raise invalid_value(
                "Index KeySchema does not have the same leading hash key as table KeySchema for index: "
                f"{name}. index hash key: {keys[0]['AttributeName']}, table hash key: {table_hash}"
            )
        check_projection(index["Projection"])
    _check_names(indexes)
    if len(indexes) > LOCAL_INDEXES:
        raise invalid_value(f"Number of LocalSecondaryIndexes exceeds per-table limit of {LOCAL_INDEXES}")


def check_global_indexes(params: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """GlobalSecondaryIndexes of a CreateTable."""
    indexes = params.get("GlobalSecondaryIndexes")
    if indexes is None:
        return
    if not indexes:
        raise invalid_value("List of GlobalSecondaryIndexes is empty")
    for index in indexes:
        check_global_index(index, types, params.get("BillingMode", PROVISIONED), "is not specified")
    _check_names([*params.get("LocalSecondaryIndexes", ()), *indexes])
    if len(indexes) > GLOBAL_INDEXES:
        raise invalid_value(f"GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES}")


def check_global_index(
    index: Mapping[str, Any], types: Mapping[str, str], billing_mode: str, missing: str = "must be specified"
) -> None:
    """`missing`: how the operation says that there is no throughput where there must be one."""
    keys = index["KeySchema"]
    if len(keys) <= 2 and not all(part["KeyType"] == "HASH" for part in keys):
        _check_single_keys(keys, types)
    else:
        _check_multiple_keys(keys, types)
    check_projection(index["Projection"])
    check_index_throughput(index, billing_mode, missing)


def _check_multiple_keys(schema: Sequence[Mapping[str, str]], types: Mapping[str, str]) -> None:
    """Up to four hash keys, then up to four range keys."""
    names = _names(schema)
    _check_defined(names, types)
    if len(set(names)) != len(names):
        raise invalid("The KeySchema contains multiple key attributes with the same name")
    kinds = [part["KeyType"] for part in schema]
    if kinds[0] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if kinds != sorted(kinds):
        raise invalid_value("All HASH key attributes must precede RANGE key attributes in the KeySchema")
    for kind in ("HASH", "RANGE"):
        if kinds.count(kind) > INDEX_KEY_ATTRIBUTES:
            raise invalid_value(f"The KeySchema exceeds the maximum allowed number of {kind} key attributes")


def _names(schema: Sequence[Mapping[str, str]]) -> list[str]:
    return [part["AttributeName"] for part in schema]


def _check_defined(names: list[str], types: Mapping[str, str]) -> None:
    if any(name not in types for name in names):
        raise invalid_value(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(types)}]"
        )


def check_used(params: Mapping[str, Any], types: Mapping[str, str]) -> None:
    """Refuses AttributeDefinitions that no key uses, and projections that name too many attributes in all."""
    indexes = [*params.get("LocalSecondaryIndexes", ()), *params.get("GlobalSecondaryIndexes", ())]
    used = {name for part in (params, *indexes) for name in _names(part["KeySchema"])}
    if used != types.keys():
        raise invalid_value(
            "Some AttributeDefinitions are not used. AttributeDefinitions: "
            f"[{', '.join(types)}], keys used: [{', '.join(sorted(used))}]"
            if indexes
            else "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    check_projected(indexes)


def check_projected(indexes: Iterable[Mapping[str, Any]]) -> None:
    projected = sum(len(index["Projection"].get("NonKeyAttributes", ())) for index in indexes)
    if projected > PROJECTED_ATTRIBUTES:
        raise invalid_value(
            f"The number of NonKeyAttributes of all indexes together, {projected}, exceeds {PROJECTED_ATTRIBUTES}"
        )


def check_projection(projection: Mapping[str, Any]) -> None:
    kind = projection.get("ProjectionType")
    if kind is None:
        raise invalid_value("Unknown ProjectionType: null")
    extra = projection.get("NonKeyAttributes")
    if kind != "INCLUDE" and extra is not None:
        raise invalid_value(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
    if kind == "INCLUDE" and not extra:
        raise invalid_value("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    if extra and len(set(extra)) != len(extra):
        twice = next(name for name in extra if extra.count(name) > 1)
        raise invalid_value(f"Duplicate element in NonKeyAttributes: {twice}")


def _check_names(indexes: Iterable[Mapping[str, Any]]) -> None:
    seen: set[str] = set()
    for index in indexes:
        if index["IndexName"] in seen:
            raise invalid_value(f"Duplicate index name: {index['IndexName']}")
        seen.add(index["IndexName"])


def check_throughput(params: Mapping[str, Any]) -> None:
    """BillingMode and ProvisionedThroughput of a CreateTable."""
    throughput = params.get("ProvisionedThroughput")
    if params.get("BillingMode", PROVISIONED) == PAY_PER_REQUEST:
        if throughput is not None:
            raise invalid_value(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
        return
    if throughput is None:
        raise invalid_value(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    check_units(throughput)


def check_units(throughput: Mapping[str, int]) -> None:
    for name in ("ReadCapacityUnits", "WriteCapacityUnits"):
        if throughput[name] > CAPACITY_UNITS:
            raise invalid(f"Given value {throughput[name]} for {name} is out of bounds")


def check_index_throughput(index: Mapping[str, Any], billing_mode: str, missing: str) -> None:
    given = index.get("ProvisionedThroughput")
    if given is not None and billing_mode == PAY_PER_REQUEST:
        raise invalid_value(
            f"ProvisionedThroughput should not be specified for index: {index['IndexName']} when "
            "BillingMode is PAY_PER_REQUEST"
        )
    if given is None and billing_mode == PROVISIONED:
        raise invalid_value(f"ProvisionedThroughput {missing} for index: {index['IndexName']}")
    if given is not None:
        check_units(given)


def check_stream(operation: str, params: Mapping[str, Any]) -> None:
    """A table that is made without a stream is fine; one that is to have a stream is refused."""
    stream = params.get("StreamSpecification")
    if stream is None:
        return
    enabled, viewed = stream["StreamEnabled"], "StreamViewType" in stream
    if enabled is not viewed:
        raise invalid_value(_WRONG_STREAM[operation, enabled])
    if enabled:
        raise unsupported(operation, "StreamSpecification.StreamEnabled=true")
    if operation == "UpdateTable":
        raise invalid(f"Table has no stream to disable: TableName: {params['TableName']}")


def billing_mode(definition: Mapping[str, Any]) -> str:
    mode: str = definition.get("BillingMode", PROVISIONED)
    return mode
