"""What tests of several folders use."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest


def pytest_configure() -> None:
    """A shell starts what is in the background deaf to Ctrl-C, and so would be every program that a test starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Prints a line at once, past pytest's capture: a download takes a while."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def print_through(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}", flush=True)

    return print_through
