"""How groups and schedules are named outside: their ARNs."""

from infra.local.request import Request


def group_arn(request: Request, name: str) -> str:
    return f"arn:aws:scheduler:{request.region}:{request.account}:schedule-group/{name}"


def schedule_arn(request: Request, group: str, name: str) -> str:
    return f"arn:aws:scheduler:{request.region}:{request.account}:schedule/{group}/{name}"
