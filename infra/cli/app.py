"""The `jobyard` command. Each of its commands imports what it needs when it runs, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from infra.cli.audit import audit
from infra.cli.clean import clean
from infra.cli.dead_letters import dead_letters
from infra.cli.deploy import deploy
from infra.cli.deploy_local import deploy_local, remove_local
from infra.cli.doctor import doctor
from infra.cli.enqueue import enqueue
from infra.cli.flows import flows
from infra.cli.invoke import invoke
from infra.cli.jobs import jobs
from infra.cli.keys import keys
from infra.cli.operations import operations
from infra.cli.package import package
from infra.cli.queues import queues
from infra.cli.remove import remove
from infra.cli.render import render
from infra.cli.reset import reset
from infra.cli.run import run
from infra.cli.schedules import schedules
from infra.cli.token import token
from infra.cli.up import up
from infra.cli.webhooks import webhooks
from infra.cli.work import work
from infra.cli.workers import workers

app = typer.Typer(
    help="Background jobs on SQS, Lambda and DynamoDB: on AWS, or embedded in one process.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from queues.version import __version__

        print(__version__)
        raise typer.Exit


@app.callback()
def jobyard(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Background jobs on SQS, Lambda and DynamoDB: on AWS, or embedded in one process."""


for command in (
    up,
    work,
    enqueue,
    run,
    invoke,
    token,
    render,
    package,
    deploy,
    remove,
    deploy_local,
    remove_local,
    clean,
    doctor,
    audit,
    workers,
    reset,
):
    app.command()(command)
app.add_typer(jobs, name="jobs")
app.add_typer(queues, name="queues")
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(operations, name="operations")
app.add_typer(schedules, name="schedules")
app.add_typer(flows, name="flows")
app.add_typer(webhooks, name="webhooks")
app.add_typer(keys, name="keys")
