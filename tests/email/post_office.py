"""A real SMTP server on the loopback, in a thread of its own: it keeps what it is handed, and answers as it is told."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

#: What a test's password is; it must be nowhere afterwards.
PASSWORD = "pass/word+42"
USER = "mailer"


@dataclass
class Handed:
    """One message that was taken."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        message = message_from_bytes(self.content.replace(b"\r\n", b"\n"), policy=default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class PostOffice:
    """The server as a test sees it. aiosmtpd calls its `handle_` methods."""

    port: int = 0
    handed: list[Handed] = field(default_factory=list)
    #: `MAIL`, `DATA` or an address -> the replies that come next, one each; `250` follows. To `DATA` it may `hang up`
    #: once it has taken the message, or `say nothing`, and set `silent`.
    replies: dict[str, list[str]] = field(default_factory=dict)
    silent: threading.Event = field(default_factory=threading.Event)
    #: Who has logged in.
    users: list[str] = field(default_factory=list)
    #: Whether a connection was under TLS when its message came.
    under_tls: list[bool] = field(default_factory=list)

    def url(self, scheme: str = "smtp", user: str = "") -> str:
        return f"{scheme}://{user}localhost:{self.port}"

    def _next(self, what: str) -> str:
        replies = self.replies.get(what)
        return replies.pop(0) if replies else "250 OK"

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        reply = self._next("MAIL")
        if reply.startswith("250"):
            envelope.mail_from = address
        return reply

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        reply = self._next(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        reply = self._next("DATA")
        if reply == "hang up":
            server.transport.abort()
        if reply == "say nothing":
            self.silent.set()
            await asyncio.Event().wait()
        if reply.startswith("250") or reply == "hang up":
            self.under_tls.append(server.transport.get_extra_info("ssl_object") is not None)
            self.handed.append(Handed(envelope.mail_from, list(envelope.rcpt_tos), bytes(envelope.original_content)))
        return reply

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        right = given == LoginPassword(USER.encode(), PASSWORD.encode())
        if right:
            self.users.append(USER)
        return AuthResult(success=right, handled=False)


@contextmanager
def post_office(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: bool = False
) -> Iterator[PostOffice]:
    """Open while the block runs. `tls`: from the first byte on; `login`: there is one, and under STARTTLS
    nobody sends without."""
    office, loop = PostOffice(), asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            office,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=login and starttls is not None,
            auth_require_tls=starttls is not None or not login,
            authenticator=office.authenticate if login else None,
            loop=loop,
        )

    async def close(server: asyncio.Server) -> None:
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        opening = loop.create_server(session, "127.0.0.1", 0, ssl=tls)
        server = asyncio.run_coroutine_threadsafe(opening, loop).result(10)
        office.port = server.sockets[0].getsockname()[1]
        try:
            yield office
        finally:
            asyncio.run_coroutine_threadsafe(close(server), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
