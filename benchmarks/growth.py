"""A receive and a conditional update at a million: `PYTHONPATH=. .venv/bin/python benchmarks/growth.py --help`.

Two embedded engines, one with 1,000 messages (or items) and one with a million, are asked in turn, so that both meet
the same machine: how much longer does the large one take for a receive of ten messages, or for a conditional update of
one item somewhere? Then the large one is drained and filled again: its file must shrink, or be used again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from frame.install import RUN
from peers.payload import PAYLOAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

from infra.local.engine import Engine

#: The size that the large one is compared with.
SMALL = 1_000

#: Samples of each size.
SAMPLES = 1_000

#: Calls under way at once while filling and draining.
TOGETHER = 32

#: How many times as long a call may take at the large size (issue 3).
MOST = 1.5

#: How many times its size at its fullest the file may have after a drain and a second filling.
MOST_REGROWN = 1.05

#: The moments at which the file is looked at.
WHEN = ("full", "drained", "filled again")

BODY = json.dumps(PAYLOAD)


class Store(ABC):
    """A queue or a table in an engine of its own, and its measured operation."""

    unit: str
    operation: str
    batch: int
    """Messages or items of one call that fills or drains."""

    def __init__(self, path: Path, count: int) -> None:
        self.path = path
        self.count = count
        self.engine = Engine(path)

    @abstractmethod
    async def create(self) -> None:
        """Make the queue or the table."""

    @abstractmethod
    def put(self, first: int) -> Awaitable[Any]:
        """Put one batch, numbered from `first`."""

    @abstractmethod
    def remove(self, first: int) -> Awaitable[Any]:
        """Remove one batch; where it has a choice, the one numbered from `first`."""

    @abstractmethod
    async def sample(self) -> float:
        """Seconds of the operation; what it took away is put back, untimed."""

    async def fill(self) -> None:
        await self._each(self.put, "fill")

    async def drain(self) -> None:
        await self._each(self.remove, "drain")

    async def _each(self, call: Any, what: str) -> None:
        firsts = range(0, self.count, self.batch)
        console = Console(stderr=True)
        groups = range(0, len(firsts), TOGETHER)
        for at in track(groups, f"{what} {self.count:,} {self.unit}", console=console, transient=True):
            await asyncio.gather(*map(call, firsts[at : at + TOGETHER]))

    def file(self) -> dict[str, float]:
        """Megabytes: all pages of the database, those of them that are free, and the write-ahead log beside it."""
        reader = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        pages, free, page = (
            reader.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        reader.close()
        log = self.path.with_name(f"{self.path.name}-wal").stat().st_size
        return {"pages_mb": pages * page / 1e6, "free_mb": free * page / 1e6, "log_mb": log / 1e6}


class Messages(Store):
    unit = "messages"
    operation = "receive ten"
    batch = 10

    async def create(self) -> None:
        self.sqs = self.engine.client("sqs")
        self.url = (await self.sqs.create_queue(QueueName="growth"))["QueueUrl"]

    def put(self, first: int) -> Awaitable[Any]:
        entries = [{"Id": str(i), "MessageBody": BODY} for i in range(self.batch)]
        return self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)

    async def remove(self, first: int) -> None:
        await self._delete(await self._receive())

    async def sample(self) -> float:
        began = time.perf_counter()
        messages = await self._receive()
        seconds = time.perf_counter() - began
        await self._delete(messages)
        await self.put(0)
        return seconds

    async def _receive(self) -> list[dict[str, Any]]:
        reply = await self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, AttributeNames=["All"])
        messages: list[dict[str, Any]] = reply["Messages"]
        assert len(messages) == self.batch, "a queue with more in it handed out fewer than ten messages"
        return messages

    async def _delete(self, messages: list[dict[str, Any]]) -> None:
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
        await self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)


class Items(Store):
    unit = "items"
    operation = "conditional update"
    batch = 25

    async def create(self) -> None:
        self.dynamodb = self.engine.client("dynamodb")
        self.random = random.Random(0)
        await self.dynamodb.create_table(
            TableName="growth",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, first: int) -> Awaitable[Any]:
        return self._write(
            {"PutRequest": {"Item": self._key(first + i) | {"state": {"S": "waiting"}, "data": {"S": BODY}}}}
            for i in range(self.batch)
        )

    def remove(self, first: int) -> Awaitable[Any]:
        return self._write({"DeleteRequest": {"Key": self._key(first + i)}} for i in range(self.batch))

    async def sample(self) -> float:
        key = self._key(self.random.randrange(self.count))
        began = time.perf_counter()
        await self.dynamodb.update_item(
            TableName="growth",
            Key=key,
            UpdateExpression="SET #state = :active, attempts = if_not_exists(attempts, :zero) + :one",
            ConditionExpression="#state IN (:waiting, :active)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":active": {"S": "active"},
                ":waiting": {"S": "waiting"},
                ":zero": {"N": "0"},
                ":one": {"N": "1"},
            },
        )
        return time.perf_counter() - began

    def _write(self, requests: Any) -> Awaitable[Any]:
        return self.dynamodb.batch_write_item(RequestItems={"growth": list(requests)})

    @staticmethod
    def _key(number: int) -> dict[str, Any]:
        # Scattered, as ids are: neighbours in time are not neighbours in the file.
        return {"id": {"S": f"{number * 2_654_435_761 % 2**32:08x}"}}


async def measure(kind: type[Store], count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=RUN) as folder:
        small, large = (kind(Path(folder) / f"{size}.db", size) for size in (SMALL, count))
        for store in (small, large):
            await store.create()
            await store.fill()
        times: dict[Store, list[float]] = {small: [], large: []}
        for _ in range(SAMPLES):
            for store, seconds in times.items():
                seconds.append(await store.sample())
        medians = [statistics.median(seconds) * 1000 for seconds in times.values()]
        found = {"small_ms": medians[0], "large_ms": medians[1], "ratio": medians[1] / medians[0], "full": large.file()}
        await large.drain()
        found["drained"] = large.file()
        await large.fill()
        found["filled again"] = large.file()
        for store in (small, large):
            await store.engine.close()
    return found


def show(found: dict[str, dict[str, Any]], count: int) -> None:
    table = Table(title="Median of one call through the direct door, in turn at both sizes")
    for heading in ("", f"{SMALL:,}", f"{count:,}", "ratio"):
        table.add_column(heading, justify="right" if heading else "left")
    for operation, row in found.items():
        table.add_row(f"{operation}, ms", f"{row['small_ms']:.3f}", f"{row['large_ms']:.3f}", f"{row['ratio']:.2f}")
    Console().print(table)
    for operation, row in found.items():
        sizes = [f"{when} {row[when]['pages_mb']:,.0f} MB" for when in WHEN]
        print(f"file of `{operation}`: {', '.join(sizes)}; of the drained one {row['drained']['free_mb']:,.0f} MB free")


def faults(found: dict[str, dict[str, Any]]) -> list[str]:
    """What is worse than it may be, as sentences."""
    slow = [
        f"{operation}: {row['ratio']:.2f} times as long, more than {MOST}"
        for operation, row in found.items()
        if row["ratio"] > MOST
    ]
    grown = [
        f"{operation}: the file went from {row['full']['pages_mb']:.0f} MB to {row['filled again']['pages_mb']:.0f} MB"
        for operation, row in found.items()
        if row["filled again"]["pages_mb"] > MOST_REGROWN * row["full"]["pages_mb"]
    ]
    return slow + grown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000, help="messages and items of the large side (1000000)")
    parser.add_argument("--only", choices=["messages", "items"], help="only the one of the two")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE")
    options = parser.parse_args()
    RUN.mkdir(parents=True, exist_ok=True)
    kinds = [kind for kind in (Messages, Items) if options.only in (None, kind.unit)]
    found = {kind.operation: asyncio.run(measure(kind, options.count)) for kind in kinds}
    show(found, options.count)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    wrong = faults(found)
    for fault in wrong:
        print(fault, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
