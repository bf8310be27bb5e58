"""Levels of priority as values: which priority is in which, what a class says, how Lambda's concurrency is divided."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queues import SERVICE_CLASSES, Level, Levels, Options, job
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.job_options import DEFAULT_CONCURRENCY
from queues.jobtype import MAX_NAME_CHARS, JobType
from queues.limits import QUEUE_NAME_CHARS
from queues.priorities.levels import DEFAULT_PRIORITY, MAX_LEVELS
from queues.priorities.split import split
from queues.settings import Settings
from tests.cli.house import CHECKOUT

HALVES = Levels(Level("first", 1, 50, weight=1), Level("second", 51, 100, weight=1))


def a_type(name: str = "graded", **options: Any) -> JobType[Any, Any]:
    @job(name, **({"priorities": SERVICE_CLASSES} | options))
    async def graded(data: dict[str, int]) -> None:
        return None

    return graded


@pytest.mark.parametrize(
    ("priority", "level", "queue", "attempts", "concurrency"),
    [
        (1, "critical", "graded_critical", 5, 10),
        (10, "critical", "graded_critical", 5, 10),
        (11, "standard", "graded", 3, 5),
        (50, "standard", "graded", 3, 5),
        (51, "bulk", "graded_bulk", 1, 2),
        (100, "bulk", "graded_bulk", 1, 2),
    ],
)
def test_the_three_service_classes(priority: int, level: str, queue: str, attempts: int, concurrency: int) -> None:
    found, options = SERVICE_CLASSES.of(priority), a_type().options
    assert (found.name, found.concurrency) == (level, concurrency)
    assert Catalog([a_type()]).queue_of("graded", priority) == queue
    assert options.attempts_of(priority) == attempts
    assert options.level_concurrency(found) == concurrency


def test_together_they_may_run_what_each_of_them_may() -> None:
    assert a_type().options.concurrency == 17
    assert a_type().options.most_attempts == 5
    assert a_type(concurrency=4).options.level_concurrency(SERVICE_CLASSES.of(1)) == 4
    assert a_type(priorities=HALVES).options.concurrency == DEFAULT_CONCURRENCY
    assert a_type(priorities=HALVES, attempts=9).options.attempts_of(1) == 9


def test_without_levels_there_is_one_queue() -> None:
    plain = a_type("plain", priorities=None)
    catalog = Catalog([plain, a_type()])
    assert [catalog.queue_of("plain", priority) for priority in (1, 50, 100)] == ["plain"] * 3
    assert catalog.queues_of("plain") == ["plain"]
    assert catalog.queues_of("graded") == ["graded_critical", "graded", "graded_bulk"]
    assert catalog.queues_of("unheard-of") == [catalog.queue_of("unheard-of", 1)] == ["unheard-of"]
    assert plain.options.attempts_of(1) == 3


def test_everybody_asks_for_the_queue_of_a_job() -> None:
    """What is sent to a job type's name passes the levels by: Catalog.queue_of says where a job's message goes."""
    past = re.compile(r"queues\.(send|hide|purge|url|arn)\(\s*(\w+\.)?(job|job_type|schedule|old)\.(type|name)\b")
    for path in (CHECKOUT / "queues").rglob("*.py"):
        assert not past.search(path.read_text(encoding="utf-8")), path


def test_the_default_priority_is_the_one_of_jobs() -> None:
    assert Options().priority == DEFAULT_PRIORITY


@settings(deadline=None)
@given(st.lists(st.integers(1, 99), min_size=1, max_size=MAX_LEVELS - 1, unique=True))
def test_every_priority_has_one_level_and_one_level_has_the_types_own_queue(ends: list[int]) -> None:
    bounds = [0, *sorted(ends), 100]
    levels = Levels(
        *(Level(f"l{n}", bounds[n] + 1, bounds[n + 1], weight=n + 1) for n in range(len(bounds) - 1)),
    )
    for priority in range(1, 101):
        level = levels.of(priority)
        assert level.first <= priority <= level.last
    queues = [levels.queue("t", level) for level in levels]
    assert len(set(queues)) == len(levels)
    assert queues.count("t") == 1
    assert levels.queue("t", levels.of(DEFAULT_PRIORITY)) == "t"
    assert (levels.of(0), levels.of(101)) == (levels.of(1), levels.of(100))


@pytest.mark.parametrize(
    ("levels", "complaint"),
    [
        ([Level("one", 1, 100, weight=1)], "give 2 to 10 levels"),
        ([Level("a", 1, 50, weight=1), Level("a", 51, 100, weight=1)], "a name of its own"),
        ([Level("a", 2, 50, weight=1), Level("b", 51, 100, weight=1)], "begin at 1"),
        ([Level("a", 1, 50, weight=1), Level("b", 50, 100, weight=1)], "begin at 51"),
        ([Level("a", 1, 50, weight=1), Level("b", 52, 100, weight=1)], "begin at 51"),
        ([Level("a", 1, 50, weight=1), Level("b", 51, 101, weight=1)], "begin at 51"),
        ([Level("a", 1, 50, weight=1), Level("b", 51, 99, weight=1)], "no level has 100 to 100"),
    ],
)
def test_levels_must_have_every_priority_once(levels: list[Level], complaint: str) -> None:
    with pytest.raises(InvalidOption, match=complaint):
        Levels(*levels)


@pytest.mark.parametrize(
    ("name", "options", "complaint"),
    [
        ("", {}, "use 1 to 16"),
        ("a" * 17, {}, "use 1 to 16"),
        ("A", {}, "of a-z and 0-9"),
        ("a-b", {}, "of a-z and 0-9"),
        ("dlq", {}, "dead-letter queues"),
        ("a", {"weight": 0}, "weight of 'a'.*give 1 to 100"),
        ("a", {"weight": True}, "weight of 'a'"),
        ("a", {"attempts": 101}, "attempts of 'a'.*give 1 to 100"),
        ("a", {"concurrency": 1}, "concurrency of 'a'.*give 2 to 10,000"),
    ],
)
def test_a_level_that_cannot_be_is_refused(name: str, options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidOption, match=complaint):
        Level(name, 1, 50, **({"weight": 1} | options))


def test_the_longest_names_make_a_queue_that_sqs_takes() -> None:
    settings = Settings(prefix="p" * 24)
    longest = "t" * (QUEUE_NAME_CHARS - 24 - 1 - 1 - len("critical"))
    of_type = a_type(longest)
    names = [settings.queue(queue) for queue in Catalog([of_type]).queues_of(longest)]
    assert max(map(len, names)) == QUEUE_NAME_CHARS
    assert len(longest) < MAX_NAME_CHARS
    with pytest.raises(InvalidOption, match=f"use {len(longest)} characters at most: its level 'critical' has a queue"):
        a_type(longest + "t")


def test_no_types_name_is_that_of_a_level() -> None:
    with pytest.raises(InvalidOption, match="of a-z 0-9 and '-'"):
        a_type("graded_bulk")


# --- what is divided for Lambda -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("concurrency", "parts"),
    [(17, [10, 5, 2]), (100, [10, 5, 2]), (12, [7, 3, 2]), (6, [2, 2, 2]), (5, [2, 2, 2]), (1, [2, 2, 2])],
)
def test_the_service_classes_on_lambda(concurrency: int, parts: list[int]) -> None:
    assert split(concurrency, SERVICE_CLASSES) == parts


@settings(deadline=None)
@given(
    st.integers(1, 200),
    st.lists(st.tuples(st.integers(1, 100), st.none() | st.integers(2, 50)), min_size=2, max_size=5),
)
def test_parts_are_as_near_as_can_be(concurrency: int, of: list[tuple[int, int | None]]) -> None:
    levels = Levels(
        *(
            Level(f"l{n}", n + 1, n + 1 if n + 1 < len(of) else 100, weight=weight, concurrency=most)
            for n, (weight, most) in enumerate(of)
        )
    )
    parts = split(concurrency, levels)
    assert all(part >= 2 and part <= (most or part) for part, (_, most) in zip(parts, of, strict=True))
    possible = levels.concurrency or concurrency
    assert sum(parts) == max(2 * len(of), min(concurrency, possible))
    # Nobody who could have one more has less for its weight than another one would have with one less.
    for part, (weight, most) in zip(parts, of, strict=True):
        if most is None or part < most:
            for other, (others, _) in zip(parts, of, strict=True):
                assert other == 2 or (part + 1) / weight >= other / others
