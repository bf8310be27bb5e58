"""The whole of `deploy-local` and of `remove-local`, in order. Both may be called at any moment, and again."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from infra.deploy.framework import Osls, install_osls
from infra.deploy.local_stack.background import Background
from infra.deploy.local_stack.emulator import Emulator, Kind, choose, running, start, stop
from infra.deploy.local_stack.stack import Stack
from infra.deploy.local_stack.surroundings import STAGE, environment
from infra.deploy.packaging.build import build
from infra.deploy.service import COMPILED, Service
from queues.errors import Misconfigured
from queues.jobtype import JobType
from queues.settings import Settings

#: Below the project's folder: the zips.
FOLDER = Path("build/local-stack")
#: Below the data folder: MiniStack's place.
SERVER = "ministack"
#: What tells that the API serves, without a token.
HEALTH = "/api/v1/jobs/health/check"
#: Seconds for the API's first answer, which a cold start precedes, and between two looks.
PATIENCE, LOOK_EVERY = 60.0, 0.2

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment that answers."""

    emulator: Emulator
    #: The API's address, reachable by every client on this machine, and the one that browsers and curl know.
    api: str
    api_host: str
    outputs: dict[str, str]
    secret: str
    #: Whether anything had to be done.
    changed: bool


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal has found."""

    #: Whether there was a stack.
    stack: bool
    #: What was stopped.
    stopped: list[str]


def deploy(
    project: Path,
    types: Sequence[JobType[Any, Any]],
    settings: Settings,
    tell: Tell,
    *,
    wanted: Kind | None = None,
    port: int | None = None,
) -> Deployed:
    """Starts the emulator, builds, deploys and waits for the API. Misconfigured says what stands in the way."""
    server = _server(settings)
    with _alone(project, tell) as door:
        program = install_osls(project.absolute(), tell)
        emulator = start(choose(wanted), server, project, port, tell)
        tell("building the zips")
        artifacts = FOLDER / emulator.target.name
        built = build(project, types, settings.jobs, emulator.target, project / artifacts, tell)
        stack = Stack(emulator.endpoint, settings.region)
        stack.make_whole(tell)
        tell("deploying")
        params = (f"artifacts={artifacts}", f"architecture={emulator.architecture}")
        service = _service(program, project, emulator.endpoint, settings.region, door, params)
        service.compile(one.path for one in built)
        changed = service.deploy(show=False)
        outputs = stack.outputs()
        api = emulator.api(outputs)
        _wait_for(api)
        return Deployed(emulator, api, outputs["ApiUrl"].rstrip("/"), outputs, stack.secret(), changed)


def remove(project: Path, settings: Settings, tell: Tell, *, keep: bool = False) -> Removed:
    """Removes the stack, if an emulator runs that may have it; stops what `deploy` has started, unless `keep`."""
    server = _server(settings)
    with _alone(project, tell) as door:
        emulator = running(server)
        found = False
        try:
            if emulator is not None:
                stack = Stack(emulator.endpoint, settings.region)
                stack.make_whole(tell)
                found = stack.status() is not None
                if found:
                    tell("removing the stack")
                    program = install_osls(project.absolute(), tell)
                    _service(program, project, emulator.endpoint, settings.region, door).remove(show=False)
                    stack.delete_logs()
        finally:
            # With MiniStack whatever was left is gone: it keeps all in memory.
            stopped = [] if keep else stop(server)
            shutil.rmtree(project / COMPILED / STAGE, ignore_errors=True)
        return Removed(found, stopped)


def _service(
    program: Path, project: Path, endpoint: str, region: str, door: int, params: tuple[str, ...] = ()
) -> Service:
    # An osls that outlives us keeps the door shut.
    osls = Osls(program, environment(os.environ, endpoint, region), (door,))
    return Service(osls, project, STAGE, region, params)


def _server(settings: Settings) -> Background:
    return Background(settings.data.absolute() / SERVER, "MiniStack")


@contextmanager
def _alone(project: Path, tell: Tell) -> Iterator[int]:
    """Of two commands at once in a project's folder the second waits; also for the osls of one that was killed."""
    folder = project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as door:
        try:
            fcntl.flock(door, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another deployment is at work in this folder: waiting for its end")
            fcntl.flock(door, fcntl.LOCK_EX)
        yield door.fileno()


def _wait_for(api: str) -> None:
    deadline = time.monotonic() + PATIENCE
    said = "nothing"
    # No proxy reaches this machine's own loopback.
    opener = build_opener(ProxyHandler({}))
    while time.monotonic() < deadline:
        try:
            with opener.open(api + HEALTH, timeout=PATIENCE) as answer:
                if answer.status == 200:
                    return
                said = str(answer.status)
        except (URLError, OSError) as error:
            said = str(error)
        time.sleep(LOOK_EVERY)
    raise Misconfigured(f"the API at {api} does not answer {PATIENCE:g} s after the deployment: {said}")
