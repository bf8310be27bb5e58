"""Lambda's event source mapping for SQS, embedded: the part of Lambda that turns messages into invocations."""

from infra.local.request import Operation

SCHEMA = ""
OPERATIONS: dict[str, Operation] = {}
