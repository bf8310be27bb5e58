"""`jobyard render`: the job types as the files that serverless.yml includes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    from queues.catalog import load
    from queues.settings import read_settings

    modules = read_settings().jobs
    files = rendered(load(modules), modules)
    stale = stale_files(files, out)
    if stale and check:
        raise drifted(stale, out)
    if stale:
        out.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (out / name).write_text(files[name], encoding="utf-8")
    if as_json:
        print_json({"folder": str(out), "files": list(files), "written": stale})
    else:
        tell(f"{out}: wrote {', '.join(stale)}" if stale else f"{out}: {len(files)} files, all as they should be")


def stale_files(files: Mapping[str, str], out: Path) -> list[str]:
    """The names of those that are missing in a folder, or other than they should be."""
    return [name for name, text in files.items() if _read(out / name) != text]


def drifted(stale: Sequence[str], out: Path) -> CommandFailed:
    """What ends a command that must not go on with such files."""
    verb = "is" if len(stale) == 1 else "are"
    return CommandFailed(f"{', '.join(stale)} in {out} {verb} not what the job types say; run `jobyard render`")


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
