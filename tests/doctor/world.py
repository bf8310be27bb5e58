"""A sound deployment as a snapshot, as it is on AWS, for rules to be tried on; and ways to break one thing in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from infra.deploy.functions import mapping as planned
from infra.deploy.rounds import ROUNDS
from infra.doctor.diagnosis import diagnose
from infra.doctor.keys import keys_of
from infra.doctor.snapshot import (
    AnyType,
    FunctionState,
    IndexState,
    Kind,
    MappingState,
    QueueState,
    Redrive,
    ScheduleState,
    Secret,
    Snapshot,
    TableState,
    Target,
)
from queues import Context, job
from queues.resources import (
    MAX_RECEIVES,
    STATE_INDEX,
    dead_letter_attributes,
    function_timeout,
    queue_attributes,
    table_definition,
)
from queues.settings import Settings, read_settings

ACCOUNT = "123456789012"
#: A queue, its function, its dead letters.
QUEUE, LETTERS = "jobyard-work", "jobyard-work-dlq"
FUNCTION = QUEUE


@job("work", attempts=3, timeout=60, concurrency=10)
async def work(data: dict[str, int], ctx: Context) -> None:
    """The type on which things are broken."""


@job("single", attempts=3, timeout=60, concurrency=1)
def single(data: dict[str, int]) -> None:
    """A type whose function has a reservation of one."""


def settings(**changes: Any) -> Settings:
    return read_settings(jobs=("tests.doctor.world",), secret=None, prefix="jobyard", lease=30, **changes)


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"


def queue_state(name: str, attributes: dict[str, str], redrive: Redrive | None) -> QueueState:
    return QueueState(
        name=name,
        url=f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}",
        arn=queue_arn(name),
        visibility=int(attributes["VisibilityTimeout"]),
        retention=int(attributes["MessageRetentionPeriod"]),
        wait=int(attributes.get("ReceiveMessageWaitTimeSeconds", 0)),
        redrive=redrive,
        visible=0,
        in_flight=0,
        delayed=0,
    )


def _queues(job_type: AnyType) -> dict[str, QueueState | None]:
    name, letters = f"jobyard-{job_type.name}", f"jobyard-{job_type.name}-dlq"
    return {
        name: queue_state(name, queue_attributes(job_type, ""), Redrive(queue_arn(letters), MAX_RECEIVES)),
        letters: queue_state(letters, dead_letter_attributes(), None),
    }


def _mapping(job_type: AnyType) -> MappingState:
    plan, name = planned(job_type), f"jobyard-{job_type.name}"
    return MappingState(
        uuid=f"uuid-of-{job_type.name}",
        queue=name,
        function=name,
        state="Enabled",
        batch_size=plan.batch_size,
        window=plan.window,
        maximum_concurrency=plan.maximum_concurrency,
        reports_failures=True,
    )


def _function(name: str, timeout: int, reserved: int | None = None) -> FunctionState:
    return FunctionState(name, timeout, reserved, f"arn:aws:iam::{ACCOUNT}:role/{name}")


def _table() -> TableState:
    definition = table_definition(settings())
    (index,) = definition["GlobalSecondaryIndexes"]
    attributes = definition["AttributeDefinitions"]
    projected = frozenset(index["Projection"]["NonKeyAttributes"])
    by_state = IndexState(keys_of(index["KeySchema"], attributes), projected=projected)
    return TableState(
        "jobyard", keys_of(definition["KeySchema"], attributes), {STATE_INDEX: by_state}, ttl="expires_at"
    )


def sound(**changes: Any) -> Snapshot:
    """Nothing is wrong with it."""
    types: tuple[AnyType, ...] = (single, work)
    queues = _queues(single) | _queues(work)
    rounds = {f"jobyard-{one.name}": one.timeout for one in ROUNDS}
    functions: dict[str, FunctionState | None] = {name: _function(name, timeout) for name, timeout in rounds.items()}
    for one in types:
        name = f"jobyard-{one.name}"
        functions[name] = _function(name, function_timeout(one), planned(one).reserved)
    base = Snapshot(
        settings=settings(),
        types=types,
        target=Target(Kind.AWS, None, "us-east-1", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/ada"),
        queues=queues,
        listed={name: queue.url for name, queue in queues.items() if queue is not None},
        mappings={f"jobyard-{one.name}": (_mapping(one),) for one in types},
        functions=functions,
        tables={"jobyard": _table()},
        schedules=tuple(
            ScheduleState("jobyard", name, True, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}", True)
            for name in sorted(rounds)
        ),
        skew=0.0,
        secrets=(Secret("JOBYARD_SECRET", 64, 16),),
    )
    return replace(base, **changes)


def with_queue(name: str = QUEUE, **changes: Any) -> Snapshot:
    world = sound()
    old = world.queues[name]
    assert old is not None
    return replace(world, queues={**world.queues, name: replace(old, **changes)})


def without_queue(name: str) -> Snapshot:
    world = sound()
    return replace(world, queues={**world.queues, name: None})


def with_mapping(**changes: Any) -> Snapshot:
    world = sound()
    return replace(world, mappings={**world.mappings, QUEUE: (replace(world.mappings[QUEUE][0], **changes),)})


def with_mappings(*mappings: MappingState) -> Snapshot:
    world = sound()
    return replace(world, mappings={**world.mappings, QUEUE: mappings})


def with_function(name: str = FUNCTION, **changes: Any) -> Snapshot:
    world = sound()
    old = world.functions[name]
    assert old is not None
    return replace(world, functions={**world.functions, name: replace(old, **changes)})


def with_table(**changes: Any) -> Snapshot:
    world = sound()
    old = world.tables["jobyard"]
    assert old is not None
    return replace(world, tables={"jobyard": replace(old, **changes)})


def with_index(**changes: Any) -> Snapshot:
    table = sound().tables["jobyard"]
    assert table is not None
    return with_table(indexes={STATE_INDEX: replace(table.indexes[STATE_INDEX], **changes)})


def unmapped(**changes: Any) -> Snapshot:
    """The same stack as `jobyard work` has it: there are no functions."""
    world = sound()
    return replace(world, mappings=dict.fromkeys(world.mappings, ()), functions={}, schedules=(), **changes)


def broken(snapshot: Snapshot) -> list[tuple[str, str]]:
    """(rule, resource) of all findings."""
    return [(one.rule, one.resource) for one in diagnose(snapshot).findings]
