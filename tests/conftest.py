"""What tests of several folders use."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

#: Folders whose tests share what is dear to start, servers, browsers, what goes to Lambda: one process runs all of one.
TOGETHER = frozenset({"clients", "contract", "dashboard", "doctor", "emulators", "packaging"})
#: Folders that wait for other programs: first, so that at the end there are short tests left for every process.
WAITING = (
    "packaging",
    "emulators",
    "dashboard",
    "contract",
    "doctor",
    "clients",
    "campaigns",
    "worker",
    "cli",
    "deploy",
)


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


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    """A server of moto in this process, with all that it has; each file gets its own."""
    # A second's import, in each of the processes, that few files need.
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


class ByFolderOrFile(LoadFileScheduling):
    """xdist's `--dist loadfile`, but a folder of TOGETHER goes to one process as if it were a file."""

    def _split_scope(self, nodeid: str) -> str:
        folder = _folder(nodeid)
        return folder if folder in TOGETHER else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    return ByFolderOrFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {folder: place for place, folder in enumerate(WAITING)}
    items.sort(key=lambda item: order.get(_folder(item.nodeid), len(order)))


def _folder(nodeid: str) -> str:
    """`cli` of `tests/cli/test_up.py::test_it`."""
    return nodeid.partition("::")[0].split("/")[1]
