"""Options that say of jobs what a type leaves open: `jobyard enqueue` has them, and `jobyard schedules create`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

ExpiresIn = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Fails as Expired if it has not started by then.")
]
Deadline = Annotated[float | None, typer.Option(metavar="SECONDS", help="No attempt runs later than that.")]
UniqueKey = Annotated[
    str | None, typer.Option(metavar="KEY", help="One job for one key: see --unique-mode.", show_default=False)
]
UniqueWindow = Annotated[float | None, typer.Option(metavar="SECONDS", help="How long the key is held.")]
UniqueMode = Annotated[
    str | None,
    typer.Option(
        metavar="MODE",
        help="Which job of a key runs: simple, throttle or debounce; see docs/unique-jobs.md.",
        show_default=False,
    ),
]
UniqueMaxWait = Annotated[
    float | None,
    typer.Option(metavar="SECONDS", help="For which further calls can put a debounced job off, from the first."),
]
Priority = Annotated[int | None, typer.Option(min=1, max=100, help="1 (first) to 100 (last).", show_default=False)]
Tags = Annotated[list[str] | None, typer.Option(metavar="TAG", help="May be given several times.")]


def unique_of(key: str | None, window: float | None, mode: str | None, max_wait: float | None) -> dict[str, Any] | None:
    """The rule as the API takes it, from flags in seconds; None if none was given."""
    if (key, window, mode, max_wait) == (None, None, None, None):
        return None
    times = {"window": window, "maxWait": max_wait}
    given = {"key": key, **{name: value * 1000 for name, value in times.items() if value is not None}}
    return {"mode": mode or "simple", **{name: value for name, value in given.items() if value is not None}}
