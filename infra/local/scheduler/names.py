"""How groups and schedules are named outside: their ARNs."""

from infra.local.partition import partition_of
from infra.local.request import Request


def group_arn(request: Request, name: str) -> str:
    return f"arn:{partition_of(request.region)}:scheduler:{request.region}:{request.account}:schedule-group/{name}"


def schedule_arn(request: Request, group: str, name: str) -> str:
    return f"arn:{partition_of(request.region)}:scheduler:{request.region}:{request.account}:schedule/{group}/{name}"
