"""The actions on alarms by their names: deleting them, and turning what they do on and off."""

from typing import Any

from infra.local.cloudwatch.alarms.alarm import arn_of, find, save
from infra.local.cloudwatch.alarms.history import note
from infra.local.cloudwatch.checks import check_constraints
from infra.local.request import Request


def delete_alarms(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Delete those that exist; as on AWS, a name that nobody has is no error."""
    check_constraints("DeleteAlarms", params)
    for name in params["AlarmNames"]:
        alarm = find(request, request.region, name)
        if alarm is not None:
            request.db.execute("DELETE FROM cw_alarms WHERE id = ?", (alarm.id,))
            data = {"type": "Delete", "deletedAlarm": {"alarmArn": arn_of(request, alarm.region, name)}}
            note(request, alarm.region, name, "ConfigurationUpdate", f'Alarm "{name}" deleted', data)
    return {}


def enable_alarm_actions(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    return _set_enabled(request, "EnableAlarmActions", params, True)


def disable_alarm_actions(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    return _set_enabled(request, "DisableAlarmActions", params, False)


def _set_enabled(request: Request, operation: str, params: dict[str, Any], enabled: bool) -> dict[str, Any]:
    check_constraints(operation, params)
    for name in params["AlarmNames"]:
        alarm = find(request, request.region, name)
        if alarm is not None and alarm.settings["ActionsEnabled"] is not enabled:
            alarm.settings["ActionsEnabled"] = enabled
            alarm.configured_at = request.now
            save(request, alarm)
            data = {"type": "Update", "updatedAlarm": {"alarmName": name, "actionsEnabled": enabled}}
            note(request, alarm.region, name, "ConfigurationUpdate", f'Alarm "{name}" updated', data)
    return {}
