"""Queue attributes that can be set: their names, defaults, ranges, and the form in which they are kept.

AWS speaks of attributes as strings. They are checked here once and kept as strings in one normal form, so
that CreateQueue can compare them; `Settings` holds what the message actions need, as numbers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import sqs_error, unsupported
from infra.local.sqs.policy import RedrivePolicy, checked_allow_policy, checked_redrive_policy

#: Attributes that are whole numbers: (default, least, most), in seconds and bytes.
NUMBERS = {
    "DelaySeconds": (limits.DEFAULT_DELAY, 0, limits.MAX_DELAY),
    "MaximumMessageSize": (
        limits.MAX_MESSAGE_BYTES,
        limits.MIN_MESSAGE_SIZE_SETTING,
        limits.MAX_MESSAGE_BYTES,
    ),
    "MessageRetentionPeriod": (limits.DEFAULT_RETENTION, limits.MIN_RETENTION, limits.MAX_RETENTION),
    "ReceiveMessageWaitTimeSeconds": (limits.DEFAULT_WAIT, 0, limits.MAX_WAIT),
    "VisibilityTimeout": (limits.DEFAULT_VISIBILITY, 0, limits.MAX_VISIBILITY),
}
#: What a queue has without being told.
DEFAULTS = {name: str(number[0]) for name, number in NUMBERS.items()} | {"SqsManagedSseEnabled": "true"}

#: Attributes of AWS that mean something the embedded engine does not do; better refused than ignored.
UNSUPPORTED = frozenset(
    {
        "Policy",
        "KmsMasterKeyId",
        "KmsDataKeyReusePeriodSeconds",
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoThroughputLimit",
        "FifoQueue",
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The numbers of a queue, in milliseconds where they are added to times."""

    delay: int
    visibility: int
    retention: int
    #: Seconds.
    wait: int
    #: Bytes.
    max_size: int
    redrive: RedrivePolicy | None


def settings_of(attributes: Mapping[str, str]) -> Settings:
    def number(name: str) -> int:
        return int(attributes.get(name, DEFAULTS[name]))

    policy = attributes.get("RedrivePolicy")
    return Settings(
        delay=number("DelaySeconds") * 1000,
        visibility=number("VisibilityTimeout") * 1000,
        retention=number("MessageRetentionPeriod") * 1000,
        wait=number("ReceiveMessageWaitTimeSeconds"),
        max_size=number("MaximumMessageSize"),
        redrive=None if policy is None else RedrivePolicy(**json.loads(policy)),
    )


def value_of(attributes: Mapping[str, str], name: str) -> str:
    """The value that a queue has for an attribute, "" for one that was never set and has no default."""
    return attributes.get(name, DEFAULTS.get(name, ""))


def checked_attributes(request: Request, arn: str, attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes in their normal form, for the queue with that ARN; raises for what AWS would refuse."""
    return {name: _checked(request, arn, name, value) for name, value in attributes.items()}


def _checked(request: Request, arn: str, name: str, value: str) -> str:
    if name in NUMBERS:
        _, least, most = NUMBERS[name]
        if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
            raise invalid_attribute(name)
        return str(int(value))
    if name == "SqsManagedSseEnabled":
        if value not in ("true", "false"):
            raise invalid_attribute(name)
        return value
    if name == "RedrivePolicy":
        return checked_redrive_policy(request, arn, value)
    if name == "RedriveAllowPolicy":
        return checked_allow_policy(value)
    if name in UNSUPPORTED:
        raise unsupported(f"the queue attribute {name}")
    raise sqs_error("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute(name: str) -> Exception:
    return sqs_error("InvalidAttributeValue", f"Invalid value for the parameter {name}.")
