"""IO: TransactWriteItems for several things at once, of which those are left out whose own conditions do not hold."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.rows import Item

#: Tries of a transaction that met another one, and seconds before the second; doubled each time, up to the longest.
TRIES = 14
PAUSE, LONGEST_PAUSE = 0.02, 1.0
_REFUSED = "ConditionalCheckFailed"

T = TypeVar("T")
#: What was left out, and which of its items was refused first.
Refusals = list[tuple[T, int]]


class Gone(Exception):
    """What all of them depend on is not there any more: nothing was written."""


async def write_those_that_hold(
    dynamodb: Any,
    things: Sequence[T],
    items_of: Callable[[T], list[Item]],
    shared: Callable[[Sequence[T]], list[Item]],
) -> tuple[list[T], Refusals[T]]:
    """Writes each thing's items, all of which hold or none are written, and those that they share, in one transaction.

    Answers what was written and what was left out. Gone: a shared item was refused. TimeoutError: it met others.
    """
    chosen, refused = list(things), list[tuple[T, int]]()
    for tries in range(TRIES):
        if not chosen:
            return [], refused
        owners: list[tuple[T | None, int]] = []
        items: list[Item] = []
        for thing in chosen:
            for number, item in enumerate(items_of(thing)):
                owners.append((thing, number))
                items.append(item)
        for common in shared(chosen):
            owners.append((None, 0))
            items.append(common)
        try:
            await dynamodb.transact_write_items(TransactItems=items)
        except ClientError as error:
            if code_of(error) != "TransactionCanceledException":
                raise
            reasons = [reason.get("Code") for reason in error.response.get("CancellationReasons", ())]
            left_out = [owner for owner, reason in zip(owners, reasons, strict=False) if reason == _REFUSED]
            if any(thing is None for thing, _ in left_out):
                raise Gone from None
            if left_out:
                seen: list[T] = []
                for owner, number in left_out:
                    if owner is not None and owner not in seen:
                        seen.append(owner)
                        refused.append((owner, number))
                chosen = [thing for thing in chosen if thing not in seen]
                continue
            await asyncio.sleep(min(LONGEST_PAUSE, PAUSE * 2**tries))
            continue
        return chosen, refused
    raise TimeoutError(f"DynamoDB refused a transaction on a flow {TRIES} times, because of others")


def update(table: str, key: Item, expression: str, condition: str, names: dict[str, str], values: Item) -> Item:
    """One Update of a transaction."""
    found: Item = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": values,
    }
    return {"Update": found | ({"ExpressionAttributeNames": names} if names else {})}
