"""CreateTable: a definition checked, written down, and its SQLite table made in the same transaction."""

from typing import Any

import orjson

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.definition import (
    attribute_types,
    billing_mode,
    check_global_indexes,
    check_local_indexes,
    check_stream,
    check_table_keys,
    check_throughput,
    check_used,
)
from infra.local.dynamodb.describe_table import describe
from infra.local.dynamodb.errors import invalid_value, unsupported
from infra.local.dynamodb.on_demand_throughput import check_created
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import forget, load_table, name_in_arn
from infra.local.dynamodb.tags import check_tags, put_tags
from infra.local.dynamodb.warm_throughput import check_initial
from infra.local.errors import AwsError
from infra.local.request import Request

#: What DescribeTable gives back of the call.
_KEPT = (
    "AttributeDefinitions",
    "KeySchema",
    "LocalSecondaryIndexes",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
    "OnDemandThroughput",
    "WarmThroughput",
    "SSESpecification",
    "TableClass",
    "DeletionProtectionEnabled",
)
_PARAMETERS = frozenset({"TableName", "Tags", *_KEPT, "StreamSpecification"})
_INDEX_PARAMETERS = frozenset(
    {"IndexName", "KeySchema", "Projection", "ProvisionedThroughput", "OnDemandThroughput", "WarmThroughput"}
)

_INSERT = "INSERT INTO dynamodb_tables (region, name, uuid, created_at, definition) VALUES (?, ?, ?, ?, ?)"


def create_table(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Makes a table; it is ready at once, though the reply says CREATING as AWS's does."""
    check("CreateTable", params)
    check_known("CreateTable", params, _PARAMETERS)
    for index in params.get("GlobalSecondaryIndexes", ()):
        check_known("CreateTable", index, _INDEX_PARAMETERS)
    name: str = params["TableName"]
    if name.startswith("arn:"):
        name = name_in_arn(request, name)
    check_throughput(params)
    _check_capacity(params)
    types = attribute_types(params)
    check_table_keys(params["KeySchema"], types)
    check_local_indexes(params, types)
    check_global_indexes(params, types)
    check_used(params, types)
    check_stream("CreateTable", params)
    check_encryption("CreateTable", params)
    tags = params.get("Tags", [])
    check_tags(tags)
    if load_table(request, name) is not None:
        raise AwsError("ResourceInUseException", f"Table already exists: {name}")
    forget(request)
    row = (request.region, name, request.new_id(), request.now, orjson.dumps(_definition(params)).decode())
    request.db.execute(_INSERT, row)
    table = load_table(request, name)
    assert table is not None  # it was inserted a line ago
    for statement in table.sql.create:
        request.db.execute(statement)
    put_tags(request, table, tags)
    return {"TableDescription": describe(request, table, status="CREATING")}


def _check_capacity(params: dict[str, Any]) -> None:
    """OnDemandThroughput and WarmThroughput, of the table and of its global indexes."""
    mode = billing_mode(params)
    check_created(params, mode)
    check_initial(params, mode, "table")
    for index in params.get("GlobalSecondaryIndexes", ()):
        check_initial(index, mode, f"index {index['IndexName']}")


def check_encryption(operation: str, params: dict[str, Any]) -> None:
    """SSE is only written down: the key of AWS's own is the one that there can be."""
    encryption = params.get("SSESpecification", {})
    if encryption.get("Enabled") is False:
        for name in ("KMSMasterKeyId", "SSEType"):
            if name in encryption:
                raise invalid_value(f"{name} can not be specified if Enabled is false")
    if "KMSMasterKeyId" in encryption:
        raise unsupported(operation, "SSESpecification.KMSMasterKeyId")
    if encryption.get("SSEType", "KMS") != "KMS":
        raise invalid_value("SSEType AES256 is not supported")


def _definition(params: dict[str, Any]) -> dict[str, Any]:
    """The definition as it is kept: each index numbered, the local ones first."""
    definition = {key: params[key] for key in _KEPT if key in params}
    number = 0
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        if kind in definition:
            definition[kind] = [{**index, "Number": number + at} for at, index in enumerate(definition[kind])]
            number += len(definition[kind])
    definition["NextNumber"] = number
    return definition
