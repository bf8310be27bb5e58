"""The actions that make, find, list, empty and remove queues.

On AWS a deleted queue's name is blocked for 60 seconds (QueueDeletedRecently). Here it is free at once: that
minute comes from the distance between AWS's own machines, and a test suite that makes its queues anew would
spend its life waiting.
"""

from base64 import b64decode, b64encode
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.sqs import limits
from infra.local.sqs.arn import arn_of, check_name
from infra.local.sqs.attribute_values import changed_attributes
from infra.local.sqs.errors import invalid_parameter, invalid_value, no_such_queue, sqs_error, unknown_attribute
from infra.local.sqs.move_task import forget_tasks
from infra.local.sqs.policy import TooManyStatements
from infra.local.sqs.queue import find, find_by_name, forget_queues, look_up, url_of
from infra.local.sqs.settings import with_defaults
from infra.local.sqs.tags import checked_tags

INSERT = """
INSERT INTO sqs_queues (id, region, name, attributes, tags, created_at, modified_at, purged_at)
VALUES (?, ?, ?, ?, ?, ?, ?, 0)
"""
TAKE_NUMBER = "UPDATE sqs_numbers SET next = next + 1 RETURNING next - 1"
#: Names after the token, one more than asked for, to know whether there is a next page.
LIST = """
SELECT name FROM sqs_queues
WHERE region = ? AND name > ? AND substr(name, 1, ?) = ? ORDER BY name LIMIT ?
"""


def create_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Make a queue, or answer the URL of one that exists with the same values for the attributes given."""
    name = params["QueueName"]
    changes = checked_attributes(request, name, params.get("Attributes", {}))
    tags = checked_tags(name, {}, params.get("tags", {}))
    queue = look_up(request, request.region, name)
    if queue is None:
        attributes = {attribute: value for attribute, value in changes.items() if value}
        row = (take_number(request), request.region, name, orjson.dumps(attributes).decode())
        request.db.execute(INSERT, (*row, orjson.dumps(tags).decode(), request.now, request.now))
    else:
        has = with_defaults(queue.attributes)
        for attribute, value in changes.items():
            if has.get(attribute, "") != value:
                raise sqs_error(
                    "QueueNameExists",
                    "A queue already exists with the same name and a different value for attribute " + attribute,
                )
    return {"QueueUrl": url_of(request, name)}


def checked_attributes(request: Request, name: str, given: dict[str, str]) -> dict[str, str]:
    """The attributes of a queue to be made, in their normal form; its kind and its name must fit."""
    fifo = "FifoQueue" in given
    if fifo and given["FifoQueue"].lower() != "true":
        # "If you don't specify the FifoQueue attribute, SQS creates a standard queue": there is no other way.
        raise unknown_attribute("FifoQueue")
    check_name(name, fifo=fifo)
    try:
        return changed_attributes(request, arn_of(request, request.region, name), given, {}, fifo=fifo)
    except TooManyStatements as error:
        raise invalid_parameter(str(error)) from None


def take_number(request: Request) -> int:
    number: int = request.db.execute(TAKE_NUMBER).fetchone()[0]
    return number


def get_queue_url(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    if params.get("QueueOwnerAWSAccountId", request.account) != request.account:
        raise no_such_queue()
    return {"QueueUrl": url_of(request, find_by_name(request, params["QueueName"]).name)}


def list_queues(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    prefix = params.get("QueueNamePrefix", "")
    limit, after = page_of(params)
    rows = request.db.execute(LIST, (request.region, after, len(prefix), prefix, limit + 1)).fetchall()
    names = [name for (name,) in rows[:limit]]
    reply: dict[str, Any] = {"QueueUrls": [url_of(request, name) for name in names]} if names else {}
    if len(rows) > limit and "MaxResults" in params:
        reply["NextToken"] = token_after(names[-1])
    return reply


def page_of(params: dict[str, Any]) -> tuple[int, str]:
    """How many names a listing may answer, and after which name it begins."""
    limit = params.get("MaxResults", limits.MAX_LIST)
    if not 1 <= limit <= limits.MAX_LIST:
        raise invalid_value(limit, "MaxResults", f"Must be an integer from 1 to {limits.MAX_LIST}.")
    token = params.get("NextToken", "")
    try:
        return limit, b64decode(token, validate=True).decode()
    except ValueError:
        raise invalid_value(token, "NextToken", "It is not a token that a listing returned.") from None


def token_after(name: str) -> str:
    return b64encode(name.encode()).decode()


def delete_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    forget_tasks(request, queue)
    request.db.execute("INSERT INTO sqs_abandoned VALUES (?)", (queue.number,))
    request.db.execute("DELETE FROM sqs_queues WHERE id = ?", (queue.number,))
    forget_queues(request)
    request.wake(queue.key)
    return {}


def purge_queue(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    queue = find(request, params["QueueUrl"])
    if request.now - queue.purged_at < limits.PURGE_INTERVAL * 1000:
        raise sqs_error(
            "PurgeQueueInProgress",
            f"Only one PurgeQueue operation on {queue.name} is allowed every {limits.PURGE_INTERVAL} seconds.",
        )
    request.db.execute("INSERT INTO sqs_abandoned VALUES (?)", (queue.number,))
    request.db.execute(
        "UPDATE sqs_queues SET id = ?, purged_at = ? WHERE id = ?",
        (take_number(request), request.now, queue.number),
    )
    forget_queues(request)
    return {}
