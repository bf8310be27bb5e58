"""Old data is rolled up and dropped: what is kept how long, and that a year leaves a database of bounded size."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.local.cloudwatch.limits import RETENTION
from tests.engine.watch import DAY, HOUR, MINUTE, Watch, moment


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


def rows(watch: Watch) -> dict[int, int]:
    """Resolution -> rows."""
    return dict(watch.db.execute("SELECT resolution, count(*) FROM cw_points GROUP BY resolution"))


def test_seconds_are_kept_for_three_hours_then_minutes_remain(watch: Watch) -> None:
    for second in range(120):
        watch.put("m", 1, HOUR + second, StorageResolution=1)
    watch.move(3 * 3600)
    assert len(watch.points("m", HOUR, HOUR + 120, period=1)) == 120
    watch.move(120)  # whole minutes have aged
    for _ in range(2):
        assert watch.points("m", HOUR, HOUR + 120, period=1) == []
        assert watch.points("m", HOUR, HOUR + 120) == [(0, 60.0), (60, 60.0)]
        watch.sweep()
    assert rows(watch) == {60: 2}


def test_minutes_are_kept_for_fifteen_days_then_five_minutes_then_hours_then_nothing(watch: Watch) -> None:
    for minute in range(60):
        watch.put("m", minute, HOUR + minute * MINUTE)
    for days, resolution, left in ((15, 300, 12), (63, 3600, 1), (455, 0, 0)):
        watch.milliseconds = (HOUR + 3600 + days * DAY) * 1000
        watch.sweep()
        assert rows(watch) == ({resolution: left} if left else {})
        assert watch.points("m", HOUR, HOUR + 3600, period=3600) == ([(0, sum(range(60)))] if left else [])
    assert watch.db.execute("SELECT count(*) FROM cw_metrics").fetchone() == (0,)


def test_a_block_is_rolled_up_only_when_all_of_it_has_aged(watch: Watch) -> None:
    for minute in range(10):
        watch.put("m", 1, HOUR + minute * MINUTE)
    watch.milliseconds = (HOUR + 7 * MINUTE + 15 * DAY) * 1000
    watch.sweep()
    assert rows(watch) == {60: 5, 300: 1}
    assert watch.points("m", HOUR, HOUR + 600, period=300) == [(0, 5.0), (300, 5.0)]
    assert watch.points("m", HOUR + 7 * MINUTE, HOUR + 600) == [(0, 1.0), (60, 1.0), (120, 1.0)]


def test_percentiles_survive_rolling_up(watch: Watch) -> None:
    for minute in range(60):
        values = [float(minute * 10 + number + 1) for number in range(10)]
        data = {"MetricName": "m", "Values": values}
        watch.call("PutMetricData", Namespace="n", MetricData=[data])
        watch.move(60)
    before = watch.points("m", HOUR, HOUR + 3600, period=3600, stat="p90")
    watch.move(70 * DAY)
    watch.sweep()
    assert rows(watch) == {3600: 1}
    assert (
        watch.points("m", HOUR, HOUR + 3600, period=3600, stat="p90") == before == [(0, pytest.approx(540, rel=0.02))]
    )


def test_a_year_of_data_leaves_a_database_of_bounded_size(watch: Watch) -> None:
    """What the retention allows is what is there, however long it goes on; sums stay exact."""
    step = 10 * MINUTE
    most = (RETENTION[60] + RETENTION[300]) // step + RETENTION[3600] // 3600
    counts, sizes = [], []
    for day in range(480):
        data = [
            {"MetricName": "m", "Value": float(at % 7), "Timestamp": moment(HOUR + day * DAY + at)}
            for at in range(0, DAY, step)
        ]
        watch.move(DAY)
        watch.call("PutMetricData", Namespace="n", MetricData=data)
        watch.sweep()
        counts.append(sum(rows(watch).values()))
        sizes.append(watch.db.execute("PRAGMA page_count").fetchone()[0] * 4096)
    assert max(counts) <= most
    assert counts[-1] == counts[-20]
    assert sizes[-1] == sizes[-20] < 2_000_000
    found = watch.points("m", HOUR + 60 * DAY, HOUR + 460 * DAY, period=DAY, stat="SampleCount")
    assert [count for _, count in found] == [DAY / step] * 400
