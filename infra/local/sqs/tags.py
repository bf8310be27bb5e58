"""Tags of a queue: words for bills and searches, without effect on its messages.

Source: "Tagging Amazon SQS queues" in the developer guide for their number, lengths and characters.
"""

import re
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter, missing
from infra.local.sqs.queue import Queue, find

SAVE = "UPDATE sqs_queues SET tags = ? WHERE id = ?"

#: Letters, digits and white space of any script, and a few signs.
ALLOWED = re.compile(r"[\w\s.:/=+\-@]*")
SIGNS = "_ . : / = + - @"
#: Begins the keys that AWS gives out itself.
RESERVED = "aws:"


def checked_tags(queue_name: str, kept: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """The tags a queue has once some are added, when their number, lengths and characters are allowed."""
    for key, value in added.items():
        if not 1 <= len(key) <= limits.MAX_TAG_KEY:
            raise invalid_key_length()
        if len(value) > limits.MAX_TAG_VALUE:
            raise invalid_parameter(f"Tag values must be between 0 and {limits.MAX_TAG_VALUE} characters in length.")
        for kind, text in (("keys", key), ("values", value)):
            if not ALLOWED.fullmatch(text):
                raise invalid_parameter(
                    f"Tag {kind} may only contain unicode letters, digits, whitespace, or one of these symbols: {SIGNS}"
                )
        if key.lower().startswith(RESERVED):
            raise invalid_parameter(f"Tag keys can't start with {RESERVED}")
    tags = kept | added
    if len(tags) > limits.MAX_TAGS:
        raise invalid_parameter(f"Too many tags added for queue {queue_name}.")
    return tags


def tag_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    if not params["Tags"]:
        raise missing("Tags")
    save(request, queue, checked_tags(queue.name, queue.tags, params["Tags"]))
    return {}


def untag_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    keys = params["TagKeys"]
    if not keys or not all(1 <= len(key) <= limits.MAX_TAG_KEY for key in keys):
        raise invalid_key_length()
    gone = set(keys)
    save(request, queue, {key: value for key, value in queue.tags.items() if key not in gone})
    return {}


def invalid_key_length() -> Exception:
    return invalid_parameter(f"Tag keys must be between 1 and {limits.MAX_TAG_KEY} characters in length.")


def list_queue_tags(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    tags = find(request, params["QueueUrl"]).tags
    return {"Tags": dict(tags)} if tags else {}


def save(request: Request, queue: Queue, tags: dict[str, str]) -> None:
    request.db.execute(SAVE, (orjson.dumps(tags).decode(), queue.number))
    queue.tags = tags
