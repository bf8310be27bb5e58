"""The command line. `main` is its entrance: it runs a command and turns foreseen errors into one sentence."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The `jobyard` command."""
    from infra.cli.exits import Exit

    if "" not in sys.path and os.getcwd() not in sys.path:  # noqa: PTH109 - a string, to be compared with strings
        # JOBYARD_JOBS may name a module of the folder that the command is called in, as with `python -m`.
        sys.path.insert(0, "")
    try:
        from infra.cli.app import app

        app(prog_name="jobyard")
    except KeyboardInterrupt:
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output, `head` perhaps, has seen enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:
        from infra.cli.sentences import sentence_of

        known = sentence_of(error)
        if known is None:
            raise
        sentence, code = known
        print(f"jobyard: {sentence}", file=sys.stderr)
        sys.exit(code)
