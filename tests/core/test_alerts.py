"""Alerts: each change is told once, after a while, whoever dies, and to all who are to be told."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from infra.alerting import EVERY, Alerter
from queues import Context
from queues.errors import Misconfigured, UnknownJobType
from queues.observe.alerts import RETELL_AFTER, Patience
from queues.observe.rules import Key, Rule
from queues.settings import read_settings
from tests.core.house import House, Order, Process, housed

AFTER = 60


class Receiver:
    """A webhook: what it was sent, and what it answers next."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.answers: list[int | Exception] = []

    def client(self) -> httpx.AsyncClient:
        def answer(request: httpx.Request) -> httpx.Response:
            self.got.append(json.loads(request.content))
            said = self.answers.pop(0) if self.answers else 204
            if isinstance(said, Exception):
                raise said
            return httpx.Response(said, headers={"Location": "http://elsewhere/"})

        return httpx.AsyncClient(transport=httpx.MockTransport(answer))

    @property
    def states(self) -> list[tuple[str, str]]:
        return [(one["rule"], one["state"]) for one in self.got]


def alerting(house: House, receiver: Receiver, **settings: Any) -> tuple[Process, Alerter]:
    process = house.process()
    hook = SecretStr("http://10.0.0.7/hook?token=secret-word")
    wanted = {"alert_webhook": hook, "alert_backlog": 10, "alert_after": float(AFTER), **settings}
    process.runtime = replace(process.runtime, settings=house.settings.model_copy(update=wanted))
    return process, Alerter(process.runtime, house.loop.epoch_ms, receiver.client)


async def rounds(seconds: float, *alerters: Alerter) -> None:
    """As workers make them, for so long."""
    for _ in range(round(seconds / EVERY)):
        for alerter in alerters:
            await alerter.round()
        await asyncio.sleep(EVERY)


async def fill(house: House, count: int) -> None:
    for _ in range(count):
        await house.queue.enqueue("work", {})


@housed
async def test_trouble_and_its_end_are_told_once_each(house: House) -> None:
    receiver = Receiver()
    _, alerter = alerting(house, receiver)
    await fill(house, 10)
    await rounds(AFTER, alerter)
    assert receiver.got == []
    await rounds(3 * AFTER, alerter)
    assert receiver.states == [("backlog", "firing")]
    assert receiver.got[0] == {
        "service": "jobyard",
        "state": "firing",
        "rule": "backlog",
        "subject": "work",
        "value": 10,
        "threshold": 10,
        "message": "10 jobs of type work wait",
        "since": receiver.got[0]["since"],
    }
    # Not well below the bound: it goes on.
    await house.deliver(count=2)
    await rounds(3 * AFTER, alerter)
    await house.deliver()
    await rounds(AFTER, alerter)
    assert receiver.states == [("backlog", "firing")]
    await rounds(2 * AFTER, alerter)
    assert receiver.states == [("backlog", "firing"), ("backlog", "resolved")]
    # And begins anew.
    await fill(house, 10)
    await rounds(2 * AFTER, alerter)
    assert receiver.states[2:] == [("backlog", "firing")]


@housed
async def test_what_passes_is_not_told(house: House) -> None:
    receiver = Receiver()
    _, alerter = alerting(house, receiver)
    for _ in range(5):
        await fill(house, 10)
        await rounds(AFTER - EVERY, alerter)
        await house.deliver()
        await rounds(2 * EVERY, alerter)
    assert receiver.got == []


@housed
async def test_of_many_that_look_one_tells(house: House) -> None:
    receiver = Receiver()
    alerters = [alerting(house, receiver)[1] for _ in range(4)]
    await fill(house, 10)
    for _ in range(12):
        await asyncio.gather(*(alerter.round() for alerter in alerters))
        await asyncio.sleep(EVERY)
    assert receiver.states == [("backlog", "firing")]


