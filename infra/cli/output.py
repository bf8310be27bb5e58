"""What commands print: JSON for programs, aligned columns for people; results to stdout, the rest to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

#: The option that every command has.
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(value: Any) -> None:
    """One JSON document on stdout, indented for a terminal."""
    indent = 2 if sys.stdout.isatty() else None
    print(json.dumps(value, indent=indent, ensure_ascii=False), flush=True)


def tell(text: str) -> None:
    """A remark on stderr."""
    print(text, file=sys.stderr, flush=True)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Rows in aligned columns; the last column is as long as it likes. `empty` is said if there are none."""
    if not rows:
        tell(empty)
        return
    cells = [[" ".join(clean(cell).split()) or "-" for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    for line in (headings, *cells):
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print("  ".join(padded).rstrip())


def ago(moment: str | None, now: datetime | None = None) -> str:
    """An ISO-8601 time as its distance from now: `12s ago`, `in 5m`."""
    if moment is None:
        return "-"
    seconds = round(((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds())
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if size >= 2 * length:
            size, shown = size // length, unit
            break
    else:
        shown = "s"
    return f"in {size}{shown}" if seconds < 0 else f"{size}{shown} ago"


def clean(text: object) -> str:
    """Text of a job's making, fit for a terminal: no escape sequences, no other control characters."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in str(text))
