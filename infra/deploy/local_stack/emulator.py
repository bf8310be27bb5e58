"""Which emulator a deployment goes to, and what differs between the two: where it is, what its functions run on, and
under which address it serves an HTTP API."""

from __future__ import annotations

import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from infra.deploy.local_stack import localstack
from infra.deploy.local_stack.background import LOOPBACK, Background
from infra.deploy.local_stack.ministack import install_ministack, start_ministack
from infra.deploy.packaging.target import ARCHITECTURES, PYTHON, Target, here
from queues.errors import Misconfigured

#: Where MiniStack listens if nothing is said: beside `jobyard up`, whose AWS endpoint has 4566.
PORT = 4567


class Kind(StrEnum):
    """The emulators that there are."""

    MINISTACK = "ministack"
    LOCALSTACK = "localstack"


@dataclass(frozen=True, slots=True)
class Emulator:
    """An emulator that runs."""

    kind: Kind
    endpoint: str
    #: What its functions run on.
    target: Target
    #: Lambda's word for this machine's processor.
    architecture: str

    def api(self, outputs: Mapping[str, str]) -> str:
        """The address of the stack's API, which every client on this machine can reach."""
        if self.kind is Kind.LOCALSTACK:
            return outputs["ApiUrl"].rstrip("/")
        # Under ApiUrl too, but not every resolver knows that names in `localhost` are this machine's.
        return f"{self.endpoint}/_aws/execute-api/{outputs['HttpApiId']}"


def choose(wanted: Kind | None) -> Kind:
    """The emulator that was asked for; else LocalStack where it can be had, and MiniStack where not."""
    if wanted is Kind.LOCALSTACK and not localstack.has_localstack():
        raise Misconfigured(
            f"LocalStack needs Docker, running, and a token in {localstack.TOKEN}; ministack needs neither"
        )
    return wanted or (Kind.LOCALSTACK if localstack.has_localstack() else Kind.MINISTACK)


def start(kind: Kind, server: Background, project: Path, port: int | None, tell: Callable[[str], None]) -> Emulator:
    """The emulator, started if it does not run yet. `server` is MiniStack's place, `port` where it is to listen."""
    if kind is Kind.LOCALSTACK:
        url = localstack.endpoint()
        tell(f"LocalStack on {url}: {'started' if localstack.start_localstack(url) else 'runs already'}")
        return Emulator(kind, url, Target(PYTHON, architecture()), architecture())
    at = server.running()
    if at is not None and port not in (None, at):
        raise Misconfigured(f"MiniStack runs already, on port {at}; leave --port out, or stop it with remove-local")
    if at is None:
        program = install_ministack(project, tell)
        at = port or PORT
        server.stop()
        start_ministack(server, program, at)
        tell(f"MiniStack on port {at}: started")
    else:
        server.wait(at)
        tell(f"MiniStack on port {at}: runs already")
    return Emulator(kind, f"http://{LOOPBACK}:{at}", here(), architecture())


def running(server: Background) -> Emulator | None:
    """The emulator that a deployment would be on now, if one runs; nothing is started."""
    at = server.running()
    if at is not None:
        return Emulator(Kind.MINISTACK, f"http://{LOOPBACK}:{at}", here(), architecture())
    if localstack.has_localstack() and localstack.answers(localstack.endpoint()):
        return Emulator(Kind.LOCALSTACK, localstack.endpoint(), Target(PYTHON, architecture()), architecture())
    return None


def stop(server: Background) -> list[str]:
    """Stops what `start` has started; what that was."""
    stopped = ["MiniStack"] if server.stop() else []
    if localstack.has_localstack() and localstack.stop_localstack():
        stopped.append("LocalStack")
    return stopped


def architecture() -> str:
    """Lambda's word for this machine's processor."""
    machine = platform.machine().lower()
    found = {linux: word for word, linux in ARCHITECTURES.items()} | {"arm64": "arm64", "amd64": "x86_64"}
    if machine not in found:
        raise Misconfigured(f"Lambda knows no processor {machine!r}; it has {' and '.join(ARCHITECTURES)}")
    return found[machine]
