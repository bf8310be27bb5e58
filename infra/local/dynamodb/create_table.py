"""CreateTable: a definition checked, written down, and its SQLite table made in the same transaction."""

import re
from typing import Any

import orjson

from infra.local.dynamodb.describe_table import describe
from infra.local.dynamodb.errors import constraint, invalid, invalid_value, not_in_enum, unsupported
from infra.local.dynamodb.limits import GLOBAL_INDEXES, PROJECTED_ATTRIBUTES
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import forget, load_table
from infra.local.errors import AwsError
from infra.local.request import Request

_PARAMETERS = frozenset(
    {
        "TableName",
        "AttributeDefinitions",
        "KeySchema",
        "GlobalSecondaryIndexes",
        "BillingMode",
        "ProvisionedThroughput",
        # Taken only with the value that AWS defaults to.
        "StreamSpecification",
        "SSESpecification",
        "TableClass",
        "DeletionProtectionEnabled",
    }
)
_INDEX_PARAMETERS = frozenset({"IndexName", "KeySchema", "Projection", "ProvisionedThroughput"})
#: What DescribeTable gives back of the call.
_KEPT = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
)
_NAME = re.compile(r"[a-zA-Z0-9_.-]+")
_NAME_LENGTHS = range(3, 256)
_KEY_TYPES = ("B", "N", "S")
_PROJECTIONS = ("ALL", "INCLUDE", "KEYS_ONLY")
_BILLING = ("PROVISIONED", "PAY_PER_REQUEST")

_INSERT = "INSERT INTO dynamodb_tables (region, name, uuid, created_at, definition) VALUES (?, ?, ?, ?, ?)"


def create_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    name: str = params["TableName"]
    _check_name(name, "tableName")
    _refuse_options(params)
    _check_throughput(params)
    definitions = _definitions(params)
    used = _check_keys(params.get("KeySchema"), definitions)
    used |= _check_indexes(params, definitions)
    if used != definitions.keys():
        raise invalid_value(
            "Some AttributeDefinitions are not used. AttributeDefinitions: "
            f"[{', '.join(definitions)}], keys used: [{', '.join(sorted(used))}]"
            if "GlobalSecondaryIndexes" in params
            else "Number of attributes in KeySchema does not exactly match number of attributes defined in "
            "AttributeDefinitions"
        )
    if load_table(request, name) is not None:
        raise AwsError("ResourceInUseException", f"Table already exists: {name}")
    definition = {key: params[key] for key in _KEPT if key in params}
    forget(request)
    row = (request.region, name, request.new_id(), request.now, orjson.dumps(definition).decode())
    request.db.execute(_INSERT, row)
    table = load_table(request, name)
    assert table is not None  # it was inserted a line ago
    for statement in table.sql.create:
        request.db.execute(statement)
    return {"TableDescription": describe(request, table)}


def _check_name(name: str, member: str) -> None:
    if len(name) not in _NAME_LENGTHS:
        bound = "greater than or equal to 3" if len(name) < _NAME_LENGTHS.start else "less than or equal to 255"
        raise constraint(name, member, f"Member must have length {bound}")
    if not _NAME.fullmatch(name):
        raise constraint(name, member, "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")


def _refuse_options(params: dict[str, Any]) -> None:
    check_known("CreateTable", params, _PARAMETERS)
    if params.get("StreamSpecification", {}).get("StreamEnabled"):
        raise unsupported("CreateTable", "StreamSpecification.StreamEnabled=true")
    if params.get("SSESpecification", {}).get("Enabled"):
        raise unsupported("CreateTable", "SSESpecification.Enabled=true")
    if params.get("TableClass", "STANDARD") != "STANDARD":
        raise unsupported("CreateTable", f"TableClass={params['TableClass']}")
    if params.get("DeletionProtectionEnabled"):
        raise unsupported("CreateTable", "DeletionProtectionEnabled=true")


