"""The one place where a fetch opens a connection: to the very address that was checked.

Checking a name and connecting to it are usually two look-ups, and a name server that answers differently the second
time (DNS rebinding) walks past the check. Here the look-up, the check and the connection are one step inside the HTTP
library's own network layer, so it holds for every request, redirects too, whatever the URL's spelling. Above this
layer the URL keeps its name: Host and the TLS server name are unchanged.
"""

import socket
import ssl
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpcore

from queues.fetch.address import is_public
from queues.fetch.body import Deadline
from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import PORTS, FetchPolicy

#: Addresses of one name that are tried, so that a name with many dead ones cannot use up the time.
MAX_ADDRESSES = 4

#: Name-server failures that a later look-up may not meet. Others say that the name does not exist.
TEMPORARY = {socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY}


class CheckedNetwork(httpcore.NetworkBackend):
    """httpcore's network, narrowed to what the policy allows and to the time that is left."""

    def __init__(self, policy: FetchPolicy, deadline: Deadline) -> None:
        self._policy = policy
        self._deadline = deadline
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look `host` up, check every address, connect to the first that answers."""
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in checked_addresses(host, port, self._policy)[:MAX_ADDRESSES]:
            try:
                stream = self._inner.connect_tcp(
                    str(address), port, self._clamp(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return TimedStream(stream, self._deadline)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Never: no URL names one."""
        raise FetchRefused("a URL cannot lead to a local socket")

    def _clamp(self, timeout: float | None) -> float:
        return clamp(timeout, self._deadline, httpcore.ConnectTimeout)


class TimedStream(httpcore.NetworkStream):
    """A connection whose every read and write ends with the whole fetch's deadline, a slow trickle's too."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, clamp(timeout, self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, clamp(timeout, self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = clamp(timeout, self._deadline, httpcore.ConnectTimeout)
        return TimedStream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def clamp(timeout: float | None, deadline: Deadline, over: type[httpcore.TimeoutException]) -> float:
    """The shorter of `timeout` and the time left; raises `over` when none is left."""
    left = deadline.left()
    if left <= 0:
        raise over("the fetch's whole time is used up")
    return left if timeout is None else min(timeout, left)


def checked_addresses(host: str, port: int, policy: FetchPolicy) -> list[IPv4Address | IPv6Address]:
    """The addresses of `host`, all of them public, or the host and port trusted by the operator."""
    trusted = (host.strip("[]").lower(), port) in policy.allow
    if not trusted and port not in PORTS:
        raise FetchRefused(
            f"port {port} of {host} is not one that files are fetched from ({_listed(PORTS)}): "
            f"an operator who trusts it adds {host}:{port} to JOBYARD_FETCH_ALLOW"
        )
    addresses = _look_up(host, port)
    for address in addresses:
        if not trusted and not is_public(address):
            # The address is not shown: names of an inner network are not for whoever sent the URL.
            raise FetchRefused(
                f"{host} leads to a private or reserved address: an operator who trusts it adds "
                f"{host}:{port} to JOBYARD_FETCH_ALLOW"
            )
    return addresses


def _look_up(host: str, port: int) -> list[IPv4Address | IPv6Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno in TEMPORARY:
            raise FetchUnavailable(f"the name {host} could not be looked up: {error.strerror}") from None
        raise FetchRefused(f"the host {host} does not exist ({error.strerror}): check its spelling") from None
    except (UnicodeError, OverflowError):
        raise FetchRefused(f"{host!r} is no host name: check its spelling") from None
    return list(dict.fromkeys(ip_address(str(answer[4][0])) for answer in answers))


def _listed(ports: frozenset[int]) -> str:
    return ", ".join(str(port) for port in sorted(ports))
