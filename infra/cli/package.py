"""`jobyard package`: the zips that Lambda runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exits import Exit
from infra.cli.output import Json, print_json, print_table, tell

if TYPE_CHECKING:
    from infra.deploy.packaging.build import Built
    from infra.deploy.packaging.cold_start import Start


def package(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="ARTIFACT", help="Only these, such as api.", show_default=False)
    ] = None,
    arch: Annotated[
        str | None, typer.Option(help="Of the functions: arm64, which is the default, or x86_64.", show_default=False)
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="VERSION", help="Of the functions. [3.13]", show_default=False)
    ] = None,
    local: Annotated[
        bool, typer.Option("--local", help="For this machine and this Python: for emulators without containers.")
    ] = False,
    out: Annotated[str, typer.Option(metavar="FOLDER", help="Where the zips are put.")] = "build/artifacts",
    bytecode: Annotated[bool, typer.Option(help="Compile modules now, and not at each start of a function.")] = True,
    cold_start: Annotated[
        bool, typer.Option("--cold-start", help="With --local: measure what importing each function costs.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the artifacts that AWS Lambda runs: the API, the job types, and job types that need extras.

    The same tree gives the same bytes. Exit codes: 0 all are within their budgets, 1 one is not or could not be built,
    2 an option is wrong.
    """
    from pathlib import Path

    from infra.deploy.packaging.build import build
    from infra.deploy.packaging.cold_start import measure
    from infra.deploy.packaging.target import ARCHITECTURE, PYTHON, Target, here
    from queues.catalog import load
    from queues.errors import InvalidOption
    from queues.settings import read_settings

    if local and (arch or python):
        raise InvalidOption("local", True, "it means this machine and this Python; leave --arch and --python out")
    if cold_start and not local:
        raise InvalidOption("cold-start", True, "only what is built for this machine can be measured; add --local")
    target = here() if local else Target(python or PYTHON, arch or ARCHITECTURE)
    modules = read_settings().jobs
    types = load(modules)
    built = build(Path(), types, modules, target, Path(out), tell, names=names or (), bytecode=bytecode)
    starts: list[Start] = []
    if cold_start:
        tell("measuring cold starts")
        starts = measure(built, {one.name: one.function.__module__ for one in types}, modules, sys.executable)
    if as_json:
        document: dict[str, object] = {"target": target.name, "artifacts": [_artifact(one) for one in built]}
        print_json(document | ({"coldStarts": [_start(one) for one in starts]} if cold_start else {}))
    else:
        _print_tables(built, starts)
    faults = [f"{one.path}: {one.fault}" for one in built if one.fault]
    faults += [f"{one.function}: {one.fault}" for one in starts if one.fault]
    for fault in faults:
        tell(f"jobyard: {fault}")
    if faults:
        raise typer.Exit(Exit.FAILED)


def _print_tables(built: Sequence[Built], starts: Sequence[Start]) -> None:
    print_table(
        ("ARTIFACT", "ZIPPED", "UNZIPPED", "PACKAGES", "SHA-256", "FUNCTIONS"),
        [
            (
                one.path,
                f"{one.zipped / 1_000_000:.1f} MB",
                f"{one.unzipped / 1_000_000:.1f} MB",
                len(one.artifact.wheels),
                one.sha256[:12],
                ", ".join(one.artifact.functions),
            )
            for one in built
        ],
        "",
    )
    if starts:
        print()
        print_table(
            ("FUNCTION", "IMPORT", "OF AIOBOTOCORE'S", "LIMIT"),
            [(one.function, f"{one.milliseconds:.0f} ms", f"{one.times:.2f}", f"{one.limit:g}") for one in starts],
            "",
        )


def _artifact(built: Built) -> dict[str, object]:
    return {
        "name": built.artifact.name,
        "path": str(built.path),
        "functions": built.artifact.functions,
        "extras": built.artifact.extras,
        "packages": built.artifact.wheels,
        "zipped": built.zipped,
        "unzipped": built.unzipped,
        "sha256": built.sha256,
        "fault": built.fault,
    }


def _start(start: Start) -> dict[str, object]:
    return {
        "function": start.function,
        "milliseconds": start.milliseconds,
        "aiobotocore": start.baseline,
        "times": start.times,
        "limit": start.limit,
        "fault": start.fault,
    }
