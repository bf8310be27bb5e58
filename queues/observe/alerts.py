"""IO: alerts. Each change of a trouble's state is told once, whichever of the processes that look at it sees it first.

    item            pk                      sk
    an alert        alerts                  RULE#SUBJECT

    all of them     Query pk
    any change      a conditional write of pk, sk

Trouble must last for a while before it is told, and be over for a while before that is told: `Patience`, in memory.
Whoever's patience ends first writes the change, which succeeds for one writer; that one tells it, and then writes that
it has been told.

What holds if the process dies
- before the change is written: nothing happened; another process's patience ends, or this one's begins anew.
- between the change and its being told: RETELL_AFTER later another round takes the row over and tells it.
- between the telling and the writing of it: the same, so that it is told twice. The log's line is written once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

import orjson
from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.observe.rules import Finding, Key, Rule
from queues.rows import Item, number, string

PARTITION = "alerts"
FIRING, RESOLVED = "firing", "resolved"
#: Milliseconds after which a change that nobody has written down as told is told by somebody else.
RETELL_AFTER = 60_000
#: Seconds for which the row of trouble that is over stays.
KEEP = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Alert:
    """The state of one trouble, and what was found when it began."""

    finding: Finding
    #: `firing` or `resolved`.
    state: str
    #: Epoch ms of the change.
    changed_at: int
    #: Epoch ms at which somebody last set out to tell it.
    taken_at: int
    told: bool = False

    @property
    def key(self) -> Key:
        return self.finding.key


class Patience:
    """For how long each trouble has been there, or has been over. `after` in milliseconds."""

    def __init__(self, after: int):
        self._after = after
        self._since: dict[Key, int] = {}

    def step(self, found: Collection[Key], firing: Collection[Key], now: int) -> set[Key]:
        """What has been otherwise than it was told for long enough: to be told now."""
        changed = set(found) ^ set(firing)
        self._since = {key: self._since.get(key, now) for key in changed}
        return {key for key, since in self._since.items() if now - since >= self._after}


class AlertBook:
    """The rows of all alerts on one table."""

    def __init__(self, dynamodb: Any, table: str):
        self._db, self._table = dynamodb, table

    async def all(self) -> list[Alert]:
        """Those that fire, and those whose end has not been told."""
        found: list[Alert] = []
        start: dict[str, Any] = {}
        while True:
            reply = await self._db.query(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": string(PARTITION)},
                ConsistentRead=True,
                **start,
            )
            alerts = (_alert(item) for item in reply["Items"])
            found += [alert for alert in alerts if alert.state == FIRING or not alert.told]
            if "LastEvaluatedKey" not in reply:
                return found
            start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}

    async def fire(self, finding: Finding, now: int) -> Alert | None:
        """Writes that there is trouble; None if somebody has, or if the end of the last one is still to be told."""
        alert = Alert(finding, FIRING, now, now)
        over = "attribute_not_exists(pk) OR (#state = :resolved AND told = :yes)"
        values = {":resolved": string(RESOLVED), ":yes": {"BOOL": True}}
        return alert if await self._put(alert, over, values) else None

    async def resolve(self, known: Alert, now: int) -> Alert | None:
        """Writes that it is over; None if somebody has."""
        return await self._replace(known, replace(known, state=RESOLVED, changed_at=now, taken_at=now, told=False))

    async def take(self, known: Alert, now: int) -> Alert | None:
        """Takes over what somebody has set out to tell and has not said to have told; None if another was faster."""
        return await self._replace(known, replace(known, taken_at=now))

    async def told(self, alert: Alert) -> None:
        """Writes that it has been told."""
        await self._replace(alert, replace(alert, told=True))

    async def _replace(self, known: Alert, alert: Alert) -> Alert | None:
        values = {":state": string(known.state), ":changed": number(known.changed_at), ":taken": number(known.taken_at)}
        unchanged = "#state = :state AND changed_at = :changed AND taken_at = :taken"
        return alert if await self._put(alert, unchanged, values) else None

    async def _put(self, alert: Alert, condition: str, values: Item) -> bool:
        try:
            await self._db.put_item(
                TableName=self._table,
                Item=_item(alert),
                ConditionExpression=condition,
                ExpressionAttributeNames={"#state": "alert_state"},
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            return False
        return True


def untold(alerts: Iterable[Alert], now: int) -> list[Alert]:
    """Those that somebody set out to tell so long ago that somebody else must."""
    return [alert for alert in alerts if not alert.told and now - alert.taken_at >= RETELL_AFTER]


def _item(alert: Alert) -> Item:
    finding = alert.finding
    found = [finding.rule.value, finding.subject, finding.value, finding.threshold, finding.message]
    item = {
        "pk": string(PARTITION),
        "sk": string(f"{finding.rule.value}#{finding.subject}"),
        # Not `state`, which is the hash of the index.
        "alert_state": string(alert.state),
        "changed_at": number(alert.changed_at),
        "taken_at": number(alert.taken_at),
        "told": {"BOOL": alert.told},
        "finding": string(orjson.dumps(found).decode()),
    }
    if alert.state == RESOLVED:
        item["expires_at"] = number(alert.changed_at // 1000 + KEEP)
    return item


def _alert(item: Item) -> Alert:
    rule, *rest = orjson.loads(item["finding"]["S"])
    return Alert(
        Finding(Rule(rule), *rest),
        item["alert_state"]["S"],
        int(item["changed_at"]["N"]),
        int(item["taken_at"]["N"]),
        item["told"]["BOOL"],
    )
