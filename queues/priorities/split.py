"""How a type's concurrency is divided among its levels where each has a fixed part of it: Lambda's mappings. Pure."""

from __future__ import annotations

from queues.priorities.levels import MIN_LEVEL_CONCURRENCY, Levels


def split(concurrency: int, levels: Levels) -> list[int]:
    """Each level's part, in their order: by weight, no more than the level's own concurrency, and 2 at the least.

    The sum is `concurrency`, or as near to it as that allows: less if all levels have what they may have, more if there
    are not two for each. What is free goes, one at a time, to the level that has the least for its weight, of equals to
    the more urgent one.
    """
    parts = [MIN_LEVEL_CONCURRENCY] * len(levels)
    for _ in range(concurrency - sum(parts)):
        room = [
            index for index, level in enumerate(levels) if level.concurrency is None or parts[index] < level.concurrency
        ]
        if not room:
            break
        weights = [level.weight for level in levels]
        parts[min(room, key=lambda index: ((parts[index] + 1) / weights[index], index))] += 1
    return parts
