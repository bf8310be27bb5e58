"""An alarm as it is kept: what PutMetricAlarm said, its state, and when it is looked at next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.cloudwatch.errors import no_such_alarm
from infra.local.cloudwatch.metric import Metric, dimensions_of
from infra.local.cloudwatch.moments import at_milliseconds
from infra.local.partition import partition_of
from infra.local.request import Request

COLUMNS = "id, region, name, settings, tags, state, reason, reason_data, configured_at, updated_at, changed_at, due_at"
FIND = f"SELECT {COLUMNS} FROM cw_alarms WHERE region = ? AND name = ?"  # noqa: S608 (a constant, as below)
LIST = f"SELECT {COLUMNS} FROM cw_alarms WHERE region = ? AND name > ? ORDER BY name"  # noqa: S608
DUE = f"SELECT {COLUMNS} FROM cw_alarms WHERE due_at <= ? ORDER BY due_at LIMIT ?"  # noqa: S608
SAVE = """
UPDATE cw_alarms SET settings = ?, tags = ?, state = ?, reason = ?, reason_data = ?, configured_at = ?, updated_at = ?,
    changed_at = ?, due_at = ?
WHERE id = ?
"""
INSERT = """
INSERT INTO cw_alarms (region, name, settings, tags, state, reason, reason_data, configured_at, updated_at, changed_at,
    due_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

#: State -> the parameter that lists its actions.
ACTIONS = {"OK": "OKActions", "ALARM": "AlarmActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
INITIAL_REASON = "Unchecked: Initial alarm creation"


@dataclass(slots=True)
class Alarm:
    """One row of `cw_alarms`, read; `save` writes it back."""

    id: int
    region: str
    name: str
    #: The parameters of PutMetricAlarm, without name and tags, with the defaults that AWS shows.
    settings: dict[str, Any]
    tags: dict[str, str]
    state: str
    reason: str
    #: A JSON object as text.
    reason_data: str | None
    #: Epoch milliseconds: of the last configuration, of the last word on the state, of the last other state.
    configured_at: int
    updated_at: int
    changed_at: int
    #: Epoch milliseconds of the next evaluation.
    due_at: int

    @property
    def period(self) -> int:
        """Seconds; the longest of the metrics' where there are several."""
        if "Metrics" not in self.settings:
            return int(self.settings["Period"])
        return max(int(query["MetricStat"]["Period"]) for query in self.settings["Metrics"] if "MetricStat" in query)

    @property
    def step(self) -> int:
        """Seconds between two evaluations."""
        return 10 if self.period < 60 else 60

    @property
    def metric(self) -> Metric | None:
        """The one metric that it watches; None for one that watches an expression."""
        if "Metrics" in self.settings:
            return None
        settings = self.settings
        return Metric(
            self.region, settings["Namespace"], settings["MetricName"], dimensions_of(settings.get("Dimensions", []))
        )


def arn_of(request: Request, region: str, name: str) -> str:
    return f"arn:{partition_of(region)}:cloudwatch:{region}:{request.account}:alarm:{name}"


def find(request: Request, region: str, name: str) -> Alarm | None:
    row = request.db.execute(FIND, (region, name)).fetchone()
    return None if row is None else _alarm(row)


def get(request: Request, name: str) -> Alarm:
    """The caller's alarm of that name; raises ResourceNotFound."""
    alarm = find(request, request.region, name)
    if alarm is None:
        raise no_such_alarm(name)
    return alarm


def list_after(request: Request, name: str) -> Iterable[Alarm]:
    """The caller's alarms whose names come after `name`, in the order of names."""
    return map(_alarm, request.db.execute(LIST, (request.region, name)))


def list_due(request: Request, limit: int) -> list[Alarm]:
    return [_alarm(row) for row in request.db.execute(DUE, (request.now, limit))]


def next_due(request: Request) -> int | None:
    """Epoch milliseconds of the next evaluation of any alarm."""
    due: int | None = request.db.execute("SELECT min(due_at) FROM cw_alarms").fetchone()[0]
    return due


def save(request: Request, alarm: Alarm) -> None:
    request.db.execute(SAVE, (*_values(alarm), alarm.id))


def insert(request: Request, alarm: Alarm) -> None:
    request.db.execute(INSERT, (alarm.region, alarm.name, *_values(alarm)))


def _values(alarm: Alarm) -> tuple[Any, ...]:
    return (
        orjson.dumps(alarm.settings).decode(),
        orjson.dumps(alarm.tags).decode(),
        alarm.state,
        alarm.reason,
        alarm.reason_data,
        alarm.configured_at,
        alarm.updated_at,
        alarm.changed_at,
        alarm.due_at,
    )


def _alarm(row: tuple[Any, ...]) -> Alarm:
    id, region, name, settings, tags, *rest = row
    return Alarm(id, region, name, orjson.loads(settings), orjson.loads(tags), *rest)


def described(request: Request, alarm: Alarm) -> dict[str, Any]:
    """The alarm as DescribeAlarms gives it."""
    shown: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmArn": arn_of(request, alarm.region, alarm.name),
        **alarm.settings,
        "AlarmConfigurationUpdatedTimestamp": at_milliseconds(alarm.configured_at),
        "StateValue": alarm.state,
        "StateReason": alarm.reason,
        "StateUpdatedTimestamp": at_milliseconds(alarm.updated_at),
        "StateTransitionedTimestamp": at_milliseconds(alarm.changed_at),
    }
    if alarm.reason_data is not None:
        shown["StateReasonData"] = alarm.reason_data
    return shown
