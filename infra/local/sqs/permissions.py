"""The actions that add a statement to a queue's access policy, or take one away, by its label.

Source: "AddPermission" and "RemovePermission" in the API reference.
"""

import json
import re
from typing import Any

from infra.local.errors import AwsError
from infra.local.partition import partition_of
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.attributes import save_attributes
from infra.local.sqs.errors import invalid_parameter, invalid_value, missing, sqs_error
from infra.local.sqs.policy import Policy, compact, statements
from infra.local.sqs.queue import Queue, find

LABEL = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.MAX_LABEL_LENGTH}}}")
ACCOUNT = re.compile(r"\d{12}", re.ASCII)

#: Actions that another account can be allowed.
SHARED = frozenset(
    {
        "*",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListDeadLetterSourceQueues",
        "PurgeQueue",
        "ReceiveMessage",
        "SendMessage",
    }
)
#: Actions that stay with the queue's owner.
OWNERS = frozenset(
    {
        "AddPermission",
        "CancelMessageMoveTask",
        "CreateQueue",
        "DeleteQueue",
        "ListMessageMoveTasks",
        "ListQueueTags",
        "ListQueues",
        "RemovePermission",
        "SetQueueAttributes",
        "StartMessageMoveTask",
        "TagQueue",
        "UntagQueue",
    }
)


def add_permission(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Allow other accounts some actions; the same permission once more changes nothing."""
    queue = find(request, params["QueueUrl"])
    statement = statement_of(queue, params)
    policy = policy_of(queue)
    found = statements(policy)
    for other in found:
        if other.get("Sid") == statement["Sid"]:
            if other == statement:
                return {}
            raise invalid_value(statement["Sid"], "Label", "Already exists.")
    if len(found) >= limits.MAX_STATEMENTS:
        raise sqs_error(
            "OverLimit", f"{len(found) + 1} Statements were found, maximum allowed is {limits.MAX_STATEMENTS}."
        )
    save_attributes(request, queue, {"Policy": compact(policy | {"Statement": [*found, statement]})})
    return {}


def remove_permission(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Take the statement with that label away, and with the last one the policy."""
    queue = find(request, params["QueueUrl"])
    label = checked_label(params["Label"])
    if "Policy" not in queue.attributes:
        raise invalid_value(label, "Label", "can't find label.")
    policy = policy_of(queue)
    found = statements(policy)
    left = [statement for statement in found if statement.get("Sid") != label]
    if len(left) == len(found):
        raise invalid_value(label, "Label", "can't find label on existing policy.")
    save_attributes(request, queue, {"Policy": compact(policy | {"Statement": left}) if left else ""})
    return {}


def policy_of(queue: Queue) -> Policy:
    """The queue's policy, or the one without statements that permissions are first added to."""
    kept = queue.attributes.get("Policy")
    if kept is None:
        return {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy", "Statement": []}
    policy: Policy = json.loads(kept)
    return policy


def statement_of(queue: Queue, params: dict[str, Any]) -> dict[str, Any]:
    """The statement that says what AddPermission was told; raises for what AWS would refuse."""
    label = checked_label(params["Label"])
    actions = [f"SQS:{action}" for action in checked_actions(params["Actions"])]
    accounts = params["AWSAccountIds"]
    if not accounts or not all(map(ACCOUNT.fullmatch, accounts)):
        raise invalid_value(f"[{', '.join(accounts)}]", "PrincipalId", "Unable to verify.")
    partition = partition_of(queue.region)
    principals = [f"arn:{partition}:iam::{account}:root" for account in accounts]
    return {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": one_or_all(principals)},
        "Action": one_or_all(actions),
        "Resource": queue.arn,
    }


def one_or_all(values: list[str]) -> str | list[str]:
    """A single value stands alone in a statement."""
    return values[0] if len(values) == 1 else values


def checked_label(label: str) -> str:
    if not label:
        raise missing("Label")
    if not LABEL.fullmatch(label):
        raise invalid_parameter(
            "Label can only include alphanumeric characters, hyphens, or underscores. "
            f"1 to {limits.MAX_LABEL_LENGTH} in length"
        )
    return label


def checked_actions(actions: list[str]) -> list[str]:
    if not actions:
        raise missing("Actions")
    if len(actions) > limits.MAX_ACTIONS:
        raise sqs_error("OverLimit", f"{len(actions)} Actions were found, maximum allowed is {limits.MAX_ACTIONS}.")
    for action in actions:
        if action in OWNERS:
            raise refused_action(action, "Only the queue owner is allowed to invoke this action.")
        if action not in SHARED:
            raise refused_action(action, "Please refer to the appropriate WSDL for a list of valid actions.")
    return actions


def refused_action(action: str, reason: str) -> AwsError:
    return invalid_value(f"SQS:{action}", "ActionName", reason)
