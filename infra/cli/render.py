"""`jobyard render`: the job types as the files that serverless.yml includes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from infra.cli.exits import CommandFailed
from infra.cli.output import Json, print_json, tell

#: Where serverless.yml looks for them.
RENDERED = Path("infra/deploy/rendered")


def render(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if a file is not as it should be.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the files are.")] = RENDERED,
    as_json: Json = False,
) -> None:
    """Write functions, queues, roles, schedules and alarms of all job types as files that serverless.yml includes.

    Job types are those of JOBYARD_JOBS. Run it after a change of a `@job`, and commit the files with it.
    """
    from infra.deploy.rendering import render as rendered
    from queues.jobtype import load
    from queues.settings import read_settings

    modules = read_settings().jobs
    files = rendered(load(modules), modules)
    stale = [name for name, text in files.items() if _read(out / name) != text]
    if stale and check:
        raise CommandFailed(
            f"{', '.join(stale)} in {out} {'is' if len(stale) == 1 else 'are'} not what the job types say; "
            "run `jobyard render`"
        )
    if stale:
        out.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (out / name).write_text(files[name], encoding="utf-8")
    if as_json:
        print_json({"folder": str(out), "files": list(files), "written": stale})
    else:
        tell(f"{out}: wrote {', '.join(stale)}" if stale else f"{out}: {len(files)} files, all as they should be")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
