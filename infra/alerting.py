"""Rounds that hold the rules of trouble against how things stand, and tell of each change: log, webhook, a job, mails.

`jobyard up` and `jobyard work` make them; on AWS without a worker CloudWatch's alarms take their place. That a change
is told once is queues/observe/alerts.py's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from api.observed import everybodys
from api.views import moment
from infra.alert_mail import alert_jobs, check_jobs
from queues.clock import Clock
from queues.errors import JobyardError, Misconfigured
from queues.observe.alerts import FIRING, Alert, AlertBook, Patience, untold
from queues.observe.rules import Thresholds, evaluate
from queues.runtime import Runtime

log = logging.getLogger("jobyard.alerts")

#: Seconds between two rounds.
EVERY = 15.0
#: Seconds that a webhook's receiver may take.
WEBHOOK_SECONDS = 10.0


class NotTold(Exception):
    """A receiver did not take an alert; the sentence names no address, which may hold a secret."""


class _Unnamed(logging.Filter):
    """httpx logs each address that it calls; this one may hold a secret."""

    def __init__(self, url: str):
        super().__init__()
        self._url = httpx.URL(url)

    def filter(self, record: logging.LogRecord) -> bool:
        return not isinstance(record.args, tuple) or self._url not in record.args


class Alerter:
    """Of one process. UnknownJobType if JOBYARD_ALERT_JOB names no type; Misconfigured: a webhook without a host, or
    what check_jobs says."""

    def __init__(self, runtime: Runtime, clock: Clock, http: Callable[[], httpx.AsyncClient] | None = None):
        self._runtime, self._clock = runtime, clock
        self._settings = settings = runtime.settings
        self._bounds = Thresholds.of(settings)
        self._book = AlertBook(runtime.clients.dynamodb, settings.table)
        self._patience = Patience(round(settings.alert_after * 1000))
        self._http = http or _client
        check_jobs(settings, runtime.catalog)
        if settings.alert_webhook is not None:
            _check(settings.alert_webhook.get_secret_value())

    async def round(self) -> None:
        """Looks once, and tells what has changed. Calls to AWS may fail with ClientError, BotoCoreError or OSError."""
        alerts = await self._book.all()
        state = await everybodys(self._runtime, self._runtime.catalog.names, self._bounds.window)
        now = self._clock()
        firing = {alert.key: alert for alert in alerts if alert.state == FIRING}
        found = {finding.key: finding for finding in evaluate(state, self._bounds, firing)}
        for key in sorted(self._patience.step(found, firing, now)):
            if key in found:
                changed = await self._book.fire(found[key], now)
            else:
                changed = await self._book.resolve(firing[key], now)
            if changed is not None:
                _write_down(changed)
                await self._tell(changed)
        for alert in untold(alerts, now):
            taken = await self._book.take(alert, now)
            if taken is not None:
                await self._tell(taken)

    async def _tell(self, alert: Alert) -> None:
        """Makes jobs and tells the webhook; what does not work is tried again, by this process or another.

        Jobs first: a second telling finds those of the first, and none waits for a webhook that is away.
        """
        view = alert_view(alert, self._settings.prefix)
        try:
            for one in alert_jobs(alert, view, self._settings):
                await self._runtime.queue.enqueue(one.type, one.data, job_id=one.id)
            if self._settings.alert_webhook is not None:
                await self._post(self._settings.alert_webhook.get_secret_value(), view)
        except (NotTold, JobyardError, ClientError, BotoCoreError, OSError) as error:
            log.warning("an alert is not told yet, and will be tried again: %s", error)
            return
        await self._book.told(alert)

    async def _post(self, url: str, view: dict[str, Any]) -> None:
        quiet = _Unnamed(url)
        logging.getLogger("httpx").addFilter(quiet)
        try:
            async with self._http() as client:
                answer = await client.post(url, json=view)
        except httpx.HTTPError as error:
            raise NotTold(f"the webhook cannot be reached: {type(error).__name__}") from None
        finally:
            logging.getLogger("httpx").removeFilter(quiet)
        if not answer.is_success:
            raise NotTold(f"the webhook answered {answer.status_code}")


def alert_view(alert: Alert, service: str) -> dict[str, Any]:
    """What a webhook and a job are given."""
    finding = alert.finding
    return {
        "service": service,
        "state": alert.state,
        "rule": finding.rule.value,
        "subject": finding.subject,
        "value": finding.value,
        "threshold": finding.threshold,
        "message": finding.message,
        "since": moment(alert.changed_at),
    }


def _check(url: str) -> None:
    try:
        host = httpx.URL(url).host
    except httpx.InvalidURL:
        host = ""
    if not host:
        raise Misconfigured("JOBYARD_ALERT_WEBHOOK is no address with a host, such as https://example.com/alerts")


def _write_down(alert: Alert) -> None:
    if alert.state == FIRING:
        log.warning("alert: %s", alert.finding.message)
    else:
        log.info("alert is over: %s of %s", alert.finding.rule.value, alert.finding.subject)


def _client() -> httpx.AsyncClient:
    # The operator names the address, and no job or caller has a say in it: inner hosts are allowed, and no redirect is
    # followed to another.
    return httpx.AsyncClient(timeout=WEBHOOK_SECONDS, follow_redirects=False, trust_env=False)
