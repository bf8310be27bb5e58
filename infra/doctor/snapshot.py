"""A stack as it was found: plain, frozen data, on which all rules work.

In each dictionary by name, `None` is what does not exist, and a name that is missing is what could not be read: it is
among `unread`, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from queues.catalog import Catalog
from queues.jobtype import JobType
from queues.settings import Settings

#: A job type, whatever its function takes and returns.
AnyType = JobType[Any, Any]


class Kind(StrEnum):
    """Whose AWS it is."""

    EMBEDDED = "embedded"
    EMULATOR = "emulator"
    AWS = "AWS"


@dataclass(frozen=True, slots=True)
class Target:
    """What was asked."""

    kind: Kind
    #: URL; None: AWS itself.
    endpoint: str | None
    region: str
    #: Of the credentials: None if STS did not say.
    account: str | None = None
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class Redrive:
    """A queue's redrive policy."""

    target_arn: str
    receives: int


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue. Durations in seconds."""

    name: str
    url: str
    arn: str
    visibility: int
    retention: int
    wait: int
    redrive: Redrive | None
    #: Messages that can be received, are being worked on, are delayed.
    visible: int
    in_flight: int
    delayed: int
    #: Age of the oldest message that is not being worked on; None: not known, or there is none.
    oldest: float | None = None

    @property
    def depth(self) -> int:
        return self.visible + self.in_flight + self.delayed


@dataclass(frozen=True, slots=True)
class MappingState:
    """An event source mapping."""

    uuid: str
    queue: str
    #: Name of its function.
    function: str
    #: Lambda's word: Enabled, Disabled, Creating ...
    state: str
    batch_size: int
    #: Seconds.
    window: int
    #: None: there is no limit.
    maximum_concurrency: int | None
    reports_failures: bool
    filters: bool = False
    last_result: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """What may be known of a secret: never the secret."""

    #: Where it was found, for people.
    source: str
    characters: int
    #: How many different characters.
    distinct: int
    #: Whether it has a word in it that is in everybody's example.
    has_word: bool = False
    #: Whether other users of this machine can read it.
    readable: bool = False


@dataclass(frozen=True, slots=True)
class FunctionState:
    """A Lambda function."""

    name: str
    #: Seconds.
    timeout: int
    #: Reserved concurrency; None: it has none.
    reserved: int | None = None
    role: str = ""
    #: Active, Pending, Inactive, Failed, and why.
    state: str = "Active"
    reason: str = ""
    #: Those of its environment.
    secrets: tuple[Secret, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexState:
    """A global secondary index: its keys as (attribute, kind, type)."""

    keys: tuple[tuple[str, str, str], ...]
    status: str = "ACTIVE"
    projection: str = "INCLUDE"
    projected: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TableState:
    """The table; keys as of an index."""

    name: str
    keys: tuple[tuple[str, str, str], ...]
    indexes: Mapping[str, IndexState]
    status: str = "ACTIVE"
    #: The attribute that DynamoDB expires rows by; None: TTL is off.
    ttl: str | None = None
    ttl_known: bool = True


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule of this deployment."""

    group: str
    name: str
    enabled: bool
    #: ARN, or a queue's URL for the universal target.
    target: str
    #: Whether the target is there; None: not known.
    target_exists: bool | None


@dataclass(frozen=True, slots=True)
class Denial:
    """A call that IAM's simulation refuses: to whom, what, on what."""

    principal: str
    action: str
    resource: str
    decision: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The data folder of an embedded AWS on this machine. Sizes in bytes."""

    path: str
    free: int
    database: int
    readable: bool


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be checked, and why."""

    what: str
    why: str
    #: The IAM action that was refused; None if it was for another reason.
    refused: str | None = None


def queue_names(job_type: AnyType, settings: Settings) -> list[str]:
    """The names of all queues of a type, but for its dead-letter queue."""
    return [settings.queue(name) for name in Catalog([job_type]).queues_of(job_type.name)]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that the doctor looks at."""

    settings: Settings
    types: tuple[AnyType, ...]
    target: Target
    queues: Mapping[str, QueueState | None] = field(default_factory=dict)
    #: Name -> URL of queues that begin with the prefix, those of another deployment with a longer one left out.
    listed: Mapping[str, str] = field(default_factory=dict)
    #: By queue.
    mappings: Mapping[str, tuple[MappingState, ...]] = field(default_factory=dict)
    functions: Mapping[str, FunctionState | None] = field(default_factory=dict)
    tables: Mapping[str, TableState | None] = field(default_factory=dict)
    #: None: not read.
    schedules: tuple[ScheduleState, ...] | None = None
    denials: tuple[Denial, ...] = ()
    #: Seconds that the endpoint's clock is ahead of this machine's.
    skew: float | None = None
    #: Those that sign and check tokens on this machine.
    secrets: tuple[Secret, ...] = ()
    #: The data folder, if it is this machine's and in use.
    folder: Folder | None = None
    #: Package -> (installed version, None if it is not; what is asked for), of those that do not fit.
    misfits: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    #: Of this machine, for the report's head.
    versions: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[Unread, ...] = ()

    def names_of(self, job_type: AnyType) -> list[str]:
        """The names of all queues of a type: its own, or one for each level of priority."""
        return queue_names(job_type, self.settings)

    def letters(self, job_type: AnyType) -> QueueState | None:
        """A type's dead-letter queue, if it was read and exists."""
        return self.queues.get(self.settings.dead_letter_queue(job_type.name))

    def with_queues(self) -> Iterator[tuple[AnyType, QueueState]]:
        """Each type with each of its queues that is there."""
        for job_type in self.types:
            for name in self.names_of(job_type):
                queue = self.queues.get(name)
                if queue is not None:
                    yield job_type, queue

    def mapped(self) -> Iterator[tuple[AnyType, MappingState]]:
        """Each type with each mapping of its queues."""
        for job_type in self.types:
            for name in self.names_of(job_type):
                for mapping in self.mappings.get(name, ()):
                    yield job_type, mapping

    def unmapped(self) -> list[tuple[AnyType, str]]:
        """Types and those of their queues of which it is known that they have no mapping."""
        return [(one, name) for one in self.types for name in self.names_of(one) if self.mappings.get(name) == ()]

    @property
    def runs_on_lambda(self) -> bool:
        """Whether functions work here; else it is `jobyard work`, if anything."""
        return self.target.kind is Kind.EMBEDDED or any(self.mappings.values())
