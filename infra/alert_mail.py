"""Which jobs an alert makes: one of JOBYARD_ALERT_JOB, and a mail to each address of JOBYARD_ALERT_EMAIL. Pure.

A mail each, so that a mailbox that is put off or gone holds nobody else's up.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from queues.catalog import Catalog
from queues.email.address import addresses_of
from queues.email.message import MAX_SUBJECT, Email
from queues.email.policy import ALERTS
from queues.errors import Misconfigured
from queues.observe.alerts import FIRING, Alert
from queues.settings import Settings

#: The job type that sends mail (queues/email/job.py, which is not imported: it is in the catalog, or it is not).
EMAIL = "email"
#: Characters of a job's id, and hexadecimal digits of it that stand for an address.
MAX_ID = 128
ADDRESS_DIGITS = 12


@dataclass(frozen=True, slots=True)
class AlertJob:
    """One job to be made."""

    type: str
    #: Names the change, and the address if there is one: a second telling finds the job of the first.
    id: str
    data: dict[str, Any]


def check_jobs(settings: Settings, catalog: Catalog) -> None:
    """UnknownJobType if JOBYARD_ALERT_JOB names no type of the catalog; Misconfigured if alerts cannot become its jobs,
    or no mails."""
    if settings.alert_job is not None and catalog.get(settings.alert_job).model is Email:
        raise Misconfigured(
            f"JOBYARD_ALERT_JOB names {settings.alert_job!r}, which takes mails and no alerts: "
            f"say in {ALERTS} whom alerts are mailed to, such as ops@example.com"
        )
    if settings.alert_email is None:
        return
    addresses_of(ALERTS, settings.alert_email)
    if EMAIL not in catalog.names or catalog.get(EMAIL).model is not Email:
        raise Misconfigured(f"{ALERTS} needs the job type {EMAIL!r}: add queues.email.job to JOBYARD_JOBS")


def alert_jobs(alert: Alert, view: dict[str, Any], settings: Settings) -> list[AlertJob]:
    """The jobs of one change. `view` is what webhooks are told of it."""
    name = re.sub(r"[^A-Za-z0-9_.:-]", "-", f"alert-{alert.changed_at}-{alert.state}-{':'.join(alert.key)}")
    jobs = []
    if settings.alert_job is not None:
        jobs.append(AlertJob(settings.alert_job, name[:MAX_ID], view))
    if settings.alert_email is not None:
        subject, text = subject_and_text(view)
        for address in addresses_of(ALERTS, settings.alert_email):
            whose = sha256(address.encode()).hexdigest()[:ADDRESS_DIGITS]
            mail = {"to": [address], "subject": subject, "text": text}
            jobs.append(AlertJob(EMAIL, f"{name[: MAX_ID - len(whose) - 1]}-{whose}", mail))
    return jobs


def subject_and_text(view: dict[str, Any]) -> tuple[str, str]:
    """An alert as a mail: what has happened in the subject, and all that is known of it in the text."""
    # A worker's name is part of it, and may be anything.
    said = {name: "".join(char if char.isprintable() else " " for char in str(value)) for name, value in view.items()}
    if view["state"] == FIRING:
        headline = first = said["message"]
    else:
        headline = f"over: {said['rule']} of {said['subject']}"
        first = f"It is {headline}. It was: {said['message']}"
    subject = f"[{said['service']}] {headline}"
    if len(subject) > MAX_SUBJECT:
        subject = subject[: MAX_SUBJECT - 3] + "..."
    lines = [f"{name}: {said[name]}" for name in ("service", "state", "rule", "subject", "value", "threshold", "since")]
    return subject, "\n".join([f"{first}.", "", *lines, ""])
