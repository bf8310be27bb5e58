"""The settings of mail: what each may be, which one is at fault, and that no text shows the password."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from queues.email.policy import MailPolicy
from queues.email.server import MAX_SAID, SmtpServer
from queues.errors import Misconfigured
from queues.settings import read_settings

SECRET = "s3cret%2Fword"
SHOWN = "s3cret/word"


def policy(**settings: Any) -> MailPolicy:
    given = {"smtp_url": "smtp://localhost", "email_from": "jobs@example.com", **settings}
    return MailPolicy.of(read_settings(**given))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://relay", SmtpServer("relay", 25)),
        ("smtps://u:p@relay", SmtpServer("relay", 465, implicit_tls=True, user="u", password="p")),
        ("smtp+starttls://u:p@relay/", SmtpServer("relay", 587, starttls=True, user="u", password="p")),
        ("smtp+starttls://a%40b:p%2F%3A+@relay:2525", SmtpServer("relay", 2525, False, True, "a@b", "p/:+")),
        ("smtp://u:p@[::1]:1025", SmtpServer("::1", 1025, user="u", password="p")),
        ("SMTPS://Relay", SmtpServer("relay", 465, implicit_tls=True)),
    ],
)
def test_a_server(url: str, server: SmtpServer) -> None:
    assert SmtpServer.at(url) == server


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        (f"https://u:{SECRET}@relay", "begins with none of smtp://, smtp\\+starttls://, smtps://"),
        (f"u:{SECRET}@relay", "begins with none of"),
        (f"smtps://u:{SECRET}@", "names no host"),
        (f"smtps://u:{SECRET}@relay:0", "names no host, or the port 0"),
        ("smtps://u:s3cret/word@relay", "cannot be read"),
        (f"smtps://u:{SECRET}@relay:70000", "cannot be read"),
        (f"smtps://u:{SECRET}@[relay", "cannot be read"),
        (f"smtps://u:{SECRET}@relay/inbox", "has something behind the host"),
        (f"smtps://u:{SECRET}@relay?tls=no", "has something behind the host"),
        ("smtps://s3cret@relay", "has a user without a password"),
        (f"smtps://:{SECRET}@relay", "has a user without a password, or a password without a user"),
        (f"smtp://u:{SECRET}@relay", "would send the password in the clear"),
    ],
)
def test_an_address_of_no_server(url: str, fault: str) -> None:
    with pytest.raises(Misconfigured, match=f"^JOBYARD_SMTP_URL {fault}") as caught:
        SmtpServer.at(url)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_password_is_in_no_text() -> None:
    settings = read_settings(smtp_url=f"smtps://u:{SECRET}@relay", email_from="jobs@example.com")
    made = MailPolicy.of(settings)
    assert made.server.password == SHOWN
    for text in (repr(settings), str(settings), repr(made), str(made.server), made.server.shown):
        assert "s3cret" not in text


def test_a_server_that_repeats_the_password() -> None:
    server = SmtpServer.at(f"smtps://u:{SECRET}@relay")
    for secret in (SHOWN, f"\0u\0{SHOWN}"):
        assert server.said(f"no: {base64.b64encode(secret.encode()).decode()}") == "no: ***"
    assert server.said(f"5.7.8 {SHOWN}?\r\n\x1b[2Jgo\udc80 away") == "5.7.8 ***? [2Jgo away"
    assert len(server.said("a " * MAX_SAID)) == MAX_SAID
    assert SmtpServer.at("smtp://relay").said("4.2.1 later") == "4.2.1 later"


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        ("jobs@example.com", "jobs@example.com"),
        ("Jobs <jobs@example.com>", "Jobs <jobs@example.com>"),
        ('"Jobs, all" <jobs@example.com>', '"Jobs, all" <jobs@example.com>'),
        ("<jobs@example.com>", "jobs@example.com"),
    ],
)
def test_a_sender(text: str, sender: str) -> None:
    assert str(policy(email_from=text).sender) == sender


@pytest.mark.parametrize("text", ["jobs", "Jobs <jobs>", "a@b.c, d@e.f", "Jobs\r\nBcc: x <jobs@example.com>", "<>"])
def test_no_sender(text: str) -> None:
    with pytest.raises(Misconfigured, match="JOBYARD_EMAIL_FROM is "):
        policy(email_from=text)


@pytest.mark.parametrize(
    ("settings", "strangers"),
    [
        ({}, ["ann@example.com", "Bob@Sub.Example.com", "eve@evil.org"]),
        ({"email_allow": ""}, ["ann@example.com", "Bob@Sub.Example.com", "eve@evil.org"]),
        ({"email_allow": "example.com"}, ["Bob@Sub.Example.com", "eve@evil.org"]),
        ({"email_allow": "Example.COM, sub.example.com"}, ["eve@evil.org"]),
        ({"email_allow": "bob@sub.example.com"}, ["ann@example.com", "eve@evil.org"]),
        ({"email_allow": "*"}, []),
        ({"alert_email": "Eve@evil.org"}, ["ann@example.com", "Bob@Sub.Example.com"]),
        ({"alert_email": "eve@evil.org", "email_allow": "example.com"}, ["Bob@Sub.Example.com"]),
    ],
)
def test_who_may_be_sent_mail(settings: dict[str, str], strangers: list[str]) -> None:
    assert policy(**settings).strangers(["ann@example.com", "Bob@Sub.Example.com", "eve@evil.org"]) == strangers


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("smtp_url", None, "JOBYARD_SMTP_URL is not set"),
        ("smtp_url", "", "JOBYARD_SMTP_URL is not set"),
        ("email_from", None, "JOBYARD_EMAIL_FROM is not set"),
        ("email_allow", "*.example.com", r"JOBYARD_EMAIL_ALLOW holds '\*.example.com'"),
        ("email_allow", "example.com;example.org", "JOBYARD_EMAIL_ALLOW holds 'example.com;example.org'"),
        ("alert_email", "ops", "JOBYARD_ALERT_EMAIL holds 'ops'"),
        ("alert_email", " , ", "JOBYARD_ALERT_EMAIL names nobody"),
    ],
)
def test_a_setting_that_is_missing_or_wrong(name: str, value: str | None, fault: str) -> None:
    with pytest.raises(Misconfigured, match=fault):
        policy(**{name: value})
