"""The job type `email`, from its queue to a real server: what is retried, what is buried, whom alerts reach."""

from __future__ import annotations

import asyncio
import base64
import importlib
import logging
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from infra.alerting import EVERY, Alerter
from queues import Context, Status
from queues.catalog import Catalog
from queues.email import job as module
from queues.email import smtp
from queues.email.job import email
from queues.email.message import Email, Refusal
from queues.email.server import SmtpServer
from queues.errors import InvalidData, Misconfigured, UnknownJobType
from queues.job import Job
from tests.core.house import House, Process, housed, outcomes
from tests.email.post_office import PASSWORD, USER, PostOffice, post_office

TO_ANN: dict[str, Any] = {"to": ["ann@example.com"], "subject": "Hello", "text": "A line."}
#: Seconds after which the first retry has come.
RETRY = 31


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[PostOffice]:
    """A server that the settings name, and that no time passes for: the house's own stands still meanwhile."""
    real = smtp.deliver

    async def deliver(
        server: SmtpServer, sender: str, recipients: Sequence[str], message: bytes, *, last: bool
    ) -> tuple[Refusal, ...]:
        found: list[tuple[Refusal, ...] | Exception] = []

        def work() -> None:
            try:
                found.append(asyncio.run(real(server, sender, recipients, message, last=last)))
            except Exception as error:
                found.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    monkeypatch.setattr(smtp, "deliver", deliver)
    with post_office(login=True) as opened:
        login = f"{USER}:{PASSWORD.replace('/', '%2F')}@"
        monkeypatch.setenv("JOBYARD_SMTP_URL", opened.url(user=login))
        monkeypatch.setenv("JOBYARD_EMAIL_FROM", "Jobs <jobs@example.com>")
        monkeypatch.setenv("JOBYARD_EMAIL_ALLOW", "example.com")
        yield opened


async def listed(house: House) -> Process:
    """A process of a deployment that has listed the job type `email`."""
    catalog = Catalog([*house.catalog(), email])
    await house.runtime.queues.create(catalog)
    return house.process(catalog)


async def attempted(process: Process, job: Job) -> Job:
    """The job after one delivery of what is in its queue."""
    await process.deliver("email")
    return await process.runtime.queue.get(job.id)


@housed
async def test_a_mail_is_sent(house: House, office: PostOffice) -> None:
    process = await listed(house)
    job = await process.runtime.queue.enqueue("email", {**TO_ANN, "replyTo": "help@example.com"})
    done = await attempted(process, job)
    (handed,) = office.handed
    message = handed.message
    assert (handed.sender, handed.recipients) == ("jobs@example.com", ["ann@example.com"])
    assert (message["From"], message["Reply-To"]) == ("Jobs <jobs@example.com>", "help@example.com")
    assert (message["Subject"], message.get_content()) == ("Hello", "A line.\n")
    assert office.users == [USER]
    assert done.status is Status.COMPLETED
    assert done.result == {"messageId": message["Message-ID"], "accepted": ["ann@example.com"], "refused": []}


@housed
async def test_what_is_put_off_is_tried_again_as_the_same_message(house: House, office: PostOffice) -> None:
    process = await listed(house)
    office.replies["ann@example.com"] = ["450 4.2.1 greylisted"]
    # The second attempt's message is taken, but its answer is lost.
    office.replies["DATA"] = ["hang up"]
    job = await process.runtime.queue.enqueue("email", TO_ANN)
    waits = await attempted(process, job)
    assert waits.status is Status.DELAYED
    assert waits.error is not None
    assert waits.error.message == "the server puts off ann@example.com: 450 4.2.1 greylisted"
    assert office.handed == []
    await asyncio.sleep(RETRY)
    assert (await attempted(process, job)).status is Status.DELAYED
    await asyncio.sleep(3 * RETRY)
    done = await attempted(process, job)
    assert outcomes(done) == ["failed", "failed", "completed"]
    first, second = office.handed
    assert first.message["Message-ID"] == second.message["Message-ID"] == done.result["messageId"]


