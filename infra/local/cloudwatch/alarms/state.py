"""An alarm's state: how it changes, whether by evaluation or by SetAlarmState, and what follows."""

from typing import Any

import orjson

from infra.local.cloudwatch.alarms.actions import act
from infra.local.cloudwatch.alarms.alarm import Alarm, get, save
from infra.local.cloudwatch.alarms.history import note
from infra.local.cloudwatch.checks import check_constraints
from infra.local.cloudwatch.errors import cloudwatch_error
from infra.local.request import Request


def set_alarm_state(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Set a state by hand, until the next evaluation says otherwise."""
    check_constraints("SetAlarmState", params)
    data = params.get("StateReasonData")
    if data is not None:
        try:
            orjson.loads(data)
        except ValueError:
            raise cloudwatch_error("InvalidFormatFault", "StateReasonData was not syntactically valid JSON") from None
    alarm = get(request, params["AlarmName"])
    change_state(request, alarm, params["StateValue"], params["StateReason"], data)
    save(request, alarm)
    return {}


def change_state(request: Request, alarm: Alarm, state: str, reason: str, reason_data: str | None) -> None:
    """Give the alarm a state, and act on it if it is another one; the caller saves the alarm."""
    old = _shown(alarm)
    before = alarm.state
    alarm.state, alarm.reason, alarm.reason_data, alarm.updated_at = state, reason, reason_data, request.now
    if state == before:
        return
    note(
        request,
        alarm.region,
        alarm.name,
        "StateUpdate",
        f"Alarm updated from {before} to {state}",
        {"oldState": old, "newState": _shown(alarm)},
    )
    changed_before, alarm.changed_at = alarm.changed_at, request.now
    act(request, alarm, {**old, "at": changed_before})


def _shown(alarm: Alarm) -> dict[str, Any]:
    shown: dict[str, Any] = {"stateValue": alarm.state, "stateReason": alarm.reason}
    if alarm.reason_data is not None:
        shown["stateReasonData"] = orjson.loads(alarm.reason_data)
    return shown
