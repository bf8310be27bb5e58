"""What a function's answer says about its batch when the mapping reports batch item failures.

Source: AWS Lambda Developer Guide, "Handling errors for an SQS event source", success and failure conditions. Whole
success: an empty or null response, an empty or null `batchItemFailures`. Whole failure: an invalid response, an
`itemIdentifier` that is empty, null, has a bad key name, or is no message of the batch. An object without
`batchItemFailures` has a null list, as Lambda ignores members that it does not know.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any


class MalformedResponse(Exception):
    """The answer cannot be understood: the whole batch counts as failed."""


def failed_ids(response: Any, batch: Container[str]) -> set[str]:
    """The ids, of those in `batch`, whose messages failed; MalformedResponse if the answer is invalid."""
    if response is None or response in ({}, [], ""):
        return set()
    if not isinstance(response, dict):
        raise MalformedResponse(f"the response is {type(response).__name__}, not an object with batchItemFailures")
    failures = response.get("batchItemFailures")
    if failures is None:
        return set()
    if not isinstance(failures, list):
        raise MalformedResponse(f"batchItemFailures is {type(failures).__name__}, not a list")
    failed = set()
    for item in failures:
        identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
        if not isinstance(identifier, str) or not identifier:
            raise MalformedResponse(f"an item of batchItemFailures has no itemIdentifier: {str(item)[:100]!r}")
        if identifier not in batch:
            raise MalformedResponse(f"itemIdentifier {identifier[:100]!r} is no message of this batch")
        failed.add(identifier)
    return failed
