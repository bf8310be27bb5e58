"""DescribeContributorInsights, UpdateContributorInsights and ListContributorInsights: a switch that is kept and told.

No rules are made of it: CloudWatch here has none.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/contributorinsights_HowItWorks.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.describe_table import existing
from infra.local.dynamodb.errors import invalid
from infra.local.dynamodb.limits import LIST_INSIGHTS
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import TABLE_COLUMNS, Table, save_definition, table_from
from infra.local.errors import AwsError
from infra.local.request import Request

_DESCRIBED = frozenset({"TableName", "IndexName"})
_UPDATED = _DESCRIBED | {"ContributorInsightsAction", "ContributorInsightsMode"}
_LISTED = frozenset({"TableName", "NextToken", "MaxResults"})
_NAME_LENGTHS = range(3, 256)
#: Where it is in a table's definition: by index, and under no name for the table.
_KEPT = "Insights"
_TABLES = f"SELECT {TABLE_COLUMNS} FROM dynamodb_tables WHERE region = ? ORDER BY name"  # noqa: S608 (names of our own)


def describe_contributor_insights(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    table, index = _subject(request, "DescribeContributorInsights", params, _DESCRIBED)
    kept = table.definition.get(_KEPT, {}).get(index)
    told = {**_named(table, index), "ContributorInsightsRuleList": [], "ContributorInsightsStatus": _status(kept)}
    if kept is not None:
        told["LastUpdateDateTime"] = datetime.fromtimestamp(kept["Since"], UTC)
        told["ContributorInsightsMode"] = kept["Mode"]
    return told


def update_contributor_insights(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Done at once, though the reply says ENABLING or DISABLING as on AWS."""
    table, index = _subject(request, "UpdateContributorInsights", params, _UPDATED)
    enabled = params["ContributorInsightsAction"] == "ENABLE"
    insights = table.definition.get(_KEPT, {})
    mode = params.get("ContributorInsightsMode", "ACCESSED_AND_THROTTLED_KEYS")
    kept = {"Enabled": enabled, "Mode": mode, "Since": request.now / 1000}
    save_definition(request, table, {**table.definition, _KEPT: {**insights, index: kept}})
    return {
        **_named(table, index),
        "ContributorInsightsStatus": "ENABLING" if enabled else "DISABLING",
        "ContributorInsightsMode": mode,
    }


def list_contributor_insights(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The tables and indexes of which they were ever switched on."""
    check("ListContributorInsights", params)
    check_known("ListContributorInsights", params, _LISTED)
    if "TableName" in params:
        tables = [existing(request, params["TableName"])]
    else:
        tables = [table_from(*row) for row in request.db.execute(_TABLES, (request.region,))]
    after, most = params.get("NextToken", ""), params.get("MaxResults", LIST_INSIGHTS)
    found = [(place, told) for table in tables for place, told in _summaries(table) if place > after]
    reply: dict[str, Any] = {"ContributorInsightsSummaries": [told for _, told in found[:most]]}
    if len(found) > most > 0:
        reply["NextToken"] = found[most - 1][0]
    return reply


def _summaries(table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told of a table and of its indexes, each with its place in the list."""
    for index, kept in sorted(table.definition.get(_KEPT, {}).items()):
        told = {"ContributorInsightsStatus": _status(kept), "ContributorInsightsMode": kept["Mode"]}
        yield f"{table.name}/{index}", {**_named(table, index), **told}


def _subject(request: Request, operation: str, params: dict[str, Any], known: frozenset[str]) -> tuple[Table, str]:
    """The table, and the name of the index or none."""
    index: str = params.get("IndexName", "")
    if "IndexName" in params and len(index) not in _NAME_LENGTHS:
        raise invalid("IndexName must be at least 3 characters long and at most 255 characters long")
    check(operation, params)
    check_known(operation, params, known)
    table = existing(request, params["TableName"])
    if index and table.index(index) is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"Requested resource not found: Index: {index} not found for table: {table.name}",
        )
    return table, index


def _named(table: Table, index: str) -> dict[str, Any]:
    return {"TableName": table.name, **({"IndexName": index} if index else {})}


def _status(kept: Mapping[str, Any] | None) -> str:
    return "ENABLED" if kept is not None and kept["Enabled"] else "DISABLED"
