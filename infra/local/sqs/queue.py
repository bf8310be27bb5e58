"""A queue as its messages' actions see it, and how a QueueUrl leads to it."""

from dataclasses import dataclass

import orjson

from infra.local.request import Request
from infra.local.sqs.arn import arn_of
from infra.local.sqs.errors import no_such_queue, sqs_error
from infra.local.sqs.settings import Settings, settings_of
from infra.local.sqs.tally import Tally, tally_of

FIND = """
SELECT id, attributes, tags, created_at, modified_at, purged_at FROM sqs_queues WHERE region = ? AND name = ?
"""


@dataclass(slots=True, eq=False)
class Queue:
    """One row of `sqs_queues`, read; kept in the engine's cache, so the same object is met again."""

    #: The number under which its messages are stored.
    number: int
    region: str
    name: str
    arn: str
    #: What long polls on this queue wait for.
    key: tuple[str, str, str]
    attributes: dict[str, str]
    settings: Settings
    tags: dict[str, str]
    #: Epoch milliseconds.
    created_at: int
    modified_at: int
    purged_at: int
    #: What its actions count for CloudWatch.
    tally: Tally
    #: All messages, hidden or not; None until somebody asked. Kept up by every action from then on.
    total: int | None = None
    #: At least as many as are in flight; None until the first receive after a start.
    in_flight: int | None = None
    #: Whether a standard queue has, or lately had, messages with a group; None until somebody asked.
    fair: bool | None = None
    #: The last slow count of hidden messages: when, in flight, delayed.
    hidden: tuple[int, int, int] | None = None


def find(request: Request, url: str) -> Queue:
    """The queue that a QueueUrl names, whatever host the URL was made with.

    The last two parts of its path count: `http://127.0.0.1:4566/000000000000/NAME`, the same after
    `https://sqs.REGION.amazonaws.com/` or after `/queue/REGION/`. A name alone is taken too, as on AWS. The region
    is always the one that the caller signed for.
    """
    cache = queue_cache(request)
    queue = cache.get((request.region, url))
    if queue is None:
        head, _, name = url.rpartition("/")
        if not name:
            raise sqs_error("InvalidAddress", f"The address {url} is not valid for this endpoint.")
        if head and head.rpartition("/")[2] != request.account:
            raise no_such_queue()
        queue = cache[request.region, url] = find_by_name(request, name)
    return queue


def find_by_name(request: Request, name: str) -> Queue:
    queue = look_up(request, request.region, name)
    if queue is None:
        raise no_such_queue()
    return queue


def look_up(request: Request, region: str, name: str) -> Queue | None:
    """The queue of that name, from memory or from its row."""
    cache = queue_cache(request)
    queue = cache.get((region, name))
    if queue is None:
        row = request.db.execute(FIND, (region, name)).fetchone()
        if row is None:
            return None
        attributes = orjson.loads(row[1])
        queue = cache[region, name] = Queue(
            number=row[0],
            region=region,
            name=name,
            arn=arn_of(request, region, name),
            key=("sqs", region, name),
            attributes=attributes,
            settings=settings_of(attributes),
            tags=orjson.loads(row[2]),
            created_at=row[3],
            modified_at=row[4],
            purged_at=row[5],
            tally=tally_of(request, region, name),
        )
    return queue


def queue_cache(request: Request) -> dict[tuple[str, str], Queue]:
    """Queues by (region, URL) and (region, name)."""
    cache: dict[tuple[str, str], Queue] | None = request.cache.get("sqs")
    if cache is None:
        cache = request.cache["sqs"] = {}
    return cache


def forget_queues(request: Request) -> None:
    """After a queue's row changed: whatever is in memory is read again."""
    request.cache.pop("sqs", None)


def url_of(request: Request, name: str) -> str:
    return f"{request.endpoint}/{request.account}/{name}"
