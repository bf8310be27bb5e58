"""Jobyard's runner on an AWS endpoint, as `jobyard work` has it: `jobyard_ministack.py ENDPOINT`."""

from __future__ import annotations

import argparse
import asyncio

from jobyard_contestant import Jobyard
from peers.protocol import main

from infra import loop
from queues.clients import Clients, connect
from queues.limits import MAX_WAIT_SECONDS
from queues.settings import Settings, read_settings


class OnEndpoint(Jobyard):
    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self.endpoint = endpoint

    def settings(self) -> Settings:
        return read_settings(processes=1, aws_endpoint_url=self.endpoint)

    async def clients(self) -> Clients:
        return await self.stack.enter_async_context(connect(self.settings()))

    async def stop_workers(self) -> None:
        await super().stop_workers()
        # MiniStack carries on a long poll whose caller has gone, and would hide what is sent next: sit it out.
        await asyncio.sleep(MAX_WAIT_SECONDS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    main(OnEndpoint(parser.parse_args().endpoint), loop.run)
