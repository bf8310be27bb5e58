"""Through which server mail is sent, from whom, and who may be sent any: one frozen object of the settings. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from email.headerregistry import Address

from queues.email.address import addresses_of, domain_of, in_header, is_address, is_domain
from queues.email.server import EXAMPLE, VARIABLE, SmtpServer
from queues.errors import Misconfigured
from queues.settings import Settings

FROM, ALLOW, ALERTS = "JOBYARD_EMAIL_FROM", "JOBYARD_EMAIL_ALLOW", "JOBYARD_ALERT_EMAIL"
#: What stands for everybody in JOBYARD_EMAIL_ALLOW.
EVERYBODY = "*"
#: `Jobyard <jobs@example.com>`.
_NAMED = re.compile(r"([^<>\x00-\x1f\x7f-\x9f\u2028\u2029]*)<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """What one process needs to know to send mail."""

    server: SmtpServer
    sender: Address
    #: Who may be sent mail, in lower case: addresses, domains, or EVERYBODY.
    allowed: frozenset[str]

    @classmethod
    def of(cls, settings: Settings) -> MailPolicy:
        """Misconfigured names the variable that is missing or wrong."""
        if settings.smtp_url is None:
            raise Misconfigured(f"{VARIABLE} is not set: name the server that takes mail, such as {EXAMPLE}")
        if settings.email_from is None:
            raise Misconfigured(f"{FROM} is not set: name the address that mail comes from, such as jobs@example.com")
        server = SmtpServer.at(settings.smtp_url.get_secret_value())
        return cls(server, _sender(settings.email_from), _allowed(settings))

    def strangers(self, addresses: Sequence[str]) -> list[str]:
        """Those of the addresses that may be sent nothing."""
        if EVERYBODY in self.allowed:
            return []
        return [one for one in addresses if not {one.lower(), domain_of(one)} & self.allowed]


def _sender(text: str) -> Address:
    named = _NAMED.fullmatch(text.strip())
    name, address = (named[1].strip().strip('"'), named[2].strip()) if named else ("", text.strip())
    if not is_address(address):
        raise Misconfigured(f"{FROM} is {text!r}: write jobs@example.com, or Jobs <jobs@example.com>")
    return in_header(address, name)


def _allowed(settings: Settings) -> frozenset[str]:
    """Without a list, whom alerts go to and nobody else."""
    alerts = () if settings.alert_email is None else addresses_of(ALERTS, settings.alert_email)
    listed = [part.strip() for part in (settings.email_allow or "").split(",") if part.strip()]
    for one in listed:
        if not (one == EVERYBODY or is_address(one) or is_domain(one)):
            raise Misconfigured(f"{ALLOW} holds {one!r}: write domains, addresses or {EVERYBODY}, with commas")
    return frozenset(one.lower() for one in (*listed, *alerts))
