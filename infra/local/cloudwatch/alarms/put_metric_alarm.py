"""PutMetricAlarm: a new alarm, or other settings for one that exists."""

from typing import Any

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.alarms.alarm import INITIAL_REASON, Alarm, arn_of, find, insert, save
from infra.local.cloudwatch.alarms.history import note
from infra.local.cloudwatch.alarms.settings import checked_settings
from infra.local.cloudwatch.errors import invalid_value
from infra.local.request import Request


def put_metric_alarm(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """A new alarm begins in INSUFFICIENT_DATA; one that exists keeps its state, its history and its tags."""
    settings = checked_settings(request, params)
    name = params["AlarmName"]
    tags = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    if len(tags) > limits.MAX_TAGS:
        raise invalid_value(f"The collection Tags must not have a size greater than {limits.MAX_TAGS}.")
    alarm = find(request, request.region, name)
    before = None if alarm is None else alarm.settings
    if alarm is None:
        now = request.now
        alarm = Alarm(
            0, request.region, name, settings, tags, "INSUFFICIENT_DATA", INITIAL_REASON, None, now, now, now, now
        )
    alarm.settings, alarm.configured_at = settings, request.now
    alarm.due_at = next_step(request.now, alarm.step)
    (insert if before is None else save)(request, alarm)
    request.alarm(alarm.due_at)
    _note(request, alarm, before)
    return {}


def next_step(now: int, step: int) -> int:
    """Epoch milliseconds of the next evaluation, at a whole multiple of `step` seconds."""
    return (now // 1000 // step + 1) * step * 1000


def _note(request: Request, alarm: Alarm, before: dict[str, Any] | None) -> None:
    named = {"alarmName": alarm.name, "alarmArn": arn_of(request, alarm.region, alarm.name)}
    if before is None:
        data = {"type": "Create", "createdAlarm": {**named, **_lowered(alarm.settings)}}
    else:
        data = {"type": "Update", "updatedAlarm": {**named, **_lowered(alarm.settings)}}
    word = "created" if before is None else "updated"
    note(request, alarm.region, alarm.name, "ConfigurationUpdate", f'Alarm "{alarm.name}" {word}', data)


def _lowered(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings by the names that AWS gives them in histories."""
    return {
        "okactions" if name == "OKActions" else name[0].lower() + name[1:]: value for name, value in settings.items()
    }
