"""IO: what the cleaner writes: one row of its own, one for each run (run.py), and the deletions.

    item           pk        sk      what is done to it
    the cleaner    cleaner   round   taken by one process at a time for a while; says when the last round began, and,
                                     while one is under way, with which partition of the index it goes on

So of many processes one makes a round, and a round goes on after a crash. Two at once would do no harm: each deletion
is conditional on the row's still being where the index showed it. `state` and `due` say that a job has ended, how, and
when; whatever happens to it afterwards (it is retried, discarded, made anew) changes them. What has failed and is still
to be buried has another `state`, and is not found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from queues.cleaning.run import HEAD, PARTITION, End, Run, run_of, seen, sort_key, values_of
from queues.clients import code_of
from queues.rows import Item, number, string
from queues.settings import Settings
from queues.writes import Form, Refused, Writes

KEY: Item = {"pk": string(PARTITION), "sk": string("round")}
#: Milliseconds for which a process has the cleaning to itself.
HOLD = 300_000

#: Forms that set nothing delete.
_AS_SEEN = Form((), (("state", "="), ("due", "=")), returning=True)
_EXPIRED = Form((), (*_AS_SEEN.guards, ("expires_at", "<")), returning=True)


@dataclass(frozen=True, slots=True)
class Turn:
    """A round that is under way."""

    #: Epoch ms.
    begun_at: int
    #: The partition to go on with; empty: the first.
    place: str = ""


class CleanerRows:
    """The cleaner's rows, and those that it removes."""

    def __init__(self, dynamodb: Any, settings: Settings):
        self._db, self._table = dynamodb, settings.table
        self._writes = Writes(dynamodb, settings.table)

    async def take(self, holder: str, now: int, begun_before: int) -> Turn | None:
        """The round that was cut short, or a new one if the last one began at `begun_before` or earlier; None: neither,
        or another process is at it."""
        try:
            reply = await self._db.update_item(
                TableName=self._table,
                Key=KEY,
                UpdateExpression="SET holder = :holder, held_until = :until",
                ConditionExpression="(attribute_not_exists(holder) OR holder = :holder OR held_until < :now)"
                # A clock that was ahead must not keep all rounds away until then.
                " AND (attribute_not_exists(place) OR place <> :none OR begun_at <= :before OR begun_at > :now)",
                ExpressionAttributeValues={
                    ":holder": string(holder),
                    ":until": number(now + HOLD),
                    ":now": number(now),
                    ":none": string(""),
                    ":before": number(begun_before),
                },
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return None
        row = reply["Attributes"]
        place = row["place"]["S"] if "place" in row else ""
        return Turn(int(row["begun_at"]["N"]), place) if place else Turn(now)

    async def save(self, turn: Turn, holder: str, held_until: int) -> bool:
        """Writes how far the holder's round is; False if another process has taken over."""
        try:
            await self._db.update_item(
                TableName=self._table,
                Key=KEY,
                UpdateExpression="SET begun_at = :begun, place = :place, held_until = :until",
                ConditionExpression="holder = :holder",
                ExpressionAttributeValues={
                    ":begun": number(turn.begun_at),
                    ":place": string(turn.place),
                    ":until": number(held_until),
                    ":holder": string(holder),
                },
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True

    async def remember(self, run: Run) -> None:
        """Writes a run as it stands."""
        values = values_of(run)
        await self._db.update_item(
            TableName=self._table,
            Key={"pk": string(PARTITION), "sk": string(sort_key(run))},
            UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
        )

    async def latest(self, limit: int, now: int) -> list[Run]:
        """The runs that are remembered, the latest first, `limit` at the most."""
        found, holder = await self._runs(limit, now), await self._holder(now)
        runs = seen(found, holder)
        if any(run.end is End.LOST for run in runs):
            # One may have ended between the two looks.
            later = {sort_key(run): run for run in await self._runs(limit, now)}
            runs = seen([later.get(sort_key(run), run) for run in found], holder)
        return runs

    async def _runs(self, limit: int, now: int) -> list[Run]:
        reply = await self._db.query(
            TableName=self._table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :head)",
            ExpressionAttributeValues={":pk": KEY["pk"], ":head": string(HEAD)},
            ScanIndexForward=False,
            ConsistentRead=True,
            Limit=limit,
        )
        return [run_of(item) for item in reply["Items"] if int(item["expires_at"]["N"]) * 1000 > now]

    async def _holder(self, now: int) -> str | None:
        """Who has the cleaning to itself now."""
        row = (await self._db.get_item(TableName=self._table, Key=KEY, ConsistentRead=True)).get("Item", {})
        return row["holder"]["S"] if "held_until" in row and int(row["held_until"]["N"]) > now else None

    async def delete(self, entries: Sequence[Item], expired_before: int | None = None) -> list[Item]:
        """Deletes the rows of index entries that still are as the entries say, 25 a call; answers the entries of those
        that this call has deleted. `expired_before` (epoch s): only those that had expired by then."""

        async def one(entry: Item) -> bool:
            guards = [entry["state"], entry["due"]]
            form = _AS_SEEN
            if expired_before is not None:
                form = _EXPIRED
                guards.append(number(expired_before))
            try:
                # Without a row there is nothing to refuse, and nothing is answered.
                return bool(await self._writes.apply(form, entry["pk"]["S"], [], guards))
            except Refused:
                return False

        gone = await asyncio.gather(*(one(entry) for entry in entries))
        return [entry for entry, done in zip(entries, gone, strict=True) if done]
