"""What a job costs the interpreter: `make bench-opcodes`, or `.venv/bin/python benchmarks/opcodes.py --help`.

Counts the opcodes that each of our functions, and of those they call, runs for one no-op job on the embedded engine,
enqueued while a worker runs it. A clock on a shared machine wavers by a tenth; this count hardly does, so it tells
whether a change to the hot path has made it shorter. What C does meanwhile it does not see: `valgrind --tool=callgrind`
does, of which docs/performance.md tells.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from jobyard_embedded import Embedded

from infra import loop

#: Jobs that are run first: code is warm, statements are prepared.
WARM_UP = 500
CHECKOUT = Path(__file__).resolve().parent.parent


class Opcodes:
    """While it is entered, all that this thread runs is counted, by the function's code."""

    def __init__(self) -> None:
        self.counts: Counter[CodeType] = Counter()

    def __enter__(self) -> Opcodes:
        sys.settrace(self._called)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _called(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        code, counts = frame.f_code, self.counts

        def inside(_frame: FrameType, event: str, _arg: Any) -> Any:
            if event == "opcode":
                counts[code] += 1
            return inside

        return inside


async def count(jobs: int, folder: Path) -> Counter[CodeType]:
    contestant = Embedded(folder / "jobs.db")
    await contestant.open()
    await contestant.start_workers()
    await contestant.enqueue(WARM_UP)
    await contestant.until(WARM_UP)
    with Opcodes() as opcodes:
        await contestant.enqueue(jobs)
        await contestant.until(WARM_UP + jobs)
    await contestant.stop_workers()
    await contestant.close()
    return opcodes.counts


def place(code: CodeType) -> str:
    path = Path(code.co_filename)
    shown = path.relative_to(CHECKOUT) if path.is_relative_to(CHECKOUT) else path.name
    return f"{shown}:{code.co_firstlineno} {code.co_qualname}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1_000, help="jobs that are counted (1000)")
    parser.add_argument("--top", type=int, default=40, help="functions that are shown (40)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = loop.run(count(options.jobs, Path(folder)))
    for code, opcodes in counts.most_common(options.top):
        print(f"{opcodes / options.jobs:8.1f}  {place(code)}")
    print(f"{counts.total() / options.jobs:8.1f}  opcodes a job in all, of {len(counts)} functions")


if __name__ == "__main__":
    main()
