"""What is sent, as whoever gets it reads it; and what no mail may hold."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from pydantic import ValidationError

from queues.email.address import MAX_LOCAL, in_header
from queues.email.job import email
from queues.email.message import MAX_RECIPIENTS, MAX_SUBJECT, Email, compose, message_id
from queues.errors import InvalidData

PLAIN: dict[str, Any] = {"to": ["ann@example.com"], "subject": "Hello", "text": "A line.\n"}
#: 2026-11-22T07:30:00Z
NOW = 1_795_332_600_000


def read(**changes: Any) -> tuple[EmailMessage, bytes]:
    """A mail as it is composed, and read again."""
    mail = Email.model_validate({**PLAIN, **changes})
    raw = compose(mail, in_header("jobs@example.com", "Jobs & Co."), "<1@example.com>", NOW)
    message = message_from_bytes(raw.replace(b"\r\n", b"\n"), policy=default)
    assert isinstance(message, EmailMessage)
    return message, raw


def test_a_plain_message() -> None:
    message, raw = read(to=["ann@example.com", "bob@example.com", "ann@example.com"], reply_to="help@example.com")
    assert {name: str(value) for name, value in message.items()} == {
        "From": '"Jobs & Co." <jobs@example.com>',
        "To": "ann@example.com, bob@example.com",
        "Reply-To": "help@example.com",
        "Subject": "Hello",
        "Date": "Sun, 22 Nov 2026 07:30:00 +0000",
        "Message-ID": "<1@example.com>",
        "Auto-Submitted": "auto-generated",
        "Content-Type": 'text/plain; charset="utf-8"',
        "Content-Transfer-Encoding": "7bit",
        "MIME-Version": "1.0",
    }
    assert message.get_content() == "A line.\n"
    assert raw.endswith(b"\r\n\r\nA line.\r\n")


@pytest.mark.parametrize(
    "text",
    ["Grüße, 你好, 👩‍👩‍👧\n", "a" * 5_000 + "\n", "tab\tand trailing space \n", "From me\n.\n..\n", "no end"],
    ids=["beyond ascii", "a long line", "blanks", "dots", "no end"],
)
def test_any_text_arrives_in_lines_that_every_server_takes(text: str) -> None:
    message, raw = read(text=text, subject="Grüße 👩‍👩‍👧 " + "wort " * 40)
    assert message.get_content().splitlines() == text.splitlines()
    assert message["Subject"] == "Grüße 👩‍👩‍👧 " + "wort " * 40
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")


def test_html_beside_the_text() -> None:
    message, _ = read(html="<p>Grüße</p>\n")
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.iter_parts()
    assert (plain.get_content_type(), plain.get_content()) == ("text/plain", "A line.\n")
    assert (html.get_content_type(), html.get_content()) == ("text/html", "<p>Grüße</p>\n")


@pytest.mark.parametrize("end", ["\r\n.\r\n", "\n.\n", "\r.\r", "\n.\r\n", "\r\n.\r"])
def test_no_text_ends_the_message(end: str) -> None:
    """Lone line breaks become whole ones, so that no server sees an end where another saw none."""
    _, raw = read(text=f"one{end}MAIL FROM:<eve@example.com>\n")
    assert raw.endswith(b"\r\n\r\none\r\n.\r\nMAIL FROM:<eve@example.com>\r\n")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("subject", f"Hello{end}Bcc: eve@example.com") for end in ("\r\n", "\n", "\r", "\0", "\x85", "\u2028")),
        ("subject", ""),
        ("subject", "a" * (MAX_SUBJECT + 1)),
        ("text", ""),
        ("text", "a\0b"),
        ("html", "\x1b[31m"),
        ("to", []),
        ("to", [f"a{number}@example.com" for number in range(MAX_RECIPIENTS + 1)]),
        ("cc", ["eve@example.com"]),
    ],
)
def test_what_no_mail_may_hold(field: str, value: object) -> None:
    with pytest.raises(InvalidData, match=f"invalid data for 'email': {field}"):
        email.check({**PLAIN, field: value})


@pytest.mark.parametrize(
    "address",
    [
        *("", "ann", "@example.com", "ann@", "ann@@example.com", "ann@exa mple.com", "ann.@example.com", "a..b@x.org"),
        *("ann@example.com\r\nBcc: eve@example.com", "ann@example.com\n", " ann@example.com", "ann@example.com\0"),
        *("Ann <ann@example.com>", "<ann@example.com>", '"a b"@example.com', "ann@example.com,bob@example.com"),
        *("ann@[127.0.0.1]", "änn@example.com", "ann@bücher.example", "ann@-x.org", "a" * (MAX_LOCAL + 1) + "@x.org"),
        "ann@" + "a" * 60 + ".example." * 30 + "org",
    ],
)
def test_what_is_no_address(address: str) -> None:
    for changes in ({"to": ["bob@example.com", address]}, {"replyTo": address}):
        with pytest.raises(ValidationError):
            Email.model_validate({**PLAIN, **changes})


@pytest.mark.parametrize(
    "address", ["ann@example.com", "a+b_c.d=e@sub.example.co", "ops@localhost", "a@xn--bcher-kva.de"]
)
def test_what_is_one(address: str) -> None:
    message, _ = read(to=[address])
    assert message["To"] == address


def test_a_message_id_is_that_of_one_mail() -> None:
    mail = Email.model_validate(PLAIN)
    first = message_id(mail, "jobyard", "acme", "job-1", "example.com")
    assert first == message_id(Email.model_validate(PLAIN), "jobyard", "acme", "job-1", "example.com")
    others = [
        message_id(mail, "staging", "acme", "job-1", "example.com"),
        message_id(mail, "jobyard", "other", "job-1", "example.com"),
        message_id(mail, "jobyard", "acme", "job-2", "example.com"),
        message_id(mail.model_copy(update={"text": "Another."}), "jobyard", "acme", "job-1", "example.com"),
    ]
    assert len({first, *others}) == 5
    assert "acme" not in first
    assert "job-1" not in first
