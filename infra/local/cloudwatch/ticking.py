"""What CloudWatch does by the clock: queues' metrics, then the alarms on them, then what alarms have to tell."""

from infra.local.cloudwatch.alarms.deliveries import deliver_due
from infra.local.cloudwatch.alarms.evaluation import evaluate_due
from infra.local.cloudwatch.queue_metrics import notice_activity, publish_queues
from infra.local.cloudwatch.rollup import roll_up
from infra.local.request import Request


def tick(request: Request) -> int | None:
    """Do what is due; epoch milliseconds of what is due next, None when nothing is planned."""
    return _earliest(publish_queues(request), tick_alarms(request))


def tick_alarms(request: Request) -> int | None:
    """The part of `tick` that is the alarms'."""
    return _earliest(evaluate_due(request), deliver_due(request))


def _earliest(*dues: int | None) -> int | None:
    return min((due for due in dues if due is not None), default=None)


def sweep(request: Request) -> int:
    """Roll up and remove old data, a bounded number of rows; how many they were."""
    notice_activity(request)
    return roll_up(request)
