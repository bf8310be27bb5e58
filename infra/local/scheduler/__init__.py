"""Amazon EventBridge Scheduler, embedded."""

from infra.local.request import Operation

SCHEMA = ""
OPERATIONS: dict[str, Operation] = {}
