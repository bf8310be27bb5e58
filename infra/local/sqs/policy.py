"""A queue's access policy: who else may call which action on it.

Its grammar is checked, and it is kept and answered; it is not evaluated, since every caller of the embedded AWS
is the owner. Elements that a statement lacks are not asked for, as only an evaluation would miss them.
Source: "Overview of managing access in Amazon SQS" and "IAM JSON policy elements reference".
"""

import json
from typing import Any

from infra.local.errors import AwsError
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_attribute

VERSIONS = ("2012-10-17", "2008-10-17")
ELEMENTS = frozenset({"Version", "Id", "Statement"})
STATEMENT_ELEMENTS = frozenset(
    {
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    }
)

#: A policy's JSON object.
Policy = dict[str, Any]


class TooManyStatements(Exception):
    """A policy has more statements than SQS allows; creating a queue and changing one name this differently."""


def checked_policy(text: str) -> str:
    """The policy as compact JSON; "" takes a policy away. Raises `TooManyStatements` beyond 20 of them."""
    if not text:
        return ""
    policy = json_object(text)
    if policy is None or not policy.keys() <= ELEMENTS or policy.get("Version", VERSIONS[0]) not in VERSIONS:
        raise invalid_policy()
    found = statements(policy)
    if not found or not all(_is_statement(statement) for statement in found):
        raise invalid_policy()
    if len(found) > limits.MAX_STATEMENTS:
        raise TooManyStatements(
            f"{len(found)} statements were found in the submitted policy, max allowed is {limits.MAX_STATEMENTS}"
        )
    return compact(policy)


def invalid_policy() -> AwsError:
    return invalid_attribute("Policy")


def statements(policy: Policy) -> list[Any]:
    """A policy's statements, of which a single one may stand without a list around it."""
    found = policy.get("Statement", [])
    return found if isinstance(found, list) else [found]


def _is_statement(statement: Any) -> bool:
    return (
        isinstance(statement, dict)
        and statement.keys() <= STATEMENT_ELEMENTS
        and statement.get("Effect", "Allow") in ("Allow", "Deny")
        and isinstance(statement.get("Sid", ""), str)
        and isinstance(statement.get("Action", ""), str | list)
        and isinstance(statement.get("Resource", ""), str | list)
    )


def json_object(text: str) -> dict[str, Any] | None:
    """The JSON object in the text, None when it holds anything else, or a character that no text can hold."""
    try:
        value = json.loads(text)
        if not isinstance(value, dict):
            return None
        compact(value).encode()
    except (ValueError, RecursionError):
        return None
    return value


def compact(value: dict[str, Any]) -> str:
    """JSON without the blanks, its members in the order they were given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
