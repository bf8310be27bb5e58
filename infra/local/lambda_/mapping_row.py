"""An event source mapping as its row has it: what it is set to, and what state it tells.

States come and go by the clock alone: a row that was changed reads as `Creating`, `Enabling`, `Disabling`, `Updating`
or `Deleting` for a moment and then as what it has become. The pollers obey a row as soon as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from infra.local.lambda_.limits import TRANSITION_MS
from infra.local.lambda_.names import arn_of
from infra.local.lambda_.wakes import MAPPINGS_CHANGED
from infra.local.partition import partition_of
from infra.local.request import Request

COLUMNS = "uuid, region, function, source_arn, enabled, config, deployed, transition, settles_at, modified_at"
FIND = f"SELECT {COLUMNS} FROM lambda_mappings WHERE uuid = ? AND region = ?"  # noqa: S608 (no value is put in)
LIST = f"SELECT {COLUMNS} FROM lambda_mappings WHERE region = ? ORDER BY uuid"  # noqa: S608 (no value is put in)
WRITE = "INSERT OR REPLACE INTO lambda_mappings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
REMOVE_GONE = "DELETE FROM lambda_mappings WHERE transition = 'Deleting' AND settles_at <= ?"


@dataclass(frozen=True, slots=True)
class MappingRow:
    """One mapping. Times are epoch milliseconds."""

    uuid: str
    region: str
    function: str
    source_arn: str
    enabled: bool
    #: CreateEventSourceMapping's members that say how to poll.
    config: dict[str, Any]
    #: The config that a deployment gave it, as JSON; None for one made by the API.
    deployed: str | None
    transition: str | None
    settles_at: int
    modified_at: int

    def in_transition(self, now: int) -> bool:
        return self.transition is not None and now < self.settles_at

    def state(self, now: int) -> str:
        """A word of the API."""
        if self.transition is not None and now < self.settles_at:
            return self.transition
        return "Enabled" if self.enabled else "Disabled"


def find_row(request: Request, uuid: str) -> MappingRow | None:
    _remove_gone(request)
    row = request.db.execute(FIND, (uuid, request.region)).fetchone()
    return None if row is None else _read(row)


def list_rows(request: Request) -> list[MappingRow]:
    """All of the request's region, in the order of their ids."""
    _remove_gone(request)
    return [_read(row) for row in request.db.execute(LIST, (request.region,))]


def write_row(request: Request, row: MappingRow) -> None:
    """Keeps the row and tells the pollers."""
    values = (row.uuid, row.region, row.function, row.source_arn, row.enabled, orjson.dumps(row.config).decode())
    request.db.execute(WRITE, (*values, row.deployed, row.transition, row.settles_at, row.modified_at))
    request.wake(MAPPINGS_CHANGED)


def settles_at(request: Request) -> int:
    return request.now + TRANSITION_MS


def mapping_arn(request: Request, uuid: str) -> str:
    return f"arn:{partition_of(request.region)}:lambda:{request.region}:{request.account}:event-source-mapping:{uuid}"


def shape_of(request: Request, row: MappingRow) -> dict[str, Any]:
    """An EventSourceMappingConfiguration."""
    return {
        "UUID": row.uuid,
        "EventSourceMappingArn": mapping_arn(request, row.uuid),
        "EventSourceArn": row.source_arn,
        "FunctionArn": arn_of(request, row.function),
        "LastModified": datetime.fromtimestamp(row.modified_at / 1000, UTC),
        "State": row.state(request.now),
        "StateTransitionReason": "USER_INITIATED",
        **{name: value for name, value in row.config.items() if value not in ({}, None)},
    }


def _remove_gone(request: Request) -> None:
    request.db.execute(REMOVE_GONE, (request.now,))


def _read(row: tuple[Any, ...]) -> MappingRow:
    uuid, region, function, source, enabled, config, *rest = row
    return MappingRow(uuid, region, function, source, bool(enabled), orjson.loads(config), *rest)
