"""What of a plan must not happen by mistake: what loses data in a protected stage, and what cannot succeed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from infra.deploy.planning.kinds import holds
from infra.deploy.planning.plan import KEEPING, Action, Change, Plan, Stack
from queues.errors import InvalidOption

#: The stage that is protected whatever its template says.
PRODUCTION = "prod"


def is_protected(stage: str, *stacks: Stack | None) -> bool:
    """Whether a stage's data must be asked for by name: that of production, and of every stage whose table is kept
    when its stack goes, or cannot be deleted."""
    if stage == PRODUCTION:
        return True
    return any(
        resource.get("DeletionPolicy") in KEEPING
        or resource.get("Properties", {}).get("DeletionProtectionEnabled") in (True, "true")
        for stack in stacks
        if stack is not None
        for resource in stack.resources().values()
        if holds(resource["Type"])
    )


def dangers(plan: Plan) -> list[Change]:
    """The changes with which something is lost, or may be."""
    return [change for change in plan.changes if change.loses is not None]


def refusals(plan: Plan, *, protected: bool, allowed: Collection[str]) -> list[str]:
    """Why the plan is not carried out, a sentence each; empty if it may be.

    `allowed` are the logical ids of --allow-replace. InvalidOption for one that nothing happens to, since it may be a
    slip of the pen.
    """
    endangered = [change.logical_id for change in dangers(plan)]
    for name in allowed:
        if name not in endangered:
            raise InvalidOption("allow-replace", name, _one_of(endangered))
    found = [
        f"{change.logical_id} cannot be {done(change)}: {change.obstacle}" for change in plan.changes if change.obstacle
    ]
    if protected:
        found += [
            f"{change.logical_id} would be {done(change)}, and with it goes {change.loses}; "
            f"if that is meant, say --allow-replace {change.logical_id}"
            for change in dangers(plan)
            if change.logical_id not in allowed
        ]
    return found


def done(change: Change) -> str:
    """What becomes of it, as a participle."""
    words = {Action.CREATE: "created", Action.CHANGE: "changed", Action.REPLACE: "replaced", Action.REMOVE: "removed"}
    return "replaced, perhaps," if change.perhaps_replaced else words[change.action]


def _one_of(names: Sequence[str]) -> str:
    return f"what is lost would be {', '.join(names)}" if names else "nothing is replaced or removed that holds data"
