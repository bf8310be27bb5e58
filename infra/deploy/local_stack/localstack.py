"""IO: LocalStack, an emulator of AWS that runs functions in containers. It needs Docker, and a token of an account.

One that runs already is used and left as it is; else a container is started, and is removed again. Where it is,
localstack-client knows: LOCALSTACK_HOST, or http://localhost:4566.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from infra.deploy.local_stack.background import LOOPBACK
from queues.errors import Misconfigured

#: Its token's variable.
TOKEN = "LOCALSTACK_AUTH_TOKEN"  # noqa: S105 - a variable's name
IMAGE = "localstack/localstack"
CONTAINER = "jobyard-localstack"
#: With which it starts containers for functions.
SOCKET = "/var/run/docker.sock"
#: The port within the container.
INNER_PORT = 4566
#: Seconds for an image to be fetched and the server to answer, and for a word with Docker.
START_PATIENCE, DOCKER_PATIENCE = 600.0, 30.0
#: Seconds between two looks.
LOOK_EVERY = 1.0


def has_localstack() -> bool:
    """Whether LocalStack can be used here: there is a token, and a Docker that answers."""
    return bool(os.environ.get(TOKEN)) and shutil.which("docker") is not None and _docker("info").returncode == 0


def endpoint() -> str:
    """Where LocalStack is, or will be."""
    try:
        from localstack_client.config import get_service_endpoint
    except ImportError:
        raise Misconfigured(
            "LocalStack's address comes from localstack-client, which is absent: "
            "install it with pip, or take --emulator ministack"
        ) from None
    found = get_service_endpoint("cloudformation")
    if not found:
        raise Misconfigured(
            "localstack-client knows no address of LocalStack: set LOCALSTACK_HOST, as in localhost:4566"
        )
    return str(found)


def answers(url: str) -> bool:
    """Whether LocalStack answers there."""
    try:
        with build_opener(ProxyHandler({})).open(f"{url}/_localstack/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def start_localstack(url: str) -> bool:
    """Starts a container if nothing answers there yet; whether it did. Misconfigured repeats what Docker says."""
    if answers(url):
        return False
    _docker("rm", "--force", CONTAINER)
    where = f"{LOOPBACK}:{urlsplit(url).port or INNER_PORT}:{INNER_PORT}"
    # The token goes by the environment: a command line can be read by everybody on the machine.
    options = ("--detach", "--name", CONTAINER, "--publish", where, "--env", TOKEN, "--volume", f"{SOCKET}:{SOCKET}")
    done = _docker("run", *options, IMAGE, patience=START_PATIENCE)
    if done.returncode:
        raise Misconfigured(f"Docker could not start LocalStack: {done.stderr.strip()}")
    deadline = time.monotonic() + START_PATIENCE
    while not answers(url):
        if time.monotonic() > deadline or not _runs():
            said = _docker("logs", "--tail", "5", CONTAINER)
            raise Misconfigured(f"LocalStack does not answer on {url}: {(said.stdout + said.stderr).strip()}")
        time.sleep(LOOK_EVERY)
    return True


def stop_localstack() -> bool:
    """Removes the container that start_localstack has started; whether there was one."""
    if not _runs():
        return False
    _docker("rm", "--force", CONTAINER)
    return True


def _runs() -> bool:
    return bool(_docker("ps", "--quiet", "--filter", f"name=^{CONTAINER}$").stdout.strip())


def _docker(*arguments: str, patience: float = DOCKER_PATIENCE) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - docker, with arguments of ours
            ["docker", *arguments],  # noqa: S607 - the docker that the user has
            capture_output=True,
            text=True,
            timeout=patience,
        )
    except subprocess.TimeoutExpired:
        raise Misconfigured(f"`docker {arguments[0]}` was not done within {patience:g} s: is Docker well?") from None
