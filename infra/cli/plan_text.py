"""A plan, a price and a deployed stack as people read them, and as JSON."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.deploy.cost.estimate import Estimate
    from infra.deploy.planning.differences import Difference
    from infra.deploy.planning.plan import Change, Plan

#: What stands before a change: as in a patch, and -/+ for what is made anew.
SIGNS = {"create": "+", "change": "~", "replace": "-/+", "remove": "-"}
#: Dollars below which a service's share is not worth its name.
CENT = 0.005


def plan_lines(plan: Plan, stack: str) -> list[str]:
    """What will happen, and how much of it."""
    if not plan.changes:
        return [f"{stack} is as it should be: nothing to change"]
    lines = [f"{stack} does not exist yet; it will be created" if plan.new else f"{stack} will be changed"]
    if plan.new:
        # All of it is new: how many of each kind says more than their names.
        counts = Counter(change.kind for change in plan.changes)
        return lines + [f"  + {count:3} {kind.removeprefix('AWS::')}" for kind, count in sorted(counts.items())]
    for change in plan.changes:
        lines += _change_lines(change)
    counts = Counter(str(change.action) for change in plan.changes)
    lines.append("  " + ", ".join(f"{counts[action]} to {action}" for action in SIGNS if counts[action]))
    return lines


def _change_lines(change: Change) -> list[str]:
    name = f" {change.name}" if change.name else ""
    lines = [f"  {SIGNS[change.action]} {change.logical_id} ({change.kind.removeprefix('AWS::')}{name})"]
    lines += [f"      {_difference(one)}" for one in change.differences]
    if change.loses is not None:
        sure = "if CloudFormation replaces it, as it may, " if change.perhaps_replaced else ""
        fate = "left on AWS, without a stack" if change.kept else "lost"
        lines.append(f"    ! {sure}{fate}: {change.loses}")
    elif change.perhaps_replaced:
        lines.append("    ! whether CloudFormation replaces it is not known")
    if change.obstacle is not None:
        lines.append(f"    ! CloudFormation will refuse: {change.obstacle}")
    return lines


def _difference(one: Difference) -> str:
    if one.because is not None:
        return f"{one.path}: because {one.because} is replaced"
    if one.before is None and one.after is None:
        return f"{one.path}: changes"
    return f"{one.path}: {one.before or '(none)'} -> {one.after or '(none)'}"


def cost_lines(estimate: Estimate) -> list[str]:
    """What it will cost."""
    from infra.deploy.cost import prices
    from infra.deploy.cost.item import total

    services: dict[str, float] = {}
    for item in estimate.standing:
        services[item.service] = services.get(item.service, 0) + item.dollars
    dearest = sorted(services.items(), key=lambda pair: -pair[1])
    parts = ", ".join(f"{service} {dollars:.2f}" for service, dollars in dearest if dollars >= CENT)
    low, high = estimate.month()
    return [
        f"What it costs, at list prices of {prices.REGION} ({prices.DATE}), no free allowance deducted; docs/cost.md:",
        f"  a month without jobs  ${total(estimate.standing):,.2f}  ({parts})",
        f"  a million jobs of {estimate.seconds:g} s each, from all in bulk to one by one through the API:",
        *(f"    {name}: ${bulk:,.2f} to ${single:,.2f}" for name, (bulk, single) in estimate.per_million.items()),
        f"  a month with {estimate.jobs:,} such jobs  ${low:,.2f} to ${high:,.2f}",
    ]


def cost_json(estimate: Estimate) -> dict[str, Any]:
    """The estimate for programs, in US dollars."""
    from infra.deploy.cost.item import total

    low, high = estimate.month()
    return {
        "currency": "USD",
        "standingPerMonth": round(total(estimate.standing), 4),
        "standing": [
            {"service": item.service, "what": item.what, "quantity": item.quantity, "dollars": round(item.dollars, 4)}
            for item in estimate.standing
        ],
        "jobSeconds": estimate.seconds,
        "jobsPerMonth": estimate.jobs,
        "perMillionJobs": {
            name: {"inBulk": round(bulk, 4), "oneByOne": round(single, 4)}
            for name, (bulk, single) in estimate.per_million.items()
        },
        "perMonth": {"low": round(low, 4), "high": round(high, 4)},
    }


def trial(names: Sequence[str]) -> str:
    """A command that enqueues a job, of the job types of these names."""
    if "hello" in names:
        return ".venv/bin/jobyard enqueue hello --data " + shlex.quote('{"name": "Ada"}') + " --wait"
    return f".venv/bin/jobyard enqueue {names[0]} --data @FILE --wait"


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan for programs."""
    return {
        "new": plan.new,
        "changes": [
            {
                "action": change.action,
                "logicalId": change.logical_id,
                "type": change.kind,
                "name": change.name,
                "properties": [
                    {"path": one.path, "before": one.before, "after": one.after, "because": one.because}
                    for one in change.differences
                ],
                "perhapsReplaced": change.perhaps_replaced,
                "loses": change.loses,
                "kept": change.kept,
                "obstacle": change.obstacle,
            }
            for change in plan.changes
        ],
    }
