"""What came of a contest: medians of the rounds and ratios against ours, as tables and as JSON."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from frame.clients import Run
from frame.contest import Contest, Level, Results


def summarise(contest: Contest, results: Results) -> dict[str, Any]:
    """For each server, for each level: medians, with every round beside them.

    `jobyard_is`: how many times this server's rate ours is, the median of the ratios within a round.
    """
    ours = results.get(contest.emulators[0].name, {})
    keeps = {emulator.name: emulator.keeps for emulator in contest.emulators}
    return {
        name: {
            "keeps": keeps[name],
            "levels": [_level(level, runs, ours.get(level, [])) for level, runs in levels.items()],
        }
        for name, levels in results.items()
    }


def _level(level: Level, runs: list[Run], ours: list[Run]) -> dict[str, Any]:
    summary = {
        "load": level.load,
        "clients": level.clients,
        "per_s": statistics.median(run.rate for run in runs),
        "server_cpu_s_per_1000": statistics.median(run.server_cpu_per_thousand for run in runs),
        "clients_cpu_s_per_1000": statistics.median(run.clients_cpu_per_thousand for run in runs),
        "right": sum(run.right for run in runs),
        "wrong": sum(run.wrong for run in runs),
        "rounds_per_s": [round(run.rate, 1) for run in runs],
        "rounds_server_cpu_s_per_1000": [round(run.server_cpu_per_thousand, 4) for run in runs],
        "rounds_clients_cpu_s_per_1000": [round(run.clients_cpu_per_thousand, 4) for run in runs],
    }
    pairs = list(zip(ours, runs, strict=False))
    if pairs:
        summary["jobyard_is"] = statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)
    return summary


def show(console: Console, contest: Contest, summaries: Mapping[str, Any], failures: Mapping[str, str]) -> None:
    """A table for each load."""
    for load in contest.loads:
        levels = {
            name: [level for level in summary["levels"] if level["load"] == load] for name, summary in summaries.items()
        }
        clients = list(dict.fromkeys(level["clients"] for row in levels.values() for level in row))
        if not clients:
            continue
        table = Table(title=f"{contest.title}: {load}; {contest.unit}, medians of the rounds")
        table.add_column("", no_wrap=True)
        table.add_column("keeps\nin")
        for count in clients:
            for heading in (f"{count} clients\nper s", "Jobyard\nis", "server CPU\nms each"):
                table.add_column(heading.replace("1 clients", "1 client"), justify="right")
        table.add_column("clients' CPU\nms each", justify="right")
        table.add_column("wrong", justify="right")
        for name, row in levels.items():
            table.add_row(name, summaries[name]["keeps"], *_cells(row, clients))
        console.print(table)
    for name, why in failures.items():
        console.print(f"[yellow]no numbers for {name}:[/] {why}", highlight=False)


def _cells(row: list[dict[str, Any]], clients: list[int]) -> list[str]:
    by_count = {level["clients"]: level for level in row}
    cells = []
    for count in clients:
        level = by_count.get(count)
        if level is None:
            cells += ["-"] * 3
        else:
            ratio = level.get("jobyard_is")
            cells += [
                f"{level['per_s']:,.0f}",
                f"{ratio:.2f} x" if ratio else "",
                f"{level['server_cpu_s_per_1000']:.3f}",
            ]
    costs = [level["clients_cpu_s_per_1000"] for level in row]
    return [*cells, f"{statistics.median(costs):.3f}" if costs else "-", f"{sum(level['wrong'] for level in row):,}"]