@housed
async def test_a_death_between_the_change_and_its_telling(house: House) -> None:
    receiver = Receiver()
    process, alerter = alerting(house, receiver)
    _, other = alerting(house, receiver)
    await fill(house, 10)
    await rounds(AFTER, alerter, other)
    await house.die_at(process.dynamodb, "put_item", alerter.round(), after=True)
    await rounds(RETELL_AFTER / 1000, other)
    assert receiver.got == []
    await rounds(2 * EVERY, other)
    assert receiver.states == [("backlog", "firing")]
    await rounds(5 * AFTER, other)
    assert len(receiver.got) == 1


@housed
async def test_a_receiver_that_is_away_is_told_later(house: House, caplog: pytest.LogCaptureFixture) -> None:
    receiver = Receiver()
    receiver.answers = [500, httpx.ConnectError("to http://10.0.0.7/hook?token=secret-word"), 302]
    _, alerter = alerting(house, receiver)
    await fill(house, 10)
    with caplog.at_level(logging.INFO):
        await rounds(10 * AFTER, alerter)
    assert receiver.states == [("backlog", "firing")] * 4
    said = [record.getMessage() for record in caplog.records if record.name == "jobyard.alerts"]
    assert said == [
        "alert: 10 jobs of type work wait",
        "an alert is not told yet, and will be tried again: the webhook answered 500",
        "an alert is not told yet, and will be tried again: the webhook cannot be reached: ConnectError",
        "an alert is not told yet, and will be tried again: the webhook answered 302",
    ]
    assert "secret-word" not in caplog.text


@housed
async def test_a_job_of_each_alert(house: House) -> None:
    seen: list[str] = []

    async def mail(_order: Order, ctx: Context) -> None:
        seen.append(ctx.job_id)

    house.handlers["other"] = mail
    receiver = Receiver()
    # The first telling gets as far as the job, and is not written down.
    process, alerter = alerting(house, receiver, alert_job="other", alert_webhook=None)
    await fill(house, 10)
    await rounds(AFTER, alerter)
    await house.die_at(process.sqs, "send_message", alerter.round(), after=True)
    await rounds(3 * AFTER, alerter)
    await house.deliver("other")
    assert len(set(seen)) == 1
    assert seen[0].startswith("alert-")
    assert seen[0].endswith("-firing-backlog:work")
    job = await house.queue.get(seen[0])
    assert (job.data["rule"], job.data["state"], job.data["subject"]) == ("backlog", "firing", "work")


@housed
async def test_a_webhook_that_is_away_holds_no_job_up(house: House) -> None:
    receiver = Receiver()
    receiver.answers = [500] * 100
    _, alerter = alerting(house, receiver, alert_job="other")
    await fill(house, 10)
    await rounds(5 * AFTER, alerter)
    assert len(receiver.got) > 1
    (made,) = (await house.queue.list(type="other")).jobs
    assert made.data["rule"] == "backlog"


@housed
async def test_an_alert_job_that_there_is_not(house: House) -> None:
    with pytest.raises(UnknownJobType, match="did you mean 'other'"):
        alerting(house, Receiver(), alert_job="othr")


@housed
async def test_a_webhook_without_a_host(house: House) -> None:
    with pytest.raises(Misconfigured, match="no address with a host"):
        alerting(house, Receiver(), alert_webhook=SecretStr("http:///hook"))


def test_a_webhook_that_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_ALERT_WEBHOOK", "ftp://secret-word")
    with pytest.raises(Misconfigured, match="begins with http") as caught:
        read_settings()
    assert "secret-word" not in str(caught.value)


def test_patience_begins_anew_whenever_the_state_is_as_it_was_told() -> None:
    key, patience = Key(Rule.BACKLOG, "work"), Patience(60)
    assert patience.step({key}, (), 0) == set()
    assert patience.step({key}, (), 59) == set()
    assert patience.step((), (), 60) == set()
    assert patience.step({key}, (), 70) == set()
    assert patience.step({key}, (), 130) == {key}
    # Somebody else told it.
    assert patience.step({key}, {key}, 140) == set()
    assert patience.step((), {key}, 150) == set()
    assert patience.step((), {key}, 210) == {key}
