"""What an alarm does when its state changes.

There is no SNS here, so beside AWS's ARNs an action can be `log`, a line in this process's log, or the URL of a
webhook. Webhooks and Lambda functions are told by deliveries, which are on file before they begin. ARNs of other
kinds are kept and shown, and it is said once that nothing comes of them.
"""

import logging
from typing import Any

import orjson

from infra.local.cloudwatch.alarms import notice
from infra.local.cloudwatch.alarms.alarm import ACTIONS, Alarm
from infra.local.cloudwatch.alarms.history import note
from infra.local.request import Request

logger = logging.getLogger(__name__)

INSERT = "INSERT INTO cw_deliveries (region, alarm, action, body, attempts, due_at) VALUES (?, ?, ?, ?, 0, ?)"


def act(request: Request, alarm: Alarm, old: dict[str, Any]) -> None:
    """Do what the alarm's settings say for its new state; `old` is the state before, with its time `at`."""
    if not alarm.settings["ActionsEnabled"]:
        return
    for action in alarm.settings[ACTIONS[alarm.state]]:
        if action == "log":
            _log(request, alarm, old["stateValue"])
        elif is_function(action):
            _deliver(request, alarm, action, notice.event(request, alarm, old))
        elif is_webhook(action):
            _deliver(request, alarm, action, notice.message(request, alarm, old))
        else:
            _not_delivered(request, alarm, action)


def is_webhook(action: str) -> bool:
    return action.startswith(("http://", "https://"))


def is_function(action: str) -> bool:
    """Whether it is the ARN of a Lambda function, `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:ALIAS]`."""
    parts = action.split(":")
    return len(parts) >= 7 and parts[2] == "lambda" and parts[5] == "function"


def _log(request: Request, alarm: Alarm, before: str) -> None:
    line = (alarm.name, alarm.region, before, alarm.state, alarm.reason)
    request.after_commit(lambda: logger.warning("alarm %s in %s went from %s to %s: %s", *line))
    note(request, alarm.region, alarm.name, "Action", "Successfully executed action log", _data(alarm, "log"))


def _deliver(request: Request, alarm: Alarm, action: str, body: dict[str, Any]) -> None:
    request.db.execute(INSERT, (alarm.region, alarm.name, action, orjson.dumps(body).decode(), request.now))
    request.alarm(request.now)


def _not_delivered(request: Request, alarm: Alarm, action: str) -> None:
    told: set[str] = request.cache.setdefault("cloudwatch-not-delivered", set())
    if action not in told:
        told.add(action)
        logger.warning("the alarm %s names %s, which the embedded AWS cannot act on", alarm.name, action)
    summary = f"Failed to execute action {action}"
    data = {**_data(alarm, action), "error": "The embedded CloudWatch cannot act on resources of this kind."}
    note(request, alarm.region, alarm.name, "Action", summary, data)


def _data(alarm: Alarm, action: str) -> dict[str, Any]:
    return {"actionState": alarm.state, "notificationResource": action}
