"""What a rule says when it speaks, and what becomes of it: a Finding, with the rule's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.doctor.snapshot import Snapshot


class Severity(StrEnum):
    """How bad it is, the worst first."""

    #: Jobs are lost, run twice, or do not run at all; or will, as soon as something goes wrong.
    ERROR = "error"
    #: It works, and will hurt: under load, after a crash, in the bill.
    WARNING = "warning"
    #: Nothing is wrong; somebody may want to know.
    NOTE = "note"


class Subject(StrEnum):
    """What findings are grouped by, in the order of the report."""

    QUEUES = "queues"
    DEAD_LETTERS = "dead letters"
    FUNCTIONS = "functions"
    TABLE = "table"
    SCHEDULES = "schedules"
    PERMISSIONS = "permissions"
    MACHINE = "this machine"


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule's word about one resource."""

    #: The resource's name, or what else it is about.
    resource: str
    #: What was found: names and values.
    found: str
    #: A command or a setting.
    cure: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: data, and a pure function that finds what breaks it. What the snapshot lacks, it is silent about."""

    id: str
    severity: Severity
    subject: Subject
    #: Why it matters, in a sentence.
    why: str
    check: Callable[[Snapshot], Iterable[Fault]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was broken, where, and what to do about it."""

    rule: str
    severity: Severity
    subject: Subject
    resource: str
    found: str
    why: str
    cure: str
