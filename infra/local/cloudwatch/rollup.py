"""The sweep: old data goes into coarser rows, the oldest away, metrics without data with it; history too.

It walks along the metrics, a bounded number of them and of rows a round. Only whole blocks are moved: a row of 5
minutes is made when all of its minutes have aged, so a reader never misses part of one.
"""

from dataclasses import dataclass
from itertools import pairwise

from infra.local.cloudwatch.limits import HISTORY_KEPT, RETENTION
from infra.local.cloudwatch.metric import forget_numbers
from infra.local.cloudwatch.points import Place, merge, summary_of
from infra.local.cloudwatch.summary import Summary
from infra.local.request import Request

#: Metrics looked at, and rows moved or removed, in one round.
METRIC_LIMIT, ROW_LIMIT = 200, 1_000

NEXT = "SELECT id FROM cw_metrics WHERE id > ? ORDER BY id LIMIT ?"
AGED = """
SELECT at, unit, count, total, least, most, histogram FROM cw_points
WHERE metric = ? AND resolution = ? AND at < ? ORDER BY at LIMIT ?
"""
REMOVE = "DELETE FROM cw_points WHERE metric = ? AND resolution = ? AND at = ? AND unit = ?"
REMOVE_METRIC = """
DELETE FROM cw_metrics
WHERE id = ? AND seen_at < ? AND NOT EXISTS (SELECT * FROM cw_points WHERE metric = cw_metrics.id)
"""
REMOVE_HISTORY = "DELETE FROM cw_history WHERE id IN (SELECT id FROM cw_history WHERE at < ? LIMIT ?)"


@dataclass(slots=True)
class Walk:
    """How far the sweep has come, in the engine's cache: after a restart it begins anew."""

    after: int = 0


def roll_up(request: Request) -> int:
    """Move or remove a bounded number of rows; 0 when the walk is at its end and there is no more to do now."""
    now = request.now // 1000
    walk: Walk = request.cache.setdefault("cloudwatch-walk", Walk())
    removed = request.db.execute(REMOVE_HISTORY, (request.now - HISTORY_KEPT * 1000, ROW_LIMIT)).rowcount
    numbers = [number for (number,) in request.db.execute(NEXT, (walk.after, METRIC_LIMIT))]
    for number in numbers:
        removed += _age(request, number, now)
        if removed >= ROW_LIMIT:
            return removed  # this metric again: it may have more
        walk.after = number
    if len(numbers) < METRIC_LIMIT:
        walk.after = 0
    return removed or (walk.after and 1)


def _age(request: Request, metric: int, now: int) -> int:
    moved = 0
    for resolution, coarser in pairwise(RETENTION):
        before = now - RETENTION[resolution]
        moved += _move(request, metric, resolution, coarser, before - before % coarser)
    moved += _drop(request, metric, now - RETENTION[3_600])
    if request.db.execute(REMOVE_METRIC, (metric, now - RETENTION[3_600])).rowcount:
        forget_numbers(request)
    return moved


def _move(request: Request, metric: int, resolution: int, coarser: int, before: int) -> int:
    rows = request.db.execute(AGED, (metric, resolution, before, ROW_LIMIT)).fetchall()
    blocks: dict[Place, Summary] = {}
    for at, unit, *values in rows:
        place = (metric, coarser, at - at % coarser, unit)
        summary = summary_of(*values)
        blocks[place] = blocks[place].merged(summary) if place in blocks else summary
    for place, summary in blocks.items():
        merge(request, place, summary)
    request.db.executemany(REMOVE, [(metric, resolution, row[0], row[1]) for row in rows])
    return len(rows)


def _drop(request: Request, metric: int, before: int) -> int:
    rows = request.db.execute(AGED, (metric, 3_600, before, ROW_LIMIT)).fetchall()
    request.db.executemany(REMOVE, [(metric, 3_600, row[0], row[1]) for row in rows])
    return len(rows)
