"""The process that is killed: the engine behind its HTTP door, as `jobyard up` has it, and nothing else.

    python -m tests.campaigns.durability.door DATABASE [--fsync always] [--ahead MS] [--checkpoint-at BYTES]

It prints its port once it listens. Its clock runs `--ahead` of the machine's: with each start by another minute, so
that what was in flight is seen again without a wait. Checkpoints and back-fills are cut into smaller steps than usual,
so that kills fall into them.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import get_args

from infra import loop
from infra.local import checkpoint
from infra.local.db import Fsync
from infra.local.dynamodb import chores
from infra.local.engine import Engine
from infra.local.front import build_server
from infra.serving import listen
from queues.clock import system_clock

#: Rows of a table that one step of a back-fill rewrites.
STEP_ROWS = 40
#: Commits between two looks at the log's size.
LOOK_EVERY = 4


async def serve(options: argparse.Namespace) -> None:
    listener = listen("127.0.0.1", 0, "--aws-port")
    engine = Engine(options.database, fsync=options.fsync, clock=lambda: system_clock() + options.ahead)
    server = build_server(engine)

    def stop() -> None:
        server.should_exit = True

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    print(listener.getsockname()[1], flush=True)
    await server.serve([listener])
    await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("--fsync", choices=get_args(Fsync), default="normal")
    parser.add_argument("--ahead", type=int, default=0, help="milliseconds")
    parser.add_argument("--checkpoint-at", type=int, default=checkpoint.START_AT, help="bytes of log")
    options = parser.parse_args()
    checkpoint.START_AT, checkpoint.LOOK_EVERY = options.checkpoint_at, LOOK_EVERY
    chores.STEP_ROWS = STEP_ROWS
    loop.run(serve(options))


if __name__ == "__main__":
    main()
