"""HTTP servers as parts of a process that is more than a server: on a loop and on sockets that somebody else owns."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import uvicorn

from queues.errors import JobyardError

#: Connections that may wait to be accepted.
BACKLOG = 1024
#: Seconds that requests under way get to finish when a server is asked to stop.
FINISH_SECONDS = 2


class CannotListen(JobyardError):
    """An address that a server was to listen on is not to be had; the sentence names the cure."""


class Serving(Protocol):
    """A server as its process sees it."""

    #: Set to stop it once its requests are answered, or without waiting for them.
    should_exit: bool
    force_exit: bool

    def run_on(self, listener: socket.socket) -> asyncio.Task[None]:
        """Serves on a listening socket until `should_exit` is set."""


class Server(uvicorn.Server):
    """A uvicorn server that leaves the signals to its process, and can be waited for."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # uvicorn's is a generator
        return nullcontext()

    def run_on(self, listener: socket.socket) -> asyncio.Task[None]:
        """Serves on a listening socket until `should_exit` is set."""
        return asyncio.create_task(self.serve(sockets=[listener]))


def api_server(app: Any, trusted_proxies: str | None = None) -> Server:
    """The server of the API. It believes what `trusted_proxies` say of a client's address, and nobody else."""
    return Server(
        uvicorn.Config(
            app,
            http="httptools",
            lifespan="off",
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=trusted_proxies is not None,
            forwarded_allow_ips=trusted_proxies,
            timeout_graceful_shutdown=FINISH_SECONDS,
        )
    )


def listen(host: str, port: int, option: str, host_option: str = "--host") -> socket.socket:
    """A listening socket (port 0: any free one), or CannotListen; the options are the flags that set port and host."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # asyncio switches Nagle's delay off only for sockets that say they are TCP.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        why = f"cannot listen on {host!r}: {error.strerror}; give {host_option} an address of this machine"
        raise CannotListen(why) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise CannotListen(_sentence(error, host, port, option)) from None
    listener.setblocking(False)
    return listener


def _sentence(error: OSError, host: str, port: int, option: str) -> str:
    variable = f"JOBYARD_{option.removeprefix('--').replace('-', '_').upper()}"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is in use; stop what uses it, or choose another with {option} or {variable}"
    if error.errno == errno.EACCES:
        return f"port {port} needs rights that this user lacks; choose one above 1023 with {option} or {variable}"
    return f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}; change --host or {option}"


def url_of(listener: socket.socket, host: str) -> str:
    """Where a client on this machine reaches the socket."""
    shown = f"[{host}]" if ":" in host else host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        shown = "127.0.0.1"
    return f"http://{shown}:{listener.getsockname()[1]}"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
