"""Several index partitions are read as one: complete, in order, without repeats, from any bookmark on."""

from __future__ import annotations

import random
from typing import Any

import pytest

from queues.merge import Bookmark, Merge, moved, share
from queues.shards import partition, partitions


def entry(state: str, due: int, pk: str) -> dict[str, Any]:
    return {"state": {"S": state}, "due": {"N": str(due)}, "pk": {"S": pk}, "sk": {"S": "job"}, "type": {"S": "work"}}


class Index:
    """What `JobStore.keys` answers from; entries of one time are in an order of their own, as in DynamoDB."""

    def __init__(self, entries: list[dict[str, Any]]):
        self.entries = entries
        self.asked: list[tuple[str, int]] = []

    async def keys(
        self,
        state: str,
        *,
        start: dict[str, Any] | None,
        limit: int,
        newest_first: bool,
        before: int | None,
        since: int | None,
    ) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
        self.asked.append((state, limit))
        found = sorted((one for one in self.entries if one["state"]["S"] == state), key=due)
        found = found[::-1] if newest_first else found
        found = [one for one in found if before is None or due(one) < before]
        found = [one for one in found if since is None or due(one) >= since]
        if start is not None:
            found = found[1 + next(at for at, one in enumerate(found) if one["pk"] == start["pk"]) :]
        return found[:limit], found[limit - 1] if len(found) >= limit else None


def due(one: dict[str, Any]) -> int:
    return int(one["due"]["N"])


def filled(shards: int, count: int, times: int, seed: int) -> Index:
    """`count` entries of two states, at `times` different times."""
    rng = random.Random(seed)
    return Index(
        [
            entry(partition("ada", rng.choice(("open", "failed")), rng.randrange(shards)), rng.randrange(times), f"{n}")
            for n in range(count)
        ]
    )


def merge(index: Index, shards: int, **how: Any) -> Merge:
    return Merge(index, "ada", ("open", "failed"), shards, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("shards", [1, 3, 8])
@pytest.mark.parametrize("times", [1, 4, 1_000])
async def test_pages_are_complete_and_in_order_from_one_walk_or_from_bookmarks(
    newest_first: bool, shards: int, times: int
) -> None:
    index = filled(shards, 120, times, shards)
    wanted = sorted((due(one) for one in index.entries), reverse=newest_first)
    for size in (3, 50, 200):
        one, resumed, mark = merge(index, shards, newest_first=newest_first), [], None
        walked = []
        while page := await one.page(size):
            walked += page
            assert len(page) <= size
        while page := await (again := merge(index, shards, newest_first=newest_first, after=mark)).page(size):
            resumed += page
            mark = again.bookmark
        assert [due(one) for one in walked] == [due(one) for one in resumed] == wanted
        names = [one["pk"]["S"] for one in resumed]
        assert len(set(names)) == len(names) == 120
        assert one.done


async def test_a_page_is_full_unless_it_is_the_last() -> None:
    walk = merge(filled(3, 100, 10, 1), 3)
    assert [len(await walk.page(30)) for _ in range(5)] == [30, 30, 30, 10, 0]


async def test_a_bound_in_time_holds_in_every_shard() -> None:
    index = filled(3, 100, 10, 2)
    found = await merge(index, 3, newest_first=False, before=4).page(200)
    assert [due(one) for one in found] == sorted(due(one) for one in index.entries if due(one) < 4)


async def test_a_shard_that_has_come_into_use_is_read_from_the_bookmark_on() -> None:
    index = filled(2, 60, 20, 3)
    first = merge(index, 2)
    listed = await first.page(25)
    mark = first.bookmark
    assert mark is not None
    late = [entry(partition("ada", "open", 2), at, f"late-{at}") for at in range(20)]
    index.entries += late
    rest = await merge(index, 3, after=mark).page(200)
    assert [due(one) for one in rest] == sorted((due(one) for one in rest), reverse=True)
    assert len(listed) + len(rest) == 60 + sum(due(one) <= mark.due for one in late)


async def test_one_partition_is_asked_once_a_page() -> None:
    index = Index([entry("ada#open", n, f"{n}") for n in range(100)])
    walk = Merge(index, "ada", ["open"], 1)  # type: ignore[arg-type]
    assert len(await walk.page(40)) == 40
    assert index.asked == [("ada#open", 40)]


async def test_shards_are_asked_for_little_more_than_their_share() -> None:
    index = Index([entry(partition("ada", "open", n % 16), n, f"{n}") for n in range(2_000)])
    walk = Merge(index, "ada", ["open"], 16)  # type: ignore[arg-type]
    assert len(await walk.page(200)) == 200
    assert sorted(index.asked) == sorted((name, 24) for name in partitions("ada", "open", 16))


@pytest.mark.parametrize(
    ("wanted", "shards", "asked"), [(50, 1, 50), (1, 8, 1), (50, 4, 24), (200, 16, 24), (1_000, 2, 568), (3, 2, 3)]
)
def test_the_share_of_a_shard(wanted: int, shards: int, asked: int) -> None:
    assert share(wanted, shards) == asked


A, B = "ada#open", "ada#open#1"


@pytest.mark.parametrize(
    ("mark", "taken", "after"),
    [
        (None, [], None),
        (None, [(A, 5, "x")], Bookmark(5, {A: "x"})),
        (None, [(A, 5, "x"), (B, 5, "y"), (A, 5, "z")], Bookmark(5, {A: "z", B: "y"})),
        (None, [(A, 9, "x"), (B, 5, "y")], Bookmark(5, {B: "y"})),
        (Bookmark(5, {A: "x"}), [], Bookmark(5, {A: "x"})),
        (Bookmark(5, {A: "x"}), [(B, 5, "y")], Bookmark(5, {A: "x", B: "y"})),
        (Bookmark(5, {A: "x"}), [(A, 5, "y")], Bookmark(5, {A: "y"})),
        (Bookmark(5, {A: "x"}), [(B, 5, "y"), (B, 4, "z")], Bookmark(4, {B: "z"})),
    ],
)
def test_a_bookmark_names_those_of_its_very_time(
    mark: Bookmark | None, taken: list[tuple[str, int, str]], after: Bookmark | None
) -> None:
    assert moved(mark, [entry(*one) for one in taken]) == after
