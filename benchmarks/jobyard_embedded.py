"""Jobyard on the embedded engine's direct door: `jobyard_embedded.py FILE`. `JOBYARD_FSYNC` as for `jobyard up`."""

from __future__ import annotations

import argparse
from pathlib import Path

from jobyard_contestant import Jobyard
from peers.protocol import main

from infra import loop
from infra.local.engine import Engine
from queues.clients import Clients
from queues.settings import Settings, read_settings


class Embedded(Jobyard):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def settings(self) -> Settings:
        return read_settings(processes=1)

    async def clients(self) -> Clients:
        engine = Engine(self.path, fsync=self.settings().fsync)
        self.stack.push_async_callback(engine.close)
        return Clients(*(engine.client(name, checked=False) for name in ("sqs", "dynamodb")))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    main(Embedded(parser.parse_args().file), loop.run)