def _check_throughput(params: dict[str, Any]) -> None:
    mode = params.get("BillingMode", "PROVISIONED")
    if mode not in _BILLING:
        raise not_in_enum(mode, "billingMode", _BILLING)
    throughput = params.get("ProvisionedThroughput")
    if mode == "PAY_PER_REQUEST":
        if throughput is not None:
            raise invalid_value(
                "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST"
            )
    elif throughput is None:
        raise invalid_value(
            "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED"
        )
    for index in params.get("GlobalSecondaryIndexes", ()):
        given = "ProvisionedThroughput" in index
        if given and mode == "PAY_PER_REQUEST":
            raise invalid_value(
                f"ProvisionedThroughput should not be specified for index: {index['IndexName']} when "
                "BillingMode is PAY_PER_REQUEST"
            )
        if not given and mode == "PROVISIONED":
            raise invalid_value(f"ProvisionedThroughput is not specified for index: {index['IndexName']}")


def _definitions(params: dict[str, Any]) -> dict[str, str]:
    definitions: dict[str, str] = {}
    for at, entry in enumerate(params.get("AttributeDefinitions", ()), start=1):
        if entry["AttributeType"] not in _KEY_TYPES:
            member = f"attributeDefinitions.{at}.member.attributeType"
            raise not_in_enum(entry["AttributeType"], member, _KEY_TYPES)
        if entry["AttributeName"] in definitions:
            raise invalid_value(f"Duplicate AttributeName in AttributeDefinitions: {entry['AttributeName']}")
        definitions[entry["AttributeName"]] = entry["AttributeType"]
    if not definitions:
        raise invalid_value("AttributeDefinitions is empty")
    return definitions


def _check_keys(schema: list[dict[str, str]] | None, definitions: dict[str, str]) -> set[str]:
    """The names in a KeySchema of one hash and perhaps one range key."""
    if not schema:
        raise invalid("Invalid KeySchema: KeySchema must have at least one element")
    if len(schema) > 2:
        raise constraint(schema, "keySchema", "Member must have length less than or equal to 2")
    names = [part["AttributeName"] for part in schema]
    if any(name not in definitions for name in names):
        raise invalid_value(
            "Some index key attributes are not defined in AttributeDefinitions. "
            f"Keys: [{', '.join(names)}], AttributeDefinitions: [{', '.join(definitions)}]"
        )
    if len(set(names)) != len(names):
        raise invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name")
    if schema[0]["KeyType"] != "HASH":
        raise invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type")
    if len(schema) == 2 and schema[1]["KeyType"] != "RANGE":
        raise invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type")
    return set(names)


def _check_indexes(params: dict[str, Any], definitions: dict[str, str]) -> set[str]:
    used: set[str] = set()
    indexes = params.get("GlobalSecondaryIndexes")
    if indexes is None:
        return used
    if not indexes:
        raise invalid_value("List of GlobalSecondaryIndexes is empty")
    if len(indexes) > GLOBAL_INDEXES:
        raise invalid_value(f"GlobalSecondaryIndex count exceeds the per-table limit of {GLOBAL_INDEXES}")
    names: set[str] = set()
    projected = 0
    for index in indexes:
        check_known("CreateTable", index, _INDEX_PARAMETERS)
        name = index["IndexName"]
        _check_name(name, "indexName")
        if name in names:
            raise invalid_value(f"Duplicate index name: {name}")
        names.add(name)
        used |= _check_keys(index["KeySchema"], definitions)
        projected += _check_projection(index["Projection"])
    if projected > PROJECTED_ATTRIBUTES:
        raise invalid_value(
            f"The number of NonKeyAttributes of all indexes together, {projected}, exceeds {PROJECTED_ATTRIBUTES}"
        )
    return used


def _check_projection(projection: dict[str, Any]) -> int:
    """The number of attributes that an index names to hold beside its keys."""
    kind = projection.get("ProjectionType")
    if kind is None:
        raise invalid_value("Unknown ProjectionType: null")
    if kind not in _PROJECTIONS:
        raise not_in_enum(kind, "projection.projectionType", _PROJECTIONS)
    extra = projection.get("NonKeyAttributes")
    if kind != "INCLUDE":
        if extra is not None:
            raise invalid_value(f"ProjectionType is {kind}, but NonKeyAttributes is specified")
        return 0
    if not extra:
        raise invalid_value("ProjectionType is INCLUDE, but NonKeyAttributes is not specified")
    return len(extra)
