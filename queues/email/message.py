"""The input and the output of the job type `email`, and the message that is sent. Pure.

No value ends a header's line: addresses and subjects with control characters are refused at the door. What is beyond
ASCII is encoded as RFC 2047 and RFC 2045 have it, so that any server takes it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Annotated

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from queues.email.address import EmailAddress, in_header

#: Addresses of one message; a server takes 100 at least. (RFC 5321, 4.5.3.1.8)
MAX_RECIPIENTS = 50
#: Characters of a subject.
MAX_SUBJECT = 250
#: Hexadecimal digits of a Message-ID: 128 bits.
ID_DIGITS = 32

_LINE_BREAKERS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: Everything in lines of 7-bit characters: not every server takes others.
_POLICY = SMTP.clone(cte_type="7bit")


def _one_line(text: str) -> str:
    if _LINE_BREAKERS.search(text):
        raise ValueError("write one line, without control characters")
    return text


def _plain(text: str) -> str:
    if _CONTROLS.search(text):
        raise ValueError("of control characters only tabs and line breaks are possible")
    return text


Body = Annotated[str, Field(min_length=1), AfterValidator(_plain)]


class _Shape(BaseModel):
    """camelCase and snake_case are both read, an unknown field is refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Email(_Shape):
    """The data of a job `email`."""

    to: Annotated[list[EmailAddress], Field(min_length=1, max_length=MAX_RECIPIENTS)] = Field(
        description="Who gets it. Each of them sees all of them."
    )
    subject: Annotated[str, Field(min_length=1, max_length=MAX_SUBJECT), AfterValidator(_one_line)] = Field(
        description="One line."
    )
    text: Body = Field(description="The message as plain text.")
    html: Body | None = Field(default=None, description="The same as HTML, for those who read that.")
    reply_to: EmailAddress | None = Field(default=None, description="Where answers go, if not to the sender.")

    @property
    def recipients(self) -> list[str]:
        """Who gets it, each once."""
        return list(dict.fromkeys(self.to))


class Refusal(_Shape):
    """A recipient whom the server did not take."""

    address: str
    code: int = Field(description="SMTP's reply code: 5xx for ever, 4xx for now.")
    reply: str = Field(description="What the server said.")

    @property
    def for_ever(self) -> bool:
        """Whether trying again is of no use."""
        return is_final(self.code)

    def __str__(self) -> str:
        return f"{self.address}: {self.code} {self.reply}"


class Sent(_Shape):
    """What a job `email` returns: the server has taken the message for some of its recipients at least."""

    message_id: str
    accepted: list[str] = Field(description="For whom the server has taken it.")
    refused: list[Refusal] = Field(description="Whom it did not take, and why.")


def is_final(code: int) -> bool:
    """Whether a reply says that trying again is of no use. (RFC 5321, 4.2.1)"""
    return 500 <= code <= 599


def message_id(mail: Email, prefix: str, tenant: str, job_id: str, domain: str) -> str:
    """The Message-ID: the same in all attempts, so that a mailbox may drop what comes twice.

    The content is part of it: an id that a caller uses again, a year later, for another mail makes another one.
    """
    parts = orjson.dumps([prefix, tenant, job_id, mail.model_dump()])
    return f"<{sha256(parts).hexdigest()[:ID_DIGITS]}@{domain}>"


def compose(mail: Email, sender: Address, identity: str, now: int) -> bytes:
    """The message as it is sent. `identity` is its Message-ID, `now` its date in epoch ms."""
    message = EmailMessage(_POLICY)
    message["From"] = sender
    message["To"] = [in_header(one) for one in mail.recipients]
    if mail.reply_to is not None:
        message["Reply-To"] = in_header(mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = datetime.fromtimestamp(now / 1000, UTC)
    message["Message-ID"] = identity
    # So that nobody's absence note answers a machine. (RFC 3834, 5)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html is not None:
        message.add_alternative(mail.html, subtype="html")
    return message.as_bytes()
