"""What happened to alarms, kept for 30 days, also of those that are deleted."""

from typing import Any

import orjson

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_constraints
from infra.local.cloudwatch.moments import at_milliseconds, milliseconds_of
from infra.local.cloudwatch.tokens import number_after, token_for
from infra.local.request import Request

INSERT = "INSERT INTO cw_history (region, alarm, at, type, summary, data) VALUES (?, ?, ?, ?, ?, ?)"
#: The n-th items on of a region in a time, of one alarm and of one type where given.
LIST = """
SELECT alarm, at, type, summary, data FROM cw_history
WHERE region = ? AND at >= ? AND at < ? AND (? IS NULL OR alarm = ?) AND (? IS NULL OR type = ?)
"""
ORDERS = {
    "TimestampDescending": "ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
    "TimestampAscending": "ORDER BY at, id LIMIT ? OFFSET ?",
}
#: A moment after all others.
NEVER = 2**62


def note(request: Request, region: str, alarm: str, type: str, summary: str, data: dict[str, Any]) -> None:
    """Add an item; `type` is ConfigurationUpdate, StateUpdate or Action."""
    text = orjson.dumps({"version": "1.0", **data}).decode()
    request.db.execute(INSERT, (region, alarm, request.now, type, summary[:255], text))


def describe_alarm_history(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("DescribeAlarmHistory", params)
    if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]) or "AlarmContributorId" in params:
        return {"AlarmHistoryItems": []}
    kept_since = request.now - limits.HISTORY_KEPT * 1000
    since = max(milliseconds_of(params["StartDate"]) if "StartDate" in params else 0, kept_since)
    until = milliseconds_of(params["EndDate"]) if "EndDate" in params else NEVER
    name, type = params.get("AlarmName"), params.get("HistoryItemType")
    limit, after = params.get("MaxRecords", limits.DEFAULT_PAGE), number_after(params.get("NextToken"))
    order = ORDERS[params.get("ScanBy", "TimestampDescending")]
    rows = request.db.execute(
        LIST + order, (request.region, since, until, name, name, type, type, limit + 1, after)
    ).fetchall()
    reply: dict[str, Any] = {"AlarmHistoryItems": [_item(*row) for row in rows[:limit]]}
    if len(rows) > limit:
        reply["NextToken"] = token_for(after + limit)
    return reply


def _item(alarm: str, at: int, type: str, summary: str, data: str) -> dict[str, Any]:
    return {
        "AlarmName": alarm,
        "AlarmType": "MetricAlarm",
        "Timestamp": at_milliseconds(at),
        "HistoryItemType": type,
        "HistorySummary": summary,
        "HistoryData": data,
    }
