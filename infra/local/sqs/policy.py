"""Redrive policies: which queue takes the messages that were received too often, and which queues may send there."""

import json
from dataclasses import dataclass
from typing import Any

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_value

#: The attributes of a queue in this region, by name.
ATTRIBUTES = "SELECT attributes FROM sqs_queues WHERE region = ? AND name = ?"
PERMISSIONS = ("allowAll", "denyAll", "byQueue")


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
    """The policy in its normal form; "" takes a policy away."""
    if not text:
        return ""

    def refuse(reason: str) -> Exception:
        return invalid_value(text, "RedrivePolicy", reason)

    policy = parsed(text)
    if policy is None:
        raise refuse("Redrive policy is not a valid JSON map.")
    for name in ("deadLetterTargetArn", "maxReceiveCount"):
        if name not in policy:
            raise refuse(f"Redrive policy does not contain mandatory attribute: {name}.")
    for name in policy:
        if name not in ("deadLetterTargetArn", "maxReceiveCount"):
            raise refuse(
                f"Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount], not {name}."
            )
    count = str(policy["maxReceiveCount"])
    if not count.isdigit() or not 1 <= int(count) <= limits.MAX_RECEIVE_COUNT:
        raise refuse(
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to "
            f"{limits.MAX_RECEIVE_COUNT} both inclusive."
        )
    target = str(policy["deadLetterTargetArn"])
    head, _, name = target.rpartition(":")
    if head != f"arn:aws:sqs:{request.region}:{request.account}":
        raise refuse("Dead letter target does not exist or belongs to another region or account.")
    row = request.db.execute(ATTRIBUTES, (request.region, name)).fetchone()
    if row is None:
        raise refuse("Dead letter target does not exist.")
    if not allows(json.loads(row[0]), arn):
        raise refuse("The dead letter target's RedriveAllowPolicy does not allow this source queue.")
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": int(count)}, separators=(",", ":"))


def checked_allow_policy(text: str) -> str:
    """A RedriveAllowPolicy in its normal form; "" takes it away."""
    if not text:
        return ""

    def refuse(reason: str) -> Exception:
        return invalid_value(text, "RedriveAllowPolicy", reason)

    policy = parsed(text)
    if policy is None:
        raise refuse("Amazon SQS can't create the redrive allow policy, as it's not a valid JSON map.")
    permission = policy.get("redrivePermission")
    if permission not in PERMISSIONS:
        raise refuse(f"redrivePermission must be one of {', '.join(PERMISSIONS)}.")
    sources = policy.get("sourceQueueArns")
    if permission != "byQueue":
        if sources is not None:
            raise refuse("sourceQueueArns is only allowed with redrivePermission byQueue.")
        return json.dumps({"redrivePermission": permission}, separators=(",", ":"))
    if not isinstance(sources, list) or not 1 <= len(sources) <= limits.MAX_ALLOWED_SOURCES:
        raise refuse(f"byQueue needs 1 to {limits.MAX_ALLOWED_SOURCES} sourceQueueArns.")
    return json.dumps({"redrivePermission": permission, "sourceQueueArns": sources}, separators=(",", ":"))


def allows(attributes: dict[str, str], source: str) -> bool:
    """Whether a dead-letter queue with these attributes takes messages of the queue with that ARN."""
    policy = json.loads(attributes.get("RedriveAllowPolicy") or '{"redrivePermission": "allowAll"}')
    return policy["redrivePermission"] == "allowAll" or source in policy.get("sourceQueueArns", ())


def parsed(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
