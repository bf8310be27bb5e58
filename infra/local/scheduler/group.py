"""A schedule group as the operations see it. Every region has one named `default` from the start."""

from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.scheduler.errors import no_such_group
from infra.local.scheduler.moments import to_date
from infra.local.scheduler.names import group_arn
from infra.local.scheduler.stored import stored

DEFAULT = "default"
ACTIVE, DELETING = "ACTIVE", "DELETING"

#: Groups are read in the order of the table's columns.
FIND = "SELECT * FROM scheduler_groups WHERE region = ? AND name = ?"
INSERT = """
INSERT INTO scheduler_groups (region, name, state, tags, token, created_at, modified_at) VALUES (?, ?, ?, ?, ?, ?, ?)
"""


@dataclass(frozen=True, slots=True)
class Group:
    """One row of `scheduler_groups`; times are epoch ms."""

    id: int
    name: str
    state: str
    tags: dict[str, str]
    token: str | None
    created_at: int
    modified_at: int

    def summary(self, request: Request) -> dict[str, Any]:
        """What GetScheduleGroup and ListScheduleGroups tell."""
        return {
            "Arn": group_arn(request, self.name),
            "CreationDate": to_date(self.created_at),
            "LastModificationDate": to_date(self.modified_at),
            "Name": self.name,
            "State": self.state,
        }


def group_of(row: tuple[Any, ...]) -> Group:
    """The group of a row."""
    number, _, name, state, tags, *rest = row
    return Group(number, name, state, orjson.loads(tags), *rest)


def look_up(request: Request, name: str) -> Group | None:
    if name == DEFAULT:
        ensure_default(request)
    row = request.db.execute(FIND, (request.region, name)).fetchone()
    return None if row is None else group_of(row)


def find(request: Request, name: str) -> Group:
    """The group of that name; raises ResourceNotFoundException."""
    group = look_up(request, name)
    if group is None:
        raise no_such_group(name)
    return group


def ensure_default(request: Request) -> None:
    """The region's `default` group has a row from the first time that it matters."""
    known = request.cache.setdefault("scheduler-defaults", set())
    if request.region not in known:
        if request.db.execute(FIND, (request.region, DEFAULT)).fetchone() is None:
            insert(request, DEFAULT, {}, None)
        known.add(request.region)


def insert(request: Request, name: str, tags: dict[str, str], token: str | None) -> None:
    now = request.now
    row = (request.region, name, ACTIVE, stored(tags), token, now, now)
    request.db.execute(INSERT, row)
