"""What a queue's attributes come to: the values it has without being told, and the numbers its actions need.

AWS speaks of attributes as strings, and so they are kept, in one normal form (see `attribute_values`); `Settings`
holds what the message actions need, read once.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from infra.local.sqs import limits
from infra.local.sqs.redrive_policy import RedrivePolicy

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
#: What a FIFO queue has beside.
FIFO_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
#: What a queue with a KMS key has beside.
KMS_DEFAULTS = {"KmsDataKeyReusePeriodSeconds": str(limits.DEFAULT_KEY_REUSE)}


@dataclass(frozen=True, slots=True)
class Settings:
    """A queue's attributes as its actions use them, in milliseconds where they are added to times."""

    delay: int
    visibility: int
    retention: int
    #: Seconds.
    wait: int
    #: Bytes.
    max_size: int
    redrive: RedrivePolicy | None
    #: The rest is of FIFO queues.
    fifo: bool
    #: A message without a deduplication id is told from others by its body.
    content_based_deduplication: bool
    #: A deduplication id counts within its message group, not in the whole queue.
    deduplication_by_group: bool
    #: "perMessageGroupId": each message group has the throughput of a whole queue.
    throughput_by_group: bool


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
        fifo=attributes.get("FifoQueue") == "true",
        content_based_deduplication=attributes.get("ContentBasedDeduplication") == "true",
        deduplication_by_group=attributes.get("DeduplicationScope") == "messageGroup",
        throughput_by_group=attributes.get("FifoThroughputLimit") == "perMessageGroupId",
    )


def with_defaults(attributes: Mapping[str, str]) -> dict[str, str]:
    """All attributes that a queue shows for those that were set on it."""
    shown = dict(DEFAULTS)
    if attributes.get("FifoQueue") == "true":
        shown |= FIFO_DEFAULTS
    if "KmsMasterKeyId" in attributes:
        shown |= KMS_DEFAULTS
    return {**shown, **attributes}
