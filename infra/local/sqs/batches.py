"""The rules that all batch requests share, and the form of their replies."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import sqs_error

ENTRY_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{limits.MAX_ENTRY_ID_LENGTH}}}")


def checked_entries(request: Request, params: dict[str, Any], entry_name: str) -> list[dict[str, Any]]:
    """The entries of a batch, 1 to 10 with distinct ids, or the error that fails the whole request."""
    entries: list[dict[str, Any]] = params["Entries"]
    if request.trusted:
        return entries
    if not entries:
        raise sqs_error("EmptyBatchRequest", f"There should be at least one {entry_name} in the request.")
    if len(entries) > limits.MAX_BATCH_ENTRIES:
        raise sqs_error(
            "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {limits.MAX_BATCH_ENTRIES}. You have sent {len(entries)}.",
        )
    seen = set()
    matches = ENTRY_ID.fullmatch
    for entry in entries:
        entry_id = entry["Id"]
        if matches(entry_id) is None:
            raise sqs_error(
                "InvalidBatchEntryId",
                "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
                f"It can be at most {limits.MAX_ENTRY_ID_LENGTH} letters long.",
            )
        if entry_id in seen:
            raise sqs_error("BatchEntryIdsNotDistinct", f"Id {entry_id} repeated.")
        seen.add(entry_id)
    return entries


def each(entries: list[dict[str, Any]], act: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Run `act` on every entry; the reply tells by id which it did and which it refused."""
    successful: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for entry in entries:
        try:
            act(entry)
        except AwsError as error:
            failed.append(failure(entry["Id"], error))
        else:
            successful.append({"Id": entry["Id"]})
    return reply(successful, failed)


def failure(entry_id: str, error: AwsError) -> dict[str, Any]:
    return {
        "Id": entry_id,
        "SenderFault": error.status < 500,
        "Code": error.query_code or error.code,
        "Message": error.message,
    }


def reply(successful: list[dict[str, Any]], failed: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch's reply; as in botocore, a list that would be empty is left out."""
    answer: dict[str, Any] = {}
    if successful:
        answer["Successful"] = successful
    if failed:
        answer["Failed"] = failed
    return answer
