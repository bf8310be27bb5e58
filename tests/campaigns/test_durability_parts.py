"""The durability campaign finds what it is there to find: its own parts, given what must not be."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest

from tests.campaigns.durability.aws import Violation
from tests.campaigns.durability.lane import BATCH, State, reach
from tests.campaigns.durability.letter import Letter
from tests.campaigns.durability.line import Line
from tests.campaigns.durability.platter import SECTOR, Platter
from tests.campaigns.durability.queue import check_count, identify
from tests.campaigns.durability.recorder import Event, History, Unavailable, recording


def line_of(*numbers: int, leaving: set[int] | None = None) -> Line:
    line = Line("g")
    line.numbers, line.leaving = list(numbers), leaving or set()
    return line


def test_a_line_is_received_from_its_head_on() -> None:
    line_of(1, 2, 3).check_received([1, 2])
    line_of(1, 2, 3, leaving={1}).check_received([2, 3])
    line_of(1, 2, 3, leaving={1}).check_received([1, 2])


@pytest.mark.parametrize("received", [[2], [1, 3], [2, 1], [1, 1], [4]])
def test_gaps_turns_and_strangers_in_a_line_are_found(received: list[int]) -> None:
    with pytest.raises(Violation):
        line_of(1, 2, 3).check_received(received)


def test_a_message_with_two_ids_is_found() -> None:
    letter = Letter(1, 0, 0)
    identify(letter, "a")
    identify(letter, "a")
    with pytest.raises(Violation, match="exists twice"):
        identify(letter, "b")


@pytest.mark.parametrize(("count", "alone"), [(3, False), (2, True), (6, True)])
def test_a_receive_count_that_goes_back_or_leaps_is_found(count: int, alone: bool) -> None:
    letter = Letter(1, 0, 0, receives=3, counted_at=10, untold=1)
    for fine in (4, 5):
        check_count(letter, fine, begun=20, alone=True)
    with pytest.raises(Violation):
        check_count(letter, count, begun=20, alone=alone)


def test_a_lanes_state_tells_how_far_it_has_come() -> None:
    state = State()
    for number in range(8):
        assert reach(state, range(20)) == number
        state.pass_on(number)
    assert reach(state, range(3)) is None
    state.messages.remove(f"4-{BATCH - 1}")
    assert reach(state, range(20)) is None


def written(content: bytes, offset: int = 0) -> Event:
    return Event("write", "f", offset, content)


def images(platter: Platter, folder: Path) -> set[bytes]:
    """All that may be left of the file, as far as a hundred draws tell."""
    found = set()
    for seed in range(100):
        platter.leave(folder, random.Random(seed))
        found.add((folder / "f").read_bytes() if (folder / "f").exists() else b"")
        (folder / "f").unlink(missing_ok=True)
    return found


def test_what_was_synced_is_left_and_what_was_not_may_be(tmp_path: Path) -> None:
    platter = Platter()
    for event in (written(b"safe"), Event("sync", "f", began=1), written(b"SAFE")):
        platter.pass_on(event)
    assert images(platter, tmp_path) == {b"safe", b"SAFE"}


def test_a_write_during_a_sync_is_not_safe(tmp_path: Path) -> None:
    platter = Platter()
    for event in (written(b"a"), written(b"b", 1), Event("sync", "f", began=1)):
        platter.pass_on(event)
    assert images(platter, tmp_path) == {b"a", b"ab"}


def test_a_long_write_may_be_torn_between_sectors(tmp_path: Path) -> None:
    platter = Platter()
    platter.pass_on(written(b"x" * 2 * SECTOR))
    zero, whole = bytes(SECTOR), b"x" * SECTOR
    assert images(platter, tmp_path) == {b"", whole, zero + whole, whole + whole}


def test_a_deletion_is_safe_once_a_new_file_is_synced(tmp_path: Path) -> None:
    platter = Platter()
    events = (written(b"old"), Event("sync", "f", began=1), Event("delete", "f"))
    for event in events:
        platter.pass_on(event)
    assert images(platter, tmp_path) == {b"old", b""}
    platter.pass_on(Event("write", "g", 0, b"new"))
    platter.pass_on(Event("sync", "g", began=4))
    assert images(platter, tmp_path) == {b""}


def test_all_that_sqlite_writes_is_recorded(tmp_path: Path) -> None:
    try:
        with recording(tmp_path) as history:
            db = sqlite3.connect(tmp_path / "f", isolation_level=None)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("CREATE TABLE t (a)")
            db.execute("INSERT INTO t VALUES (1)")
            assert last_of(history, "f-wal").kind == "sync"
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("INSERT INTO t VALUES (2)")
            assert last_of(history, "f-wal").kind == "write"
            left = dict.fromkeys(("f", "f-wal"), b"")
            for name in left:
                left[name] = (tmp_path / name).read_bytes()
            db.close()
    except Unavailable as why:
        pytest.skip(f"SQLite's writes cannot be recorded: {why}")
    platter, folder = Platter(), tmp_path / "left"
    folder.mkdir()
    events = history.events[: history.events.index(last_of(history, "f-wal", "write")) + 1]
    for event in events:
        platter.pass_on(event)
    seed = next(seed for seed in range(100) if random.Random(seed).choice((0.0, 0.5, 0.9, 1.0)) == 1.0)
    platter.leave(folder, random.Random(seed))
    assert {name: (folder / name).read_bytes() for name in left} == left


def last_of(history: History, file: str, kind: str | None = None) -> Event:
    return [event for event in history.events if event.file == file and kind in (None, event.kind)][-1]
