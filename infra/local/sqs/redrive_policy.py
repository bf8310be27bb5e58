"""Redrive policies: which queue takes the messages that were received too often, and which queues may send there.

Source: RedrivePolicy and RedriveAllowPolicy under SetQueueAttributes in the API reference.
"""

import json
from dataclasses import dataclass
from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.arn import FIFO_SUFFIX, parts_of
from infra.local.sqs.errors import invalid_attribute, invalid_value
from infra.local.sqs.policy import compact, json_object

#: The attributes of a queue in this region, by name.
ATTRIBUTES = "SELECT attributes FROM sqs_queues WHERE region = ? AND name = ?"
#: Members of a RedrivePolicy, in the order in which AWS misses them.
MEMBERS = ("maxReceiveCount", "deadLetterTargetArn")
PERMISSIONS = ("allowAll", "denyAll", "byQueue")
#: Digits of a number, leading zeros included; none that SQS takes needs more.
MOST_DIGITS = 10
ALLOW_MEMBERS = frozenset({"redrivePermission", "sourceQueueArns"})


@dataclass(frozen=True, slots=True)
class RedrivePolicy:
    """As AWS names its members; kept as JSON in the attribute RedrivePolicy."""

    deadLetterTargetArn: str  # noqa: N815 (AWS's name)
    maxReceiveCount: int  # noqa: N815 (AWS's name)

    @property
    def target(self) -> str:
        """The dead-letter queue's name."""
        return self.deadLetterTargetArn.rpartition(":")[2]


def checked_redrive_policy(request: Request, arn: str, text: str) -> str:
    """The policy of the queue with that ARN in its normal form; "" takes a policy away."""
    if not text:
        return ""

    def refuse(reason: str) -> AwsError:
        return invalid_value(text, "RedrivePolicy", reason)

    policy = json_object(text)
    if policy is None:
        raise invalid_attribute("RedrivePolicy", "Redrive policy is not a valid JSON map.")
    for name in MEMBERS:
        if name not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {name}.")
    count = whole_number(policy["maxReceiveCount"])
    if count is None or not 1 <= count <= limits.MAX_RECEIVE_COUNT:
        raise refuse(
            f"Invalid value for maxReceiveCount: {policy['maxReceiveCount']}, valid values are from 1 to "
            f"{limits.MAX_RECEIVE_COUNT} both inclusive."
        )
    if len(policy) > len(MEMBERS):
        raise refuse(f"Only following attributes are supported: [{', '.join(MEMBERS)}].")
    target = policy["deadLetterTargetArn"]
    reason = why_no_target(request, arn, target)
    if reason:
        raise refuse(reason)
    return compact({"deadLetterTargetArn": target, "maxReceiveCount": count})


def why_no_target(request: Request, source: str, target: Any) -> str:
    """The reason why the target cannot be the dead-letter queue of the source, "" when it can."""
    parts = parts_of(target) if isinstance(target, str) else None
    if parts is None:
        return "Invalid value for deadLetterTargetArn."
    if parts.service != "sqs":
        return "Only SQS queues are valid resources for deadLetterTargetArn."
    if parts.region != request.region:
        return "Dead-letter target must be in same region as the source."
    if parts.account != request.account:
        return "Dead-letter target owner should be same as the source."
    if parts.name.endswith(FIFO_SUFFIX) != source.endswith(FIFO_SUFFIX):
        return "Dead-letter queue must be same type of queue as the source.."  # with AWS's two full stops
    row = request.db.execute(ATTRIBUTES, (request.region, parts.name)).fetchone()
    if row is None:
        return "Dead letter target does not exist."
    if not allows(json.loads(row[0]), source):
        return "The dead letter target's RedriveAllowPolicy does not allow this source queue."
    return ""


def whole_number(value: Any) -> int | None:
    """A whole number given as a number, or as digits in a string: AWS takes both."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS:
        return int(value)
    return value if type(value) is int else None


def checked_allow_policy(text: str) -> str:
    """A RedriveAllowPolicy in its normal form; "" takes it away."""
    if not text:
        return ""

    def refuse(reason: str) -> AwsError:
        return invalid_value(text, "RedriveAllowPolicy", f"Amazon SQS can't create the redrive allow policy. {reason}")

    policy = json_object(text)
    if policy is None or not policy.keys() <= ALLOW_MEMBERS or policy.get("redrivePermission") not in PERMISSIONS:
        raise unsupported_format()
    sources = policy.get("sourceQueueArns")
    if sources is not None and not (isinstance(sources, list) and all(isinstance(source, str) for source in sources)):
        raise unsupported_format()
    if policy["redrivePermission"] != "byQueue":
        if sources:
            raise refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.")
    elif not sources:
        raise refuse(
            "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values."
        )
    elif len(sources) > limits.MAX_ALLOWED_SOURCES:
        raise refuse(f"The maximum number of source queue ARNs you can specify is {limits.MAX_ALLOWED_SOURCES}.")
    return compact(policy)


def unsupported_format() -> AwsError:
    return invalid_attribute(
        "RedriveAllowPolicy",
        "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format.",  # noqa: RUF001 (AWS's)
    )


def allows(attributes: dict[str, str], source: str) -> bool:
    """Whether a dead-letter queue with these attributes takes messages of the queue with that ARN."""
    policy = json.loads(attributes.get("RedriveAllowPolicy") or '{"redrivePermission": "allowAll"}')
    return policy["redrivePermission"] == "allowAll" or source in policy.get("sourceQueueArns", ())
