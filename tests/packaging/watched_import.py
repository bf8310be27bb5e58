"""Imports a module of an unpacked artifact and tells what a snapshot taken now would hold that must not be shared.

    python -I -S watched_import.py FOLDER MODULE

It prints JSON: `asked`, who asked for randomness, ids or the time, as [function, module that asked]; `events`, sockets
and processes that were made; and what is open at the end: `files`, `threads`, `loops`.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

asked: set[tuple[str, str]] = set()
events: list[str] = []

#: Modules through which others ask: who called them is told instead.
BETWEEN = {__name__, "random", "uuid", "secrets", "tempfile"}
#: What makes something unique, by module: the system's randomness, the generator's, ids, clocks.
CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
GENERATOR = ("seed", "random", "getrandbits", "randint", "randrange", "choice", "sample", "shuffle", "uniform")
IDS = ("uuid1", "uuid4", "getnode")
EVENTS = {"socket.__new__", "socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.fork"}


def caller() -> str:
    frame = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__") in BETWEEN:
        frame = frame.f_back
    return "?" if frame is None else str(frame.f_globals.get("__name__"))


def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        asked.add((name, caller()))
        return function(*arguments, **keywords)

    return call


def watch(module: Any, *names: str) -> None:
    for name in filter(vars(module).__contains__, names):
        setattr(module, name, watched(f"{module.__name__}.{name}", getattr(module, name)))


def open_files() -> set[str]:
    """What file descriptors lead to; nothing where there is no Linux to ask."""
    found = set()
    for descriptor in Path("/proc/self/fd").glob("*"):
        # The one that the listing itself is read through is gone by now.
        with contextlib.suppress(FileNotFoundError):
            found.add(str(descriptor.readlink()))
    return found


def main(folder: str, name: str) -> None:
    # Before `random`, which keeps a name of its own for it.
    watch(os, "urandom", "getrandom")
    watch(time, *CLOCKS)
    import random
    import uuid

    watch(random, *GENERATOR)
    watch(uuid, *IDS)

    class Random(random.Random):
        def __init__(self, *arguments: Any) -> None:
            asked.add(("random.Random", caller()))
            super().__init__(*arguments)

    random.Random = Random  # type: ignore[misc]
    asked.clear()
    sys.addaudithook(lambda event, _: events.append(event) if event in EVENTS else None)
    before = open_files()

    sys.path.insert(0, folder)
    importlib.import_module(name)

    made = sorted(open_files() - before)
    found = {"asked": sorted(asked), "events": list(events), "files": made}
    import asyncio
    import threading

    loops = [each for each in gc.get_objects() if isinstance(each, asyncio.AbstractEventLoop)]
    print(json.dumps(found | {"threads": threading.active_count(), "loops": len(loops)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
