"""What counts as an e-mail address, for data and settings alike. Pure.

Narrow on purpose: one mailbox in ASCII, without a name, quotes, comments or anything that could end a header's or a
command's line. A domain beyond ASCII is written in its `xn--` form.
"""

from __future__ import annotations

import re
from email.headerregistry import Address
from typing import Annotated

from pydantic import AfterValidator, Field

from queues.errors import Misconfigured

#: Characters of an address, and of what is before its `@`. (RFC 5321, 4.5.3.1, with erratum 1690)
MAX_ADDRESS = 254
MAX_LOCAL = 64

#: dot-atom (RFC 5322, 3.2.3) and host name (RFC 1123, 2.1).
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_WHOLE = re.compile(rf"({_LOCAL})@({_DOMAIN})")
_WHOLE_DOMAIN = re.compile(_DOMAIN)


def is_address(text: str) -> bool:
    """Whether it is an address that mail can be sent to."""
    found = _WHOLE.fullmatch(text) if len(text) <= MAX_ADDRESS else None
    return found is not None and len(found[1]) <= MAX_LOCAL


def is_domain(text: str) -> bool:
    """Whether it can stand behind an `@`."""
    return _WHOLE_DOMAIN.fullmatch(text) is not None


def domain_of(address: str) -> str:
    """What is behind the `@`, in lower case."""
    return address.rpartition("@")[2].lower()


def in_header(address: str, name: str = "") -> Address:
    """An address as a header of `email.message` takes it, perhaps with a name in front."""
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def addresses_of(variable: str, text: str) -> tuple[str, ...]:
    """The addresses of a setting, which are separated by commas; Misconfigured names the variable and the value."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for one in found:
        if not is_address(one):
            raise Misconfigured(f"{variable} holds {one!r}: write addresses such as ops@example.com, with commas")
    if not found:
        raise Misconfigured(f"{variable} names nobody: write addresses such as ops@example.com, with commas")
    return found


def _checked(text: str) -> str:
    if not is_address(text):
        raise ValueError("write one address such as ann@example.com: no name, no characters beyond ASCII")
    return text


#: A field of data that holds one address.
EmailAddress = Annotated[
    str, Field(max_length=MAX_ADDRESS, json_schema_extra={"format": "email"}), AfterValidator(_checked)
]
