"""An alert as jobs: one for each who is told, by the same ids however often it is told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from infra.alert_mail import MAX_ID, alert_jobs, subject_and_text
from infra.alerting import alert_view
from queues.email.message import MAX_SUBJECT, Email
from queues.observe.alerts import FIRING, RESOLVED, Alert
from queues.observe.rules import Finding, Rule
from queues.settings import read_settings

#: 2026-11-22T07:30:00Z
NOW = 1_795_332_600_000


def an_alert(state: str = FIRING, subject: str = "hello", message: str = "1,200 jobs of type hello wait") -> Alert:
    return Alert(Finding(Rule.BACKLOG, subject, 1200, 1000, message), state, NOW, 0)


def made(alert: Alert, **settings: Any) -> list[tuple[str, str, dict[str, Any]]]:
    found = alert_jobs(alert, alert_view(alert, "jobyard"), read_settings(**settings))
    return [(one.type, one.id, one.data) for one in found]


def test_nobody_is_told_who_was_not_named() -> None:
    assert made(an_alert()) == []


def test_a_job_and_a_mail_to_each() -> None:
    view = alert_view(an_alert(), "jobyard")
    own, ann, bob = made(an_alert(), alert_job="alarm", alert_email="ann@example.com,bob@example.com,ann@example.com")
    assert own == ("alarm", f"alert-{NOW}-firing-backlog:hello", view)
    assert (ann[0], bob[0]) == ("email", "email")
    assert ann[2]["to"] == ["ann@example.com"]
    assert bob[2]["to"] == ["bob@example.com"]
    assert len({own[1], ann[1], bob[1]}) == 3
    # Who else is told does not change what somebody's job is called.
    assert made(an_alert(), alert_email="bob@example.com") == [bob]


def test_long_names_and_odd_ones() -> None:
    alert = an_alert(subject="w\n" * 200, message="worker w\r\nBcc: eve@example.com\0 is silent" * 20)
    (one,) = made(alert, alert_email="ann@example.com")
    assert re.fullmatch(r"[A-Za-z0-9_.:-]+", one[1])
    assert len(one[1]) == MAX_ID
    mail = Email.model_validate(one[2])
    assert len(mail.subject) == MAX_SUBJECT


@pytest.mark.parametrize(
    ("state", "subject", "first"),
    [
        (FIRING, "[jobyard] 1,200 jobs of type hello wait", "1,200 jobs of type hello wait."),
        (
            RESOLVED,
            "[jobyard] over: backlog of hello",
            "It is over: backlog of hello. It was: 1,200 jobs of type hello wait.",
        ),
    ],
)
def test_its_words(state: str, subject: str, first: str) -> None:
    said = subject_and_text(alert_view(an_alert(state), "jobyard"))
    assert said[0] == subject
    assert said[1].splitlines() == [
        first,
        "",
        "service: jobyard",
        f"state: {state}",
        "rule: backlog",
        "subject: hello",
        "value: 1200",
        "threshold: 1000",
        "since: 2026-11-22T07:30:00.000Z",
    ]
