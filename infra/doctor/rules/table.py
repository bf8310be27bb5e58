"""Rules on the table: it must be what queues/resources.py says that it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from infra.deploy.table import TTL
from infra.doctor.cure import aws, create
from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.keys import Keys, keys_of, words
from infra.doctor.snapshot import IndexState, Snapshot, TableState
from queues.resources import table_definition


def missing(snapshot: Snapshot) -> Iterator[Fault]:
    name = snapshot.settings.table
    if name in snapshot.tables and snapshot.tables[name] is None:
        yield Fault(name, f"there is no table {name!r}", create(snapshot))


def inactive(snapshot: Snapshot) -> Iterator[Fault]:
    for table in _table(snapshot):
        statuses = {table.name: table.status} | {name: index.status for name, index in table.indexes.items()}
        for name, status in statuses.items():
            if status != "ACTIVE":
                yield Fault(name, f"its status is {status}", "wait; a new index of a large table takes hours")


def other_keys(snapshot: Snapshot) -> Iterator[Fault]:
    for table in _table(snapshot):
        wanted = _wanted_keys(snapshot, table_definition(snapshot.settings)["KeySchema"])
        if table.keys != wanted:
            found = f"its keys are {words(table.keys)}, not {words(wanted)}"
            cure = "choose another JOBYARD_PREFIX, or delete the table if nobody else needs it: keys cannot be changed"
            yield Fault(table.name, found, cure)


def index_missing(snapshot: Snapshot) -> Iterator[Fault]:
    for table in _table(snapshot):
        for name in _wanted_indexes(snapshot):
            if name not in table.indexes:
                yield Fault(name, f"the table {table.name!r} has no index {name!r}", _make_index(snapshot, name))


def index_differs(snapshot: Snapshot) -> Iterator[Fault]:
    for table in _table(snapshot):
        for name, definition in _wanted_indexes(snapshot).items():
            index = table.indexes.get(name)
            for found in [] if index is None else _differences(snapshot, index, definition):
                yield Fault(name, found, f"delete the index and make it anew: {_make_index(snapshot, name)}")


def _differences(snapshot: Snapshot, index: IndexState, definition: dict[str, Any]) -> Iterator[str]:
    wanted = _wanted_keys(snapshot, definition["KeySchema"])
    if index.keys != wanted:
        yield f"its keys are {words(index.keys)}, not {words(wanted)}"
    lacking = set(definition["Projection"]["NonKeyAttributes"]) - index.projected
    if index.projection != "ALL" and lacking:
        yield f"it lacks {', '.join(sorted(lacking))}: its projection is {index.projection}"


def immortal_rows(snapshot: Snapshot) -> Iterator[Fault]:
    for table in _table(snapshot):
        if table.ttl_known and table.ttl != TTL["AttributeName"]:
            found = "its TTL is off" if table.ttl is None else f"its TTL is on {table.ttl!r}"
            specification = f"Enabled=true,AttributeName={TTL['AttributeName']}"
            yield Fault(
                table.name,
                f"{found}, not on {TTL['AttributeName']!r}",
                aws(
                    snapshot,
                    *("dynamodb", "update-time-to-live", "--table-name", table.name),
                    *("--time-to-live-specification", specification),
                ),
            )


def _table(snapshot: Snapshot) -> Iterator[TableState]:
    table = snapshot.tables.get(snapshot.settings.table)
    if table is not None:
        yield table


def _wanted_keys(snapshot: Snapshot, schema: Sequence[dict[str, str]]) -> Keys:
    return keys_of(schema, table_definition(snapshot.settings)["AttributeDefinitions"])


def _wanted_indexes(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    return {one["IndexName"]: one for one in table_definition(snapshot.settings)["GlobalSecondaryIndexes"]}


def _make_index(snapshot: Snapshot, name: str) -> str:
    definition = table_definition(snapshot.settings)
    index = _wanted_indexes(snapshot)[name]
    keys = {one["AttributeName"] for one in index["KeySchema"]}
    attributes = [one for one in definition["AttributeDefinitions"] if one["AttributeName"] in keys]
    return aws(
        snapshot,
        *("dynamodb", "update-table", "--table-name", snapshot.settings.table),
        *("--attribute-definitions", json.dumps(attributes)),
        *("--global-secondary-index-updates", json.dumps([{"Create": index}])),
    )


RULES = (
    Rule("table-missing", Severity.ERROR, Subject.TABLE, "No job can be enqueued or run.", missing),
    Rule("table-inactive", Severity.WARNING, Subject.TABLE, "Until it is ACTIVE, calls may fail.", inactive),
    Rule(
        "table-keys",
        Severity.ERROR,
        Subject.TABLE,
        "It is not Jobyard's table, or one of another version: every call is refused.",
        other_keys,
    ),
    Rule(
        "index-missing",
        Severity.ERROR,
        Subject.TABLE,
        "Jobs cannot be listed, and the reaper cannot find those whose worker has died.",
        index_missing,
    ),
    Rule(
        "index-differs",
        Severity.ERROR,
        Subject.TABLE,
        "Lists and the reaper's rounds fail, or miss jobs.",
        index_differs,
    ),
    Rule(
        "ttl-off",
        Severity.WARNING,
        Subject.TABLE,
        "Rows of ended jobs are never deleted, and stored for money.",
        immortal_rows,
    ),
)
