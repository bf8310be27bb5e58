"""`jobyard remove`: a stage's stack away from AWS, with a word on what stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.deploy import (
    Param,
    Region,
    Stage,
    aim_at,
    before_the_first_write,
    carry_out,
    somebody_must_answer,
    where,
)
from infra.cli.exits import CommandFailed, Exit
from infra.cli.output import Json, print_json, tell

if TYPE_CHECKING:
    from infra.deploy.planning.plan import Change
    from infra.deploy.preparing import Target


def remove(
    stage: Stage,
    region: Region = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask; not enough for a protected stage.")] = False,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="STACK", help="For a protected stage: its stack's name.", show_default=False),
    ] = None,
    param: Param = None,
    as_json: Json = False,
) -> None:
    """Remove a stage from AWS: its stack, with all jobs, queues, functions and logs.

    A protected stage, such as prod, is removed only if the stack's name is typed; its table stays. What stays is told.
    """
    from infra.deploy.planning.guard import dangers, is_protected
    from infra.deploy.planning.plan import Stack, plan
    from infra.deploy.service import check_params

    with before_the_first_write():
        target = aim_at(stage, region, check_params(param or ()))
        if target.deployed is None:
            _nothing(target, as_json)
            return
        stack = target.deployed.stack
        removal = plan(stack, Stack({}))
        hindered = [f"{one.logical_id}: {one.obstacle}" for one in removal.changes if one.obstacle]
        if hindered:
            raise CommandFailed(f"{target.name} cannot be removed; {'; '.join(hindered)}")
        tell("\n".join(_losses(target.name, len(removal.changes), dangers(removal))))
        _ask(target.name, yes=yes, confirm=confirm, protected=is_protected(stage, stack), as_json=as_json)
    carry_out(target, target.service.remove)
    kept = [change for change in removal.changes if change.kept]
    if as_json:
        print_json(where(target) | {"removed": True, "kept": [change.name or change.logical_id for change in kept]})
    else:
        tell(f"{target.name} is removed")
        for change in kept:
            tell(_farewell(change))


def _nothing(target: Target, as_json: bool) -> None:
    if as_json:
        print_json(where(target) | {"removed": False, "kept": []})
    else:
        tell(f"there is no stack {target.name}: nothing to remove")


def _losses(name: str, count: int, losses: list[Change]) -> list[str]:
    lines = [f"{name} and its {count} resources will be removed; with them:"]
    for change in losses:
        fate = "stays on AWS, without a stack" if change.kept else f"lost: {change.loses}"
        lines.append(f"  {change.logical_id} ({change.name or change.kind}) {fate}")
    return lines


def _ask(name: str, *, yes: bool, confirm: str | None, protected: bool, as_json: bool) -> None:
    """CommandFailed unless the removal is wanted."""
    if not protected:
        if not yes:
            somebody_must_answer(as_json, "--yes")
            if not typer.confirm(f"Remove {name}?", err=True):
                raise CommandFailed("nothing was removed")
        return
    if confirm is None:
        somebody_must_answer(as_json, f"--confirm {name}")
        confirm = typer.prompt(
            f"This stage is protected. Type {name} to remove it", err=True, default="", show_default=False
        )
    if confirm != name:
        raise CommandFailed(f"{confirm!r} is not {name!r}: nothing was removed", Exit.USAGE)


def _farewell(change: Change) -> str:
    if change.kind == "AWS::DynamoDB::Table" and change.name:
        table = f"--table-name {change.name}"
        return (
            f"the table {change.name} is still there, with its jobs and its price. As long as it is, a new deployment "
            "of this stage fails. To delete it:\n"
            f"  aws dynamodb update-table {table} --no-deletion-protection-enabled\n"
            f"  aws dynamodb delete-table {table}"
        )
    return f"{change.name or change.logical_id} ({change.kind}) is still there"
