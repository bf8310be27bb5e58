"""Rules on who may do what. infra/deploy/roles.py says which calls the code makes."""

from __future__ import annotations

from collections.abc import Iterator

from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import Snapshot
from infra.doctor.wanted import wanted_actions


def denied(snapshot: Snapshot) -> Iterator[Fault]:
    for denial in snapshot.denials:
        yield Fault(
            denial.principal,
            f"{denial.action} on {denial.resource} is refused ({denial.decision})",
            "deploy again if it is a function's role; else allow it in a policy of that identity. If a policy does, "
            "look for a denial: a permissions boundary, or a service control policy",
        )


def refused(snapshot: Snapshot) -> Iterator[Fault]:
    """What a function may do is another matter: its role does it."""
    if not snapshot.unmapped():
        return
    wanted = wanted_actions(snapshot.types)
    for one in snapshot.unread:
        if one.refused in wanted:
            who = snapshot.target.identity or "this identity"
            yield Fault(who, f"{one.refused} was refused: {one.what}", "allow it in a policy of that identity")


RULES = (
    Rule(
        "permission-denied",
        Severity.ERROR,
        Subject.PERMISSIONS,
        "The code makes this call: jobs cannot be enqueued, run or ended without it.",
        denied,
    ),
    Rule(
        "call-refused",
        Severity.WARNING,
        Subject.PERMISSIONS,
        "A worker or a script with the same credentials makes this call too.",
        refused,
    ),
)
