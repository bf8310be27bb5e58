"""Tags of a queue: words for bills and searches, without effect on its messages."""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.errors import invalid_parameter, missing
from infra.local.sqs.queue import Queue, find

SAVE = "UPDATE sqs_queues SET tags = ? WHERE id = ?"


def checked_tags(tags: dict[str, str]) -> dict[str, str]:
    """The tags, when their number and lengths are allowed."""
    if len(tags) > limits.MAX_TAGS:
        raise invalid_parameter(f"Too many tags added for queue. Maximum allowed is {limits.MAX_TAGS}.")
    for key, value in tags.items():
        if not 1 <= len(key) <= limits.MAX_TAG_KEY:
            raise invalid_parameter(f"Tag keys must be between 1 and {limits.MAX_TAG_KEY} characters in length.")
        if len(value) > limits.MAX_TAG_VALUE:
            raise invalid_parameter(f"Tag values must be at most {limits.MAX_TAG_VALUE} characters in length.")
    return tags


def tag_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    if not params["Tags"]:
        raise missing("Tags")
    save(request, queue, checked_tags(queue.tags | params["Tags"]))
    return {}


def untag_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    if not params["TagKeys"]:
        raise invalid_parameter("Tag keys must be between 1 and 128 characters in length.")
    gone = set(params["TagKeys"])
    save(request, queue, {key: value for key, value in queue.tags.items() if key not in gone})
    return {}


def list_queue_tags(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    tags = find(request, params["QueueUrl"]).tags
    return {"Tags": dict(tags)} if tags else {}


def save(request: Request, queue: Queue, tags: dict[str, str]) -> None:
    request.db.execute(SAVE, (orjson.dumps(tags).decode(), queue.number))
    queue.tags = tags
