"""`jobyard deploy`: serverless.yml to AWS, with a plan and a price first."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from infra.cli.exits import CommandFailed, Exit
from infra.cli.output import Json, print_json, tell
from infra.cli.plan_text import cost_json, cost_lines, plan_json, plan_lines, trial
from infra.cli.render import drifted, stale_files

if TYPE_CHECKING:
    from infra.deploy.preparing import Target
    from queues.jobtype import JobType

Stage = Annotated[str, typer.Option(metavar="NAME", help="Which one, such as dev or prod.", show_default=False)]
Region = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="[AWS_REGION, AWS_DEFAULT_REGION, the profile's, us-east-1]", show_default=False),
]
Param = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME=VALUE", help="A parameter of serverless.yml; may be repeated.", show_default=False),
]


def deploy(
    stage: Stage,
    region: Region = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Only show what would happen.")] = False,
    param: Param = None,
    allow_replace: Annotated[
        list[str] | None,
        typer.Option(metavar="LOGICAL-ID", help="This may lose what it holds; may be repeated.", show_default=False),
    ] = None,
    jobs_per_month: Annotated[
        int, typer.Option(min=0, metavar="N", help="For the estimate of what it will cost.")
    ] = 100_000,
    job_seconds: Annotated[
        float, typer.Option(min=0.001, max=900, metavar="S", help="For the same: how long a job takes.")
    ] = 1.0,
    as_json: Json = False,
) -> None:
    """Deploy a stage to AWS: build, show what will be created, changed and removed and what it costs, ask, deploy.

    Credentials are found as the aws CLI finds them. Nothing is changed before the answer is yes. In a protected stage
    nothing that holds data is replaced or removed unless --allow-replace names it.
    """
    from infra.deploy.cost.estimate import estimate
    from infra.deploy.planning.guard import refusals
    from infra.deploy.preparing import prepare
    from infra.deploy.service import check_params
    from queues.catalog import load
    from queues.settings import read_settings

    if not (yes or plan):
        somebody_must_answer(as_json, "--yes, or --plan to look only")
    params = check_params(param or ())
    modules = read_settings().jobs
    types = list(load(modules))
    _check_rendered(types, modules)
    with before_the_first_write():
        target = aim_at(stage, region, params)
        prepared = prepare(target, types, modules, tell)
        resources = prepared.stack.resources()
        bill = estimate(resources, types, target.architecture, jobs=jobs_per_month, seconds=job_seconds)
        refused = refusals(prepared.plan, protected=prepared.protected, allowed=allow_replace or ())
        document = where(target) | {"plan": plan_json(prepared.plan), "cost": cost_json(bill), "refused": refused}
        if not as_json:
            print("\n".join([*plan_lines(prepared.plan, target.name), "", *cost_lines(bill)]), flush=True)
        needed = bool(prepared.plan.changes) and not plan
        if not refused and needed and not yes and not typer.confirm(f"Deploy to {target.name}?", err=True):
            raise CommandFailed("nothing was deployed")
    if needed and not refused:
        carry_out(target, target.service.deploy)
    outputs = dict(target.account.outputs(target.name)) if not plan else {}
    if as_json:
        print_json(document | {"deployed": needed and not refused, "outputs": outputs})
    elif outputs and not refused:
        print("\n" + _greeting(target, outputs, [one.name for one in types]), flush=True)
    if refused:
        raise CommandFailed("; ".join(refused))


def aim_at(stage: str, region: str | None, params: tuple[str, ...]) -> Target:
    """The stage as it is now in the account of the credentials; says whose that is."""
    from infra.deploy.account import open_account
    from infra.deploy.preparing import aim

    account = open_account(region)
    place = f" at {account.endpoint}" if account.endpoint else ""
    tell(f"account {account.number}{place}, region {account.region}, as {account.identity}")
    return aim(Path(), stage, params, account, tell)


def somebody_must_answer(as_json: bool, cure: str) -> None:
    """CommandFailed if there is nobody to be asked."""
    if as_json or not sys.stdin.isatty():
        raise CommandFailed(f"nobody is there to be asked: say {cure}", Exit.USAGE)


@contextmanager
def before_the_first_write() -> Iterator[None]:
    """Until something is changed, Ctrl-C leaves everything as it is, and says so."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        tell("\nstopped: nothing was changed on AWS")
        raise KeyboardInterrupt from None


def carry_out(target: Target, work: Callable[[], object]) -> None:
    """Does what changes the stack. If it fails, or at Ctrl-C, the state of the stack is told."""
    from infra.deploy.framework import FrameworkFailed

    try:
        work()
    except FrameworkFailed as error:
        raise CommandFailed(f"{error}; {_state(target)}") from None
    except KeyboardInterrupt:
        tell(f"\nstopped: {_state(target)}")
        raise


def where(target: Target) -> dict[str, Any]:
    """Which stack is meant, for programs."""
    account = target.account
    return {
        "stage": target.service.stage,
        "stack": target.name,
        "region": account.region,
        "account": account.number,
        "endpoint": account.endpoint,
    }


def _state(target: Target) -> str:
    from infra.deploy.stack_status import state

    return state(target.account.status(target.name), target.name, target.service.stage)


def _check_rendered(types: Sequence[JobType[Any, Any]], modules: Sequence[str]) -> None:
    """CommandFailed if the job types say something else than what would be deployed."""
    from infra.deploy.rendering import render
    from infra.deploy.service import rendered_folder

    folder = rendered_folder(Path())
    stale = stale_files(render(types, modules), folder)
    if stale:
        raise drifted(stale, folder)


def _greeting(target: Target, outputs: dict[str, str], types: Sequence[str]) -> str:
    url = outputs.get("ApiUrl", "")
    region = target.account.region
    return f"""{target.name} is deployed.

  API         {url}/api/v1/jobs
  alarms      {outputs.get("Alarms", "")}
  dashboard   {outputs.get("DashboardUrl", "")}

Try:

  export JOBYARD_URL={url} JOBYARD_TOKEN=$(.venv/bin/jobyard token --stack {target.name} --region {region})
  {trial(types)}
"""
