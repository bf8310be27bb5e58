"""Medians over the rounds, ratios against ours, as a table and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from frame.rows import ROWS, Row
from frame.session import Session

PARTS = ("enqueue", "drain", "both")


def percentile(samples: Sequence[float], percent: int) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


def summarise(row: Row, sessions: Sequence[Session]) -> dict[str, Any]:
    """One row's medians, with every round beside them."""
    summary: dict[str, Any] = {"keeps": row.keeps, "baseline": row.baseline, "rounds": len(sessions)}
    for name in PARTS:
        parts = [session.parts[name] for session in sessions]
        summary[name] = {
            "jobs": parts[0].jobs,
            "jobs_per_s": statistics.median(part.rate for part in parts),
            "cpu_s_per_1000": statistics.median(part.cpu_per_thousand for part in parts),
            "rounds_jobs_per_s": [round(part.rate, 1) for part in parts],
            "rounds_cpu_s_per_1000": [round(part.cpu_per_thousand, 4) for part in parts],
        }
    samples = [sample * 1000 for session in sessions for sample in session.latency]
    summary["latency_ms"] = {
        "p50": percentile(samples, 50),
        "p99": percentile(samples, 99),
        "samples": len(samples),
    }
    return summary


def add_ratios(summaries: Mapping[str, dict[str, Any]]) -> None:
    """`jobyard_is`: how many times this row's jobs/s ours does, for each part, where ours ran too."""
    for summary in summaries.values():
        ours = summaries.get(summary["baseline"])
        if ours is not None:
            summary["jobyard_is"] = {name: ours[name]["jobs_per_s"] / summary[name]["jobs_per_s"] for name in PARTS}


def show(console: Console, summaries: Mapping[str, dict[str, Any]], failures: Mapping[str, str]) -> None:
    table = Table(title="No-op async job, 200-byte payload, status and result kept; medians of the rounds")
    table.add_column("", no_wrap=True)
    for heading in (
        "enqueue\njobs/s",
        "drain\njobs/s",
        "both at once\njobs/s",
        "Jobyard\nis",
        "CPU s\nper 1,000",
        "idle p50\nms",
        "idle p99\nms",
        "keeps",
    ):
        table.add_column(heading, justify="right")
    for row in ROWS:
        if row.name in failures:
            table.add_row(row.name, *["-"] * 8)
        elif (summary := summaries.get(row.name)) is not None:
            ratio = summary.get("jobyard_is", {}).get("both")
            table.add_row(
                row.name,
                *(f"{summary[name]['jobs_per_s']:,.0f}" for name in PARTS),
                f"{ratio:.2f} x" if ratio else "",
                f"{summary['both']['cpu_s_per_1000']:.3f}",
                f"{summary['latency_ms']['p50']:.2f}",
                f"{summary['latency_ms']['p99']:.2f}",
                row.keeps,
            )
    console.print(table)
    for name, why in failures.items():
        console.print(f"[yellow]no numbers for {name}:[/] {why}", highlight=False)
