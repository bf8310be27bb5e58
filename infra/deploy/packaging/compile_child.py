"""Run by `bytecode.py` in an interpreter of the target's version: compiles each `x.py` of a folder to an `x.pyc` beside
it. It imports nothing of ours.

Each file is compiled in a fork of this process, and the forks are alike. `marshal` writes a string that something else
refers to in another way than one that nothing refers to, so that in one process the files before would show.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from py_compile import PycInvalidationMode, compile

#: Where the code lies on Lambda; tracebacks are corrected at import if it lies elsewhere.
TASK = "/var/task"


def compile_one(root: Path, source: Path) -> None:
    """Leaves no file if the source does not compile."""
    shown = f"{TASK}/{source.relative_to(root).as_posix()}"
    # Warnings about invalid escapes in other people's strings are not for us.
    warnings.simplefilter("ignore")
    compile(
        str(source),
        cfile=f"{source}c",
        dfile=shown,
        quiet=2,
        optimize=0,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def main(root: Path) -> None:
    """Compiles all files, as many at once as there are processors."""
    running = 0
    for source in sorted(root.rglob("*.py")):
        if running >= (os.cpu_count() or 1):
            os.wait()
            running -= 1
        if os.fork() == 0:
            try:
                compile_one(root, source)
            finally:
                os._exit(0)
        running += 1
    for _ in range(running):
        os.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