@housed
async def test_those_who_were_taken_get_it_once(house: House, office: PostOffice) -> None:
    """The one who is put off holds the other up until there is no retry left, and is named then."""
    process = await listed(house)
    office.replies["bob@example.com"] = ["452 4.2.2 full"] * 3
    data = {**TO_ANN, "to": ["ann@example.com", "bob@example.com", "eve@example.com"]}
    office.replies["eve@example.com"] = ["550 5.1.1 gone"] * 3
    job = await process.runtime.queue.enqueue("email", data, attempts=3)
    for wait in (RETRY, 3 * RETRY, 0):
        assert office.handed == []
        done = await attempted(process, job)
        await asyncio.sleep(wait)
    assert [one.recipients for one in office.handed] == [["ann@example.com"]]
    assert done.status is Status.COMPLETED
    assert done.result["accepted"] == ["ann@example.com"]
    assert done.result["refused"] == [
        {"address": "bob@example.com", "code": 452, "reply": "4.2.2 full"},
        {"address": "eve@example.com", "code": 550, "reply": "5.1.1 gone"},
    ]


@housed
async def test_what_is_refused_for_good_is_buried(house: House, office: PostOffice) -> None:
    process = await listed(house)
    office.replies["DATA"] = ["554 5.7.1 looks like spam"]
    job = await process.runtime.queue.enqueue("email", TO_ANN)
    failed = await attempted(process, job)
    assert (failed.status, outcomes(failed)) == (Status.FAILED, ["discarded"])
    assert failed.error is not None
    assert failed.error.message.endswith("answered 554 5.7.1 looks like spam")
    assert len(await house.letters("email")) == 1
    assert office.handed == []


@housed
async def test_nobody_else_is_sent_mail(house: House, office: PostOffice) -> None:
    process = await listed(house)
    data = {**TO_ANN, "to": ["ann@example.com", "eve@evil.org"]}
    failed = await attempted(process, await process.runtime.queue.enqueue("email", data))
    assert outcomes(failed) == ["discarded"]
    assert failed.error is not None
    assert failed.error.message == (
        "JOBYARD_EMAIL_ALLOW lets no mail go to eve@evil.org: add the address or its domain"
    )
    assert office.handed == []


@housed
async def test_headers_cannot_be_added(house: House, office: PostOffice) -> None:
    process = await listed(house)
    for changes in ({"subject": "Hello\r\nBcc: eve@evil.org"}, {"to": ["ann@example.com\r\nBcc: eve@evil.org"]}):
        with pytest.raises(InvalidData):
            await process.runtime.queue.enqueue("email", {**TO_ANN, **changes})


