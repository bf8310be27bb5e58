"""IO: one message over one SMTP connection, by aiosmtplib, which the extra `email` brings.

What holds if the process dies, or the connection breaks
- before the end of the message is sent: nobody has it.
- after that, before the server's answer is read: it may have been taken, and is sent again, with the same Message-ID.
- after that answer: it has been taken; a server that then forgets its manners changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import aiosmtplib

from queues.email.address import domain_of
from queues.email.errors import MailRefused, MailUnavailable
from queues.email.message import Refusal, is_final
from queues.email.server import VARIABLE, SmtpServer
from queues.email.verdict import check_recipients

#: Seconds that the server may take for each of its answers.
ANSWER_SECONDS = 60.0
#: Seconds that it may take to say goodbye.
GOODBYE_SECONDS = 5.0


async def deliver(
    server: SmtpServer, sender: str, recipients: Sequence[str], message: bytes, *, last: bool
) -> tuple[Refusal, ...]:
    """Hands the message over, and answers whom the server did not take. `last`: there will be no other attempt.

    MailRefused, MailUnavailable: nobody has it; the sentence has the server's code and words.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        use_tls=server.implicit_tls,
        start_tls=server.starttls,
        # Not what the machine calls itself: that tells of the inside, and looking it up may take long.
        local_hostname=domain_of(sender),
        timeout=ANSWER_SECONDS,
    )
    try:
        await _open(client, server)
        try:
            await client.mail(sender)
            refused = [one for address in recipients if (one := await _offer(client, server, address)) is not None]
            check_recipients(len(recipients) - len(refused), refused, last=last)
            await client.data(message)
        except aiosmtplib.SMTPResponseException as error:
            kind = MailRefused if is_final(error.code) else MailUnavailable
            raise kind(f"{server.shown} answered {error.code} {server.said(error.message)}") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"the connection to {server.shown} broke: {server.said(str(error))}") from None
    except asyncio.CancelledError:
        # The attempt's time is up, and nobody waits for a goodbye.
        client.close()
        raise
    finally:
        with suppress(aiosmtplib.SMTPException, OSError):
            await client.quit(timeout=GOODBYE_SECONDS)
        client.close()
    return tuple(refused)


async def _open(client: aiosmtplib.SMTP, server: SmtpServer) -> None:
    """A session in which mail can be sent. What fails here is the server's or the setting's fault, never the mail's."""
    try:
        await client.connect()
        if server.user is not None:
            await client.login(server.user.encode(), server.password.encode())
    except aiosmtplib.SMTPAuthenticationError as error:
        said = f"{error.code} {server.said(error.message)}"
        raise MailUnavailable(f"{server.shown} refuses the user or password of {VARIABLE}: {said}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise MailUnavailable(f"{server.shown} answered {error.code} {server.said(error.message)}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        said = server.said(str(error)).rstrip(".")
        raise MailUnavailable(f"{server.shown} cannot be used: {said}; see {VARIABLE}") from None


async def _offer(client: aiosmtplib.SMTP, server: SmtpServer, address: str) -> Refusal | None:
    try:
        await client.rcpt(address)
    except aiosmtplib.SMTPRecipientRefused as error:
        return Refusal(address=address, code=error.code, reply=server.said(error.message))
    return None
