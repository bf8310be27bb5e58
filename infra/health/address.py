"""Where the health endpoint listens: `8081` is a port on the loopback, `0.0.0.0:8081` says who may reach it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from queues.errors import InvalidOption

LOOPBACK = "127.0.0.1"
#: The highest port there is. (TCP)
MAX_PORT = 65_535
#: How it is called on the command line.
OPTION = "--health"


@dataclass(frozen=True, slots=True)
class Address:
    """A host, without brackets, and a port; 0 is any free one."""

    host: str
    port: int


def address_of(text: str) -> Address:
    """The address that `PORT`, `HOST:PORT` or `[IPV6]:PORT` names; InvalidOption says how it is written."""
    host, colon, port = text.rpartition(":")
    if not colon:
        host = LOOPBACK
    elif host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise InvalidOption(OPTION, text, f"put an IPv6 address into brackets: [{host}]:{port}")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        raise InvalidOption(OPTION, text, f"give a port up to {MAX_PORT}, such as 8081, or HOST:PORT")
    return Address(host, int(port))