@pytest.mark.parametrize("variable", ["JOBYARD_SMTP_URL", "JOBYARD_EMAIL_FROM"])
@housed
async def test_a_setting_that_is_missing(
    house: House, office: PostOffice, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail is sent once somebody has set it."""
    process = await listed(house)
    job = await process.runtime.queue.enqueue("email", TO_ANN)
    with monkeypatch.context() as without:
        without.delenv(variable)
        waits = await attempted(process, job)
    assert waits.status is Status.DELAYED
    assert waits.error is not None
    assert waits.error.type == "Misconfigured"
    assert waits.error.message.startswith(f"{variable} is not set")
    await asyncio.sleep(RETRY)
    assert (await attempted(process, job)).status is Status.COMPLETED


@housed
async def test_the_password_is_written_nowhere(
    house: House, office: PostOffice, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = await listed(house)
    with caplog.at_level(logging.DEBUG):
        for reply in (f"554 5.7.1 what is {PASSWORD}?", "451 later", "hang up", "250 OK"):
            office.replies["DATA"] = [reply]
            await attempted(process, await process.runtime.queue.enqueue("email", TO_ANN, attempts=1))
        # Another password than the server's.
        monkeypatch.setattr(office, "authenticate", None)
        monkeypatch.setenv("JOBYARD_SMTP_URL", office.url(user=f"other:{PASSWORD.replace('/', '%2F')}@"))
        refused = await attempted(process, await process.runtime.queue.enqueue("email", TO_ANN))
    assert refused.error is not None
    assert "refuses the user or password of JOBYARD_SMTP_URL: 535" in refused.error.message
    rows = await house.dynamodb.scan(TableName=house.settings.table)
    # The server's own log is not ours.
    logged = [record.getMessage() for record in caplog.records if record.name != "mail.log"]
    written = "\n".join([repr(rows), repr(await house.letters("email")), *logged])
    assert "5.7.1 what is ***?" in written
    forms = [base64.b64encode(one.encode()).decode() for one in (PASSWORD, f"\0{USER}\0{PASSWORD}")]
    for secret in (PASSWORD, PASSWORD.replace("/", "%2F"), *forms):
        assert secret not in written


async def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "queues.email.smtp", raising=False)
    monkeypatch.delattr("queues.email.smtp")
    monkeypatch.setitem(sys.modules, "aiosmtplib", None)
    with pytest.raises(Misconfigured, match=r"aiosmtplib.*pip install 'jobyard\[email\]'"):
        await email(Email.model_validate(TO_ANN), Context.for_test())


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"JOBYARD_SMTP_URL": "smtp://relay"}, "JOBYARD_EMAIL_FROM is not set"),
        ({"JOBYARD_SMTP_URL": "relay", "JOBYARD_EMAIL_FROM": "jobs@example.com"}, "JOBYARD_SMTP_URL begins with none"),
    ],
)
def test_wrong_settings_are_a_reason_not_to_start(
    variables: dict[str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, module.__name__)
    with pytest.raises(Misconfigured, match=fault):
        importlib.import_module(module.__name__)


# --- alerts -------------------------------------------------------------------------------------------------------


def alerting(process: Process, house: House, **settings: Any) -> Alerter:
    wanted = {"alert_backlog": 10, "alert_after": 60.0, "alert_dead_letters": 0, **settings}
    process.runtime = replace(process.runtime, settings=house.settings.model_copy(update=wanted))
    return Alerter(process.runtime, house.loop.epoch_ms)


@housed
async def test_an_alert_becomes_a_mail_to_each(
    house: House, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No list of domains is needed for those whom alerts go to; and whoever is gone holds nobody up."""
    to = "ops@example.com, Boss@elsewhere.org, gone@example.com"
    monkeypatch.setenv("JOBYARD_ALERT_EMAIL", to)
    monkeypatch.delenv("JOBYARD_EMAIL_ALLOW")
    office.replies["gone@example.com"] = ["550 5.1.1 no such user"]
    process = await listed(house)
    alerter = alerting(process, house, alert_email=to)
    for _ in range(10):
        await process.runtime.queue.enqueue("work", {})
    for _ in range(10):
        await alerter.round()
        await asyncio.sleep(EVERY)
    await process.deliver("email")
    assert sorted(one.recipients for one in office.handed) == [["Boss@elsewhere.org"], ["ops@example.com"]]
    message = office.handed[0].message
    assert message["Subject"] == "[jobyard] 10 jobs of type work wait"
    lines = message.get_content().splitlines()
    assert lines[0] == "10 jobs of type work wait."
    assert {"state: firing", "rule: backlog", "subject: work", "value: 10"} <= set(lines)
    # The end is told too, once each.
    await process.deliver()
    for _ in range(10):
        await alerter.round()
        await asyncio.sleep(EVERY)
    await process.deliver("email")
    subjects = [one.message["Subject"] for one in office.handed]
    assert subjects[2:] == ["[jobyard] over: backlog of work"] * 3


@housed
async def test_alerts_that_cannot_be_mailed(house: House) -> None:
    process = await listed(house)
    with pytest.raises(Misconfigured, match="JOBYARD_ALERT_EMAIL holds 'ops'"):
        alerting(process, house, alert_email="ops")
    with pytest.raises(Misconfigured, match="JOBYARD_ALERT_JOB names 'email', which takes mails and no alerts"):
        alerting(process, house, alert_job="email")
    with pytest.raises(Misconfigured, match=r"JOBYARD_ALERT_EMAIL needs .* add queues.email.job to JOBYARD_JOBS"):
        alerting(house.process(), house, alert_email="ops@example.com")
    with pytest.raises(UnknownJobType):
        await house.queue.enqueue("email", TO_ANN)
