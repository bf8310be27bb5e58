"""What a durability campaign came to, as a table and a sentence."""

from __future__ import annotations

from tests.campaigns.durability.campaign import Campaign

LINE = "{:<16} {:>13} {:>10} {:>8} {:>9} {:>8} {:>14}"


def report(campaign: Campaign, seconds: float) -> str:
    """The table of loads, the rounds, and the verdict."""
    head = LINE.format("load", "acknowledged", "disk full", "cut off", "happened", "did not", "facts checked")
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(campaign.kinds.items()))
    return "\n".join(
        [
            head,
            "-" * len(head),
            *[_line(load.name, load.figures.row()) for load in campaign.loads],
            _line("all", tuple(map(sum, zip(*[load.figures.row() for load in campaign.loads], strict=True)))),
            "",
            "acknowledged, disk full: calls answered so; cut off: by a kill. Of the messages, items and transactions",
            "in those, some had happened and some had not.",
            "",
            f"{campaign.kinds.total()} kills ({kinds}) in {seconds:.0f} s, fsync {campaign.server.fsync}",
            "",
            *_verdict(campaign.violations),
        ]
    )


def _line(name: str, row: tuple[int, ...]) -> str:
    return LINE.format(name, *row)


def _verdict(violations: list[str]) -> list[str]:
    if violations:
        return [f"FAILED: {len(violations)} violations", *(f"  {text}" for text in violations[:20])]
    return ["PASSED: nothing acknowledged was lost, nothing came back, all was whole, in order, and counted right"]
