"""Dashboards: kept and given back; nothing here draws them."""

import re
from typing import Any

import orjson

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.errors import cloudwatch_error, invalid_value
from infra.local.cloudwatch.moments import at_milliseconds
from infra.local.cloudwatch.tokens import text_after, token_for
from infra.local.partition import partition_of
from infra.local.request import Request

NAME = re.compile(r"[A-Za-z0-9_-]+")

PUT = """
INSERT INTO cw_dashboards (name, body, tags, modified_at) VALUES (?, ?, ?, ?)
ON CONFLICT (name) DO UPDATE SET body = excluded.body, modified_at = excluded.modified_at
"""
LIST = """
SELECT name, length(CAST(body AS BLOB)), modified_at FROM cw_dashboards
WHERE name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?
"""


def dashboard_arn(request: Request, name: str) -> str:
    """Dashboards belong to an account, not to a region."""
    return f"arn:{partition_of(request.region)}:cloudwatch::{request.account}:dashboard/{name}"


def put_dashboard(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    name, body = params["DashboardName"], params["DashboardBody"]
    if not NAME.fullmatch(name):
        raise invalid_value(
            "The value for field DashboardName contains invalid characters. "
            "It can only contain alphanumerics, dash (-) and underscore (_).\n"
        )
    if len(name) > limits.MAX_DASHBOARD_NAME:
        raise invalid_value(
            f"The value for field DashboardName is longer than {limits.MAX_DASHBOARD_NAME} characters.\n"
        )
    _check_body(body)
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    if len(tags) > limits.MAX_TAGS:
        raise invalid_value(f"The collection Tags must not have a size greater than {limits.MAX_TAGS}.")
    request.db.execute(PUT, (name, body, orjson.dumps(tags).decode(), request.now))
    return {"DashboardValidationMessages": []}


def _check_body(body: str) -> None:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise cloudwatch_error("DashboardInvalidInputError", "The field DashboardBody must be a valid JSON object")


def get_dashboard(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    name = params["DashboardName"]
    row = request.db.execute("SELECT body FROM cw_dashboards WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise cloudwatch_error("DashboardNotFoundError", f"Dashboard {name} does not exist")
    return {"DashboardArn": dashboard_arn(request, name), "DashboardBody": row[0], "DashboardName": name}


def list_dashboards(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    prefix, after = params.get("DashboardNamePrefix", ""), text_after(params.get("NextToken"))
    limit = limits.MAX_LISTED_DASHBOARDS
    rows = request.db.execute(LIST, (after, len(prefix), prefix, limit + 1)).fetchall()
    entries = [
        {
            "DashboardName": name,
            "DashboardArn": dashboard_arn(request, name),
            "LastModified": at_milliseconds(modified_at),
            "Size": size,
        }
        for name, size, modified_at in rows[:limit]
    ]
    reply: dict[str, Any] = {"DashboardEntries": entries}
    if len(rows) > limit:
        reply["NextToken"] = token_for(rows[limit - 1][0])
    return reply


def delete_dashboards(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Delete all of them or, when one does not exist, none."""
    names = params["DashboardNames"]
    if not names:
        raise invalid_value("Need at least 1 dashboard")
    if len(names) > limits.MAX_DELETED_DASHBOARDS:
        raise invalid_value(
            f"The collection DashboardNames must not have a size greater than {limits.MAX_DELETED_DASHBOARDS}."
        )
    for name in names:
        if request.db.execute("SELECT 1 FROM cw_dashboards WHERE name = ?", (name,)).fetchone() is None:
            raise cloudwatch_error("DashboardNotFoundError", f"The specified dashboard does not exist. [{name}]")
    request.db.executemany("DELETE FROM cw_dashboards WHERE name = ?", [(name,) for name in names])
    return {}
