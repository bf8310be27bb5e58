"""A message over a real connection to a real server: what arrives, under TLS or not, and what each refusal means."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from queues.email.errors import MailRefused, MailUnavailable
from queues.email.message import Refusal
from queues.email.server import SmtpServer
from queues.email.smtp import GOODBYE_SECONDS, deliver
from tests.certificate import self_signed
from tests.email.post_office import PASSWORD, USER, PostOffice, post_office

MESSAGE = b"Subject: hello\r\n\r\nA line.\r\n.\r\n.hidden\r\n"
LOGIN = f"{USER}:{PASSWORD.replace('/', '%2F')}@"


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed("localhost", tmp_path_factory.mktemp("tls") / "mail.pem")


@pytest.fixture
def server_side(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """What a server needs for TLS; clients trust it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


async def sent(office: PostOffice, *to: str, url: str = "", last: bool = False) -> tuple[Refusal, ...]:
    server = SmtpServer.at(url or office.url())
    return await deliver(server, "jobs@example.com", to or ("ann@example.com",), MESSAGE, last=last)


async def test_what_is_handed_over_arrives_as_it_is(office: PostOffice) -> None:
    assert await sent(office, "ann@example.com", "bob@example.com") == ()
    (one,) = office.handed
    assert (one.sender, one.recipients) == ("jobs@example.com", ["ann@example.com", "bob@example.com"])
    assert one.content == MESSAGE
    assert office.under_tls == [False]


async def test_under_starttls_with_a_password(server_side: ssl.SSLContext) -> None:
    with post_office(starttls=server_side, login=True) as office:
        await sent(office, url=office.url("smtp+starttls", LOGIN))
        assert (len(office.handed), office.under_tls, office.users) == (1, [True], [USER])


async def test_under_tls_from_the_first_byte_on(server_side: ssl.SSLContext) -> None:
    with post_office(tls=server_side) as office:
        await sent(office, url=office.url("smtps"))
        assert office.under_tls == [True]


async def test_without_starttls_nothing_is_sent_that_asks_for_it(office: PostOffice) -> None:
    with pytest.raises(MailUnavailable, match=r"localhost:\d+ cannot be used: .*STARTTLS.*see JOBYARD_SMTP_URL"):
        await sent(office, url=office.url("smtp+starttls", LOGIN))
    assert office.handed == []


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_certificate_that_nobody_vouches_for(
    scheme: str, server_side: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    given = {"tls": server_side} if scheme == "smtps" else {"starttls": server_side}
    with post_office(**given) as office, pytest.raises(MailUnavailable, match="certificate verify failed"):
        await sent(office, url=office.url(scheme))
    assert office.handed == []


async def test_a_wrong_password_is_not_the_mails_fault(server_side: ssl.SSLContext) -> None:
    with post_office(starttls=server_side, login=True) as office:
        with pytest.raises(MailUnavailable, match="refuses the user or password of JOBYARD_SMTP_URL: 535") as caught:
            await sent(office, url=office.url("smtp+starttls", "mailer:wrong-word@"))
        assert office.handed == []
    assert "wrong-word" not in str(caught.value)


async def test_a_server_without_logins(office: PostOffice) -> None:
    with pytest.raises(MailUnavailable, match="AUTH extension is not supported"):
        await sent(office, url=office.url("smtp", LOGIN))


async def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        with pytest.raises(MailUnavailable, match=rf"localhost:{port} cannot be used: "):
            await sent(PostOffice(port))


@pytest.mark.parametrize("step", ["MAIL", "DATA"])
@pytest.mark.parametrize(("code", "kind"), [(451, MailUnavailable), (554, MailRefused)])
async def test_a_reply_to_the_message(office: PostOffice, step: str, code: int, kind: type[Exception]) -> None:
    office.replies[step] = [f"{code} 5.7.1 no such thing"]
    with pytest.raises(kind, match=rf"localhost:\d+ answered {code} 5.7.1 no such thing"):
        await sent(office)
    assert office.handed == []


async def test_some_are_refused_for_ever(office: PostOffice) -> None:
    office.replies["bob@example.com"] = ["550 5.1.1 no such\x01 user"]
    refused = await sent(office, "ann@example.com", "bob@example.com")
    assert refused == (Refusal(address="bob@example.com", code=550, reply="5.1.1 no such user"),)
    assert [one.recipients for one in office.handed] == [["ann@example.com"]]


async def test_all_are_refused_for_ever(office: PostOffice) -> None:
    office.replies = {"ann@example.com": ["550 gone"], "bob@example.com": ["553 never heard of"]}
    with pytest.raises(MailRefused, match=r"ann@example.com: 550 gone; bob@example.com: 553 never heard of"):
        await sent(office, "ann@example.com", "bob@example.com")


async def test_some_are_put_off(office: PostOffice) -> None:
    """Nobody gets it, so that a retry gives it to nobody twice; the last attempt goes to whoever is taken."""
    office.replies["bob@example.com"] = ["450 later", "450 later"]
    with pytest.raises(MailUnavailable, match=r"puts off bob@example.com: 450 later; 1 more wait with them"):
        await sent(office, "ann@example.com", "bob@example.com")
    assert office.handed == []
    (refused,) = await sent(office, "ann@example.com", "bob@example.com", last=True)
    assert (refused.address, refused.code) == ("bob@example.com", 450)
    assert [one.recipients for one in office.handed] == [["ann@example.com"]]


async def test_a_connection_that_breaks_after_the_message(office: PostOffice) -> None:
    """Whether it was taken is not known: it is sent again, and the mailbox is left to tell by its Message-ID."""
    office.replies["DATA"] = ["hang up"]
    with pytest.raises(MailUnavailable, match=r"the connection to localhost:\d+ broke"):
        await sent(office)
    await sent(office)
    assert len(office.handed) == 2


async def test_an_attempt_whose_time_is_up_says_no_goodbye(office: PostOffice) -> None:
    office.replies["DATA"] = ["say nothing"]
    sending = asyncio.create_task(sent(office))
    await asyncio.to_thread(office.silent.wait, 10)
    sending.cancel()
    async with asyncio.timeout(GOODBYE_SECONDS / 2):
        with pytest.raises(asyncio.CancelledError):
            await sending


async def test_a_server_that_says_no_goodbye(office: PostOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    async def quit_(server: object, *_: object) -> str:
        server.transport.abort()  # type: ignore[attr-defined]
        return "221 Bye"

    monkeypatch.setattr(PostOffice, "handle_QUIT", quit_, raising=False)
    assert await sent(office) == ()
    assert len(office.handed) == 1
