"""The SMTP server that JOBYARD_SMTP_URL names. Pure. Its password is in no text that this makes.

The operator names the server, and no job or caller has a say in it: inner hosts are allowed.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from queues.errors import Misconfigured

VARIABLE = "JOBYARD_SMTP_URL"
EXAMPLE = "smtp+starttls://user:password@smtp.example.com:587"
#: Scheme -> its port, if none is given: relay, submission, submission over TLS. (RFC 5321, 6409, 8314)
PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
#: Hosts to which a password may go without TLS: it does not leave the machine.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: Characters of a server's words that are kept.
MAX_SAID = 300


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in."""

    host: str
    port: int
    #: TLS from the first byte on (`smtps`), or from STARTTLS on, without which nothing is sent (`smtp+starttls`).
    implicit_tls: bool = False
    starttls: bool = False
    user: str | None = None
    password: str = field(default="", repr=False)

    @classmethod
    def at(cls, url: str) -> SmtpServer:
        """The server of a URL. Misconfigured says what is wrong with it, and shows nothing of it."""
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
            user, password = parts.username, parts.password
        except ValueError:
            # Its text may hold a part of the password.
            raise _bad("cannot be read") from None
        if parts.scheme not in PORTS:
            raise _bad(f"begins with none of {', '.join(f'{scheme}://' for scheme in PORTS)}")
        if not host or port == 0:
            raise _bad("names no host, or the port 0")
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise _bad("has something behind the host and the port")
        if bool(user) != bool(password):
            raise _bad("has a user without a password, or a password without a user")
        if user and parts.scheme == "smtp" and host not in LOOPBACK:
            raise _bad("would send the password in the clear: begin it with smtp+starttls:// or smtps://")
        return cls(
            host=host,
            port=PORTS[parts.scheme] if port is None else port,
            implicit_tls=parts.scheme == "smtps",
            starttls=parts.scheme == "smtp+starttls",
            user=unquote(user) if user else None,
            password=unquote(password) if password else "",
        )

    @property
    def shown(self) -> str:
        """Its name for errors and logs."""
        return f"{self.host}:{self.port}"

    def said(self, text: str) -> str:
        """The server's words as one short line of printable characters, without the password if it repeats that."""
        for secret in self._secrets():
            text = text.replace(secret, "***")
        line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
        return line if len(line) <= MAX_SAID else line[: MAX_SAID - 3] + "..."

    def _secrets(self) -> tuple[str, ...]:
        """The password in the forms in which it is sent, the longest first: AUTH PLAIN's, AUTH LOGIN's, itself."""
        if self.user is None:
            return ()
        sent = (f"\0{self.user}\0{self.password}", self.password)
        return (*(b64encode(one.encode()).decode() for one in sent), self.password)


def _bad(what: str) -> Misconfigured:
    return Misconfigured(
        f"{VARIABLE} {what}; write an address such as {EXAMPLE}, with each special character of user and password "
        "as %XX, such as %2F for /"
    )
