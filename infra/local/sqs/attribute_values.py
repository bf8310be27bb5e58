"""The values that queue attributes may be given, each in the one normal form in which it is kept.

Source: "SetQueueAttributes" in the API reference for names and ranges. Where an attribute is of FIFO queues only,
of one kind of encryption only, or must go with another, AWS has a sentence of its own for that.
"""

from collections.abc import Mapping

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_attribute, sqs_error, unknown_attribute
from infra.local.sqs.policy import checked_policy
from infra.local.sqs.redrive_policy import checked_allow_policy, checked_redrive_policy, whole_number
from infra.local.sqs.settings import NUMBERS
from infra.local.sqs.text import is_sendable

#: Whole numbers by name: least, most.
RANGES = {name: (least, most) for name, (_, least, most) in NUMBERS.items()} | {
    "KmsDataKeyReusePeriodSeconds": (limits.MIN_KEY_REUSE, limits.MAX_KEY_REUSE)
}
FLAGS = frozenset({"SqsManagedSseEnabled", "ContentBasedDeduplication"})
CHOICES = {
    "DeduplicationScope": ("messageGroup", "queue"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
SETTABLE = (
    RANGES.keys()
    | FLAGS
    | CHOICES.keys()
    | {"FifoQueue", "KmsMasterKeyId", "Policy", "RedrivePolicy", "RedriveAllowPolicy"}
)


def changed_attributes(
    request: Request, arn: str, given: Mapping[str, str], kept: Mapping[str, str], *, fifo: bool
) -> dict[str, str]:
    """What the given attributes change on a queue that has kept others; "" for one that is taken away.

    `kept` is empty for a queue that is being made. Raises what AWS would refuse, and `TooManyStatements`.
    """
    for name, value in given.items():
        if not fifo:
            check_standard(name)
        if name not in SETTABLE:
            raise unknown_attribute(name)
        if name == "FifoQueue" and value.lower() != "true":
            raise invalid_attribute("FifoQueue", "Modifying queue type is not supported.")
    changes = {name: normal(request, arn, name, value) for name, value in given.items()}
    changes |= encryption_of(changes)
    check_throughput({**kept, **changes})
    return changes


def check_standard(name: str) -> None:
    """Raise when the attribute is one that only FIFO queues have."""
    if name in ("FifoQueue", "ContentBasedDeduplication"):
        raise unknown_attribute(name)
    if name in CHOICES:
        raise sqs_error("InvalidAttributeName", f"You can specify the {name} only when FifoQueue is set to true.")


def normal(request: Request, arn: str, name: str, value: str) -> str:
    """One value in its normal form."""
    if name in RANGES:
        least, most = RANGES[name]
        number = whole_number(value)
        if number is None or not least <= number <= most:
            raise invalid_attribute(name)
        return str(number)
    if name in FLAGS:
        if value.lower() not in ("true", "false"):
            raise invalid_attribute(name)
        return value.lower()
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise invalid_attribute(name, "not a supported value.")
        return value
    if name == "FifoQueue":
        return "true"
    if name == "Policy":
        return checked_policy(value)
    if name == "RedrivePolicy":
        return checked_redrive_policy(request, arn, value)
    if name == "RedriveAllowPolicy":
        return checked_allow_policy(value)
    if not is_sendable(value):  # KmsMasterKeyId is an id, an ARN, or an alias, which KMS alone could judge
        raise invalid_attribute(name)
    return value


def encryption_of(changes: Mapping[str, str]) -> dict[str, str]:
    """The further changes that make one kind of encryption end where the other begins."""
    if changes.get("KmsMasterKeyId"):
        if changes.get("SqsManagedSseEnabled") == "true":
            raise sqs_error(
                "InvalidAttributeName",
                "You can use one type of server-side encryption (SSE) at one time. "
                "You can either enable KMS SSE or SQS SSE.",
            )
        return {"SqsManagedSseEnabled": "false"}
    if changes.get("SqsManagedSseEnabled") == "true":
        return {"KmsMasterKeyId": "", "KmsDataKeyReusePeriodSeconds": ""}
    return {}


def check_throughput(attributes: Mapping[str, str]) -> None:
    """High throughput needs deduplication within message groups."""
    if (
        attributes.get("FifoThroughputLimit") == "perMessageGroupId"
        and attributes.get("DeduplicationScope") != "messageGroup"
    ):
        raise invalid_attribute(
            "FifoThroughputLimit",
            "To set FifoThroughputLimit to perMessageGroupId, the DeduplicationScope must be messageGroup.",
        )
