"""What may take long is done aside, and what is said again and again is said seldom."""

from __future__ import annotations

import logging
import threading
import time

import pytest

from queues.observe.aside import Aside
from queues.observe.seldom import PERIOD, Seldom
from queues.observe.tracing import FLUSH_SECONDS, _flush_of

#: Seconds that a test waits for another thread at the most.
PATIENCE = 30.0


def test_what_is_done_in_time_is_done() -> None:
    aside, done = Aside("test"), list[str]()
    assert aside.do(lambda: done.append(threading.current_thread().name), PATIENCE)
    assert done == ["test"]
    assert aside.is_free


def test_nobody_waits_longer_than_they_wish() -> None:
    aside, release = Aside("test"), threading.Event()
    assert not aside.do(lambda: release.wait(PATIENCE), 0.01)
    assert not aside.is_free
    release.set()
    # One after the other: when this is done, so is that.
    assert aside.do(lambda: None, PATIENCE)
    assert aside.is_free


def test_a_failure_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    aside = Aside("test")
    assert aside.do(lambda: 1 / 0, PATIENCE)
    assert "ZeroDivisionError" in caplog.text
    assert aside.do(lambda: None, PATIENCE)


class Stuck:
    """A provider of tracers whose spans nobody takes."""

    def __init__(self) -> None:
        self.asked, self.release = 0, threading.Event()

    def force_flush(self, _timeout_millis: int) -> bool:
        self.asked += 1
        return self.release.wait(PATIENCE)


def test_a_functions_calls_wait_once_for_a_collector_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    assert FLUSH_SECONDS == 2
    monkeypatch.setattr("queues.observe.tracing.FLUSH_SECONDS", 0.01)
    provider, aside = Stuck(), Aside("test")
    flush = _flush_of(provider, aside)  # type: ignore[arg-type]
    for _ in range(100):
        flush()
    assert provider.asked == 1
    provider.release.set()
    assert aside.do(lambda: None, PATIENCE)
    flush()
    assert provider.asked == 2


def test_each_kind_of_remark_comes_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    logger = logging.getLogger("test.seldom")
    seldom = Seldom(clock=lambda: now[0])
    logger.addFilter(seldom)
    try:
        for _ in range(1_000):
            logger.warning("retrying in %.2f s", time.monotonic())
            logger.error("given up")
        assert len(caplog.records) == 2
        caplog.clear()
        now[0] = PERIOD
        logger.error("given up")
        logger.error("given up")
        assert caplog.messages == ["given up (999 more like this before)"]
    finally:
        logger.removeFilter(seldom)
