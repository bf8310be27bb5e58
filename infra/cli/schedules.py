"""`jobyard schedules`: jobs that come again and again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from infra.cli.card import print_job
from infra.cli.client import Client, schedule_path
from infra.cli.enqueue import read_json
from infra.cli.job_flags import Priority, Tags, UniqueKey, UniqueMaxWait, UniqueMode, UniqueWindow, unique_of
from infra.cli.output import Json, ago, clean, print_json, print_table, tell

schedules = typer.Typer(help="Make, list, pause and run schedules.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The schedule's name.", show_default=False)]
Count = Annotated[int, typer.Option("--count", "-n", min=1, max=100, help="How many.")]
HEADINGS = ("NAME", "TYPE", "STATUS", "NEXT", "LAST RUN", "TIMES")
#: Due times whose fate a card tells.
TOLD = 5


@schedules.command("list")
def list_schedules(
    limit: Annotated[int, typer.Option(min=1, max=200, help="Schedules of one page.")] = 50,
    cursor: Annotated[str | None, typer.Option(help="Where the page before ended; it says so.")] = None,
    as_json: Json = False,
) -> None:
    """List schedules with their next time and their last run."""
    page = Client.from_environment().get("/schedules", limit=limit, cursor=cursor)
    if as_json:
        print_json(page)
        return
    rows = []
    for one in page["schedules"]:
        runs, last = one["nextRuns"], one["lastRun"]
        next_run = ago(runs[0]) if runs else "-"
        rows.append((one["name"], one["type"], one["status"], next_run, _last(last), one["description"]))
    print_table(HEADINGS, rows, "no schedules")
    if page["cursor"]:
        tell(f"there is more: --cursor {page['cursor']}")


@schedules.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show one schedule: its times, policies, last run, and what became of its last times."""
    _tell(Client.from_environment().get(schedule_path(name)), as_json)


@schedules.command()
def create(
    name: Name,
    type: Annotated[str, typer.Argument(metavar="TYPE", help="The job type.", show_default=False)],
    schedule: Annotated[
        str,
        typer.Argument(
            metavar="SCHEDULE",
            help="'0 9 * * 1-5', 'cron(0 9 ? * MON-FRI *)', 'rate(5 minutes)' or 'at(2030-01-31T09:00:00)'.",
            show_default=False,
        ),
    ],
    data: Annotated[
        str, typer.Option("--data", "-d", metavar="JSON", help="The jobs' input; @FILE, or - for stdin.")
    ] = "{}",
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="An IANA name, such as Europe/Berlin.")] = "UTC",
    overlap: Annotated[
        str, typer.Option(metavar="POLICY", help="If the job before has not ended: skip, queue or replace.")
    ] = "queue",
    catch_up: Annotated[
        str, typer.Option(metavar="POLICY", help="Times that nobody could serve: all, latest or none.")
    ] = "latest",
    jitter: Annotated[int, typer.Option(metavar="MINUTES", min=0, max=1_440, help="The longest delay at random.")] = 0,
    start: Annotated[
        str | None, typer.Option(metavar="TIME", help="No time before it, such as 2030-01-01T00:00:00Z.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="TIME", help="No time after it.")] = None,
    attempts: Annotated[int | None, typer.Option(min=1, max=100, help="Starts before a job fails for good.")] = None,
    priority: Priority = None,
    tag: Tags = None,
    expires_in: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="A job fails as Expired if it has not started so long after its time."),
    ] = None,
    deadline: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="No attempt runs so long after its job's time.")
    ] = None,
    unique_key: UniqueKey = None,
    unique_window: UniqueWindow = None,
    unique_mode: UniqueMode = None,
    unique_max_wait: UniqueMaxWait = None,
    update: Annotated[bool, typer.Option("--update", help="Replace the schedule of that name.")] = False,
    as_json: Json = False,
) -> None:
    """Make a schedule, or with --update say anew what one does."""
    options = {
        "attempts": attempts,
        "priority": priority,
        "tags": tag,
        "expiresIn": None if expires_in is None else expires_in * 1000,
        "deadline": None if deadline is None else deadline * 1000,
        "unique": unique_of(unique_key, unique_window, unique_mode, unique_max_wait),
    }
    body: dict[str, Any] = {
        "type": type,
        "schedule": schedule,
        "timezone": timezone,
        "data": read_json(data, "--data"),
        "options": {word: value for word, value in options.items() if value is not None},
        "overlap": overlap,
        "catchUp": catch_up,
        "jitter": jitter * 60_000,
        "start": start,
        "end": end,
    }
    client = Client.from_environment()
    made = client.put(schedule_path(name), body) if update else client.post("/schedules", {"name": name, **body})
    _tell(made, as_json)


@schedules.command()
def delete(name: Name, as_json: Json = False) -> None:
    """Delete a schedule; the jobs that it has made stay."""
    done = Client.from_environment().delete(schedule_path(name))
    print_json(done) if as_json else print(f"{name}: deleted")


@schedules.command()
def pause(name: Name, as_json: Json = False) -> None:
    """Make no more jobs until `jobyard schedules resume`."""
    _tell(Client.from_environment().post(f"{schedule_path(name)}/pause"), as_json)


@schedules.command()
def resume(name: Name, as_json: Json = False) -> None:
    """Make jobs again, from now on."""
    _tell(Client.from_environment().post(f"{schedule_path(name)}/resume"), as_json)


@schedules.command()
def run(name: Name, as_json: Json = False) -> None:
    """Make a job of the schedule at once, even if it is paused."""
    job = Client.from_environment().post(f"{schedule_path(name)}/run")
    print_json(job) if as_json else print_job(job)


@schedules.command("next")
def next_runs(name: Name, count: Count = 5, as_json: Json = False) -> None:
    """Print the next times of a schedule, in UTC."""
    found = Client.from_environment().get(schedule_path(name), next=count)
    if as_json:
        print_json(found["nextRuns"])
        return
    if not found["nextRuns"]:
        tell(f"no further time: {name} is {found['status']}")
    for moment in found["nextRuns"]:
        print(moment)


def _tell(schedule: dict[str, Any], as_json: bool) -> None:
    """One schedule, for people or for programs."""
    if as_json:
        print_json(schedule)
        return
    print(f"{schedule['name']}: {schedule['status']}, {schedule['type']} {schedule['description']}")
    by = f" by {clean(schedule['createdBy'])}" if schedule["createdBy"] and schedule["source"] != "code" else ""
    print(f"  {schedule['schedule']}, from {schedule['source']}{by}")
    print(f"  overlap {schedule['overlap']}, catch-up {schedule['catchUp']}, jitter {schedule['jitter'] // 60_000} min")
    if schedule["nextRuns"]:
        print(f"  next {schedule['nextRuns'][0]} ({ago(schedule['nextRuns'][0])})")
    last = schedule["lastRun"]
    if last is not None:
        print(f"  last run {last['jobId']}: {_last(last)}{' ' + clean(last['error']) if last['error'] else ''}")
    for due in schedule["recent"][:TOLD]:
        print(f"  {due['dueAt']}  {due['outcome']}")
    if schedule["error"]:
        print(f"  refused: {clean(schedule['error'])}")


def _last(run: dict[str, Any] | None) -> str:
    if run is None:
        return "-"
    return f"{run['status'] or 'gone'} {ago(run['finishedAt'] or run['createdAt'])}"
