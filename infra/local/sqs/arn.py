"""A queue's ARN and name: how they are written, and what they say."""

import re
from dataclasses import dataclass

from infra.local.partition import partition_of
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter

#: What ends the name of every FIFO queue and of no other.
FIFO_SUFFIX = ".fifo"

STANDARD_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.MAX_QUEUE_NAME_LENGTH}}}")
FIFO_NAME = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.MAX_QUEUE_NAME_LENGTH - len(FIFO_SUFFIX)}}}{re.escape(FIFO_SUFFIX)}")


@dataclass(frozen=True, slots=True)
class Parts:
    """`arn:PARTITION:SERVICE:REGION:ACCOUNT:NAME`, taken apart."""

    service: str
    region: str
    account: str
    name: str


def arn_of(request: Request, region: str, name: str) -> str:
    return f"arn:{partition_of(region)}:sqs:{region}:{request.account}:{name}"


def parts_of(arn: str) -> Parts | None:
    """The parts of an ARN, None for what has not the form of one."""
    parts = arn.split(":")
    if len(parts) != 6 or parts[0] != "arn" or not all(parts):
        return None
    return Parts(*parts[2:])


def check_name(name: str, *, fifo: bool) -> None:
    """Raise unless a queue of that kind can have that name."""
    if not name:
        raise invalid_parameter("Queue name cannot be empty")
    if fifo and not FIFO_NAME.fullmatch(name):
        raise invalid_parameter(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
            f"with {FIFO_SUFFIX} suffix and be 1 to {limits.MAX_QUEUE_NAME_LENGTH} in length."
        )
    if not fifo and not STANDARD_NAME.fullmatch(name):
        raise invalid_parameter(
            "Can only include alphanumeric characters, hyphens, or underscores. "
            f"1 to {limits.MAX_QUEUE_NAME_LENGTH} in length"
        )
