"""What an alarm does: log lines, webhooks (checked, retried, on file), functions, and ARNs that nothing comes of."""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from infra.local.cloudwatch.alarms import webhook
from infra.local.cloudwatch.alarms.deliveries import LOST, PAUSES
from infra.local.errors import AwsError
from infra.local.request import Operation
from queues.fetch import FetchRefused, FetchUnavailable
from tests.engine.test_cloudwatch_alarms import put
from tests.engine.watch import HOUR, Watch

HOOK = "https://hooks.example.com/alarm?secret=1"


@pytest.fixture
def watch() -> Iterator[Watch]:
    with closing(Watch()) as made:
        yield made


def sets(watch: Watch, state: str = "ALARM") -> None:
    watch.call("SetAlarmState", AlarmName="a", StateValue=state, StateReason="testing")


def run_errands(watch: Watch) -> int:
    """Run what was started in the background; how many there were."""

    async def submit(run: Operation, params: dict[str, Any]) -> dict[str, Any]:
        reply: Any = run(watch.request(), params)
        return dict(reply)

    async def run_all() -> None:
        for errand in errands:
            await errand(submit)

    errands, watch.errands = watch.errands, []
    asyncio.run(run_all())
    return len(errands)


def summaries(watch: Watch) -> list[str]:
    items = watch.call("DescribeAlarmHistory", HistoryItemType="Action")["AlarmHistoryItems"]
    return [item["HistorySummary"] for item in items]


class Posts:
    """Stands for `webhook.post`: keeps what was posted, and fails as told."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.failures: list[Exception] = []

    def __call__(self, url: str, body: bytes) -> None:
        self.bodies.append((url, json.loads(body)))
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def posts(monkeypatch: pytest.MonkeyPatch) -> Posts:
    made = Posts()
    monkeypatch.setattr(webhook, "post", made)
    return made


def test_a_log_action_is_a_line_in_the_log(watch: Watch, caplog: pytest.LogCaptureFixture) -> None:
    put(watch, AlarmActions=["log"])
    sets(watch)
    assert caplog.messages == ["alarm a in us-east-1 went from INSUFFICIENT_DATA to ALARM: testing"]
    assert summaries(watch) == ["Successfully executed action log"]


def test_a_webhook_is_told_what_sns_would_be_told(watch: Watch, posts: Posts) -> None:
    put(watch, OKActions=[], AlarmActions=[HOOK], AlarmDescription="d", Dimensions=[{"Name": "i", "Value": "v"}])
    sets(watch)
    watch.tick()
    assert run_errands(watch) == 1
    assert posts.bodies == [
        (
            HOOK,
            {
                "AlarmName": "a",
                "AlarmDescription": "d",
                "AWSAccountId": "000000000000",
                "AlarmConfigurationUpdatedTimestamp": "2026-09-21T15:00:00.000+0000",
                "NewStateValue": "ALARM",
                "NewStateReason": "testing",
                "StateChangeTime": "2026-09-21T15:00:00.000+0000",
                "Region": "us-east-1",
                "AlarmArn": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",
                "OldStateValue": "INSUFFICIENT_DATA",
                "OKActions": [],
                "AlarmActions": [HOOK],
                "InsufficientDataActions": [],
                "Trigger": {
                    "MetricName": "m",
                    "Namespace": "n",
                    "StatisticType": "Statistic",
                    "Statistic": "AVERAGE",
                    "Unit": None,
                    "Dimensions": [{"value": "v", "name": "i"}],
                    "Period": 60,
                    "EvaluationPeriods": 1,
                    "ComparisonOperator": "GreaterThanThreshold",
                    "Threshold": 2.0,
                    "TreatMissingData": "",
                    "EvaluateLowSampleCountPercentile": "",
                },
            },
        )
    ]
    assert summaries(watch) == [f"Successfully executed action {HOOK}"]
    assert watch.tick() == (HOUR + 60) * 1000


def test_each_state_has_its_own_actions_and_they_can_be_off(watch: Watch, posts: Posts) -> None:
    put(watch, OKActions=["https://a.example/ok"], AlarmActions=["https://a.example/alarm"])
    for state in ("OK", "OK", "INSUFFICIENT_DATA", "ALARM"):
        sets(watch, state)
        watch.tick()
        run_errands(watch)
    watch.call("DisableAlarmActions", AlarmNames=["a", "nobody"])
    sets(watch, "OK")
    watch.tick()
    assert watch.errands == []
    watch.call("EnableAlarmActions", AlarmNames=["a"])
    sets(watch, "ALARM")
    watch.tick()
    run_errands(watch)
    assert [url for url, _ in posts.bodies] == [f"https://a.example/{state}" for state in ("ok", "alarm", "alarm")]


def test_a_webhook_that_fails_is_tried_again_later_and_later(watch: Watch, posts: Posts) -> None:
    put(watch, AlarmActions=[HOOK], Period=3600)
    posts.failures = [FetchUnavailable("it answered 503")] * (len(PAUSES) + 1)
    sets(watch)
    for pause in PAUSES:
        watch.tick()
        assert run_errands(watch) == 1
        watch.milliseconds += pause - 1
        watch.tick()
        assert watch.errands == []
        watch.milliseconds += 1
    watch.tick()
    assert run_errands(watch) == 1
    assert summaries(watch) == [f"Failed to execute action {HOOK}"]
    assert watch.db.execute("SELECT count(*) FROM cw_deliveries").fetchone() == (0,)


def test_a_webhook_that_is_refused_is_not_tried_again(watch: Watch, posts: Posts) -> None:
    put(watch, AlarmActions=[HOOK])
    posts.failures = [FetchRefused("it leads to a private address")]
    sets(watch)
    watch.tick()
    run_errands(watch)
    item = watch.call("DescribeAlarmHistory", HistoryItemType="Action")["AlarmHistoryItems"][0]
    assert json.loads(item["HistoryData"])["error"] == "it leads to a private address"


def test_an_attempt_that_was_cut_short_is_made_again(watch: Watch, posts: Posts) -> None:
    put(watch, AlarmActions=[HOOK], Period=3600)
    sets(watch)
    watch.tick()
    watch.errands.clear()  # the process died
    watch.milliseconds += LOST
    watch.tick()
    assert run_errands(watch) == 1
    assert len(posts.bodies) == 1


def test_a_topic_is_kept_and_shown_and_it_is_said_once_that_nothing_comes_of_it(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    topic = "arn:aws:sns:us-east-1:000000000000:topic"
    put(watch, AlarmActions=[topic], OKActions=[topic])
    sets(watch)
    sets(watch, "OK")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert topic in caplog.text
    assert summaries(watch) == [f"Failed to execute action {topic}"] * 2


def test_a_function_is_invoked_with_the_event_of_aws(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    import infra.local.lambda_

    invoked: list[dict[str, Any]] = []

    def invoke(request: Any, params: dict[str, Any]) -> dict[str, Any]:
        invoked.append(params)
        if len(invoked) == 1:
            raise AwsError("ResourceNotFoundException", "no such function", status=404)
        return {"StatusCode": 202}

    monkeypatch.setitem(infra.local.lambda_.OPERATIONS, "Invoke", invoke)
    function = "arn:aws:lambda:us-east-1:000000000000:function:on-alarm"
    put(watch, AlarmActions=[function], AlarmDescription="d")
    sets(watch)
    watch.tick()
    run_errands(watch)
    watch.milliseconds += PAUSES[0]
    watch.tick()
    run_errands(watch)
    assert [(call["FunctionName"], call["InvocationType"]) for call in invoked] == [(function, "Event")] * 2
    event = json.loads(invoked[1]["Payload"])
    assert (event["source"], event["region"]) == ("aws.cloudwatch", "us-east-1")
    assert event["alarmData"]["state"] == {
        "value": "ALARM",
        "reason": "testing",
        "timestamp": "2026-09-21T15:00:00.000+0000",
    }
    assert event["alarmData"]["previousState"]["value"] == "INSUFFICIENT_DATA"
    assert event["alarmData"]["configuration"]["metrics"][0]["metricStat"] == {
        "metric": {"namespace": "n", "name": "m", "dimensions": {}},
        "period": 60,
        "stat": "Average",
    }
    assert summaries(watch) == [f"Successfully executed action {function}"]


@pytest.fixture
def server() -> Iterator[Callable[[int], tuple[str, list[tuple[str, bytes]]]]]:
    """Starts a web server on the loopback that answers with a status; gives its address and what it received."""
    servers: list[HTTPServer] = []

    def start(status: int) -> tuple[str, list[tuple[str, bytes]]]:
        received: list[tuple[str, bytes]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                received.append((f"{self.path} {self.headers['Content-Type']}", body))
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        made = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(made)
        threading.Thread(target=made.serve_forever, daemon=True).start()
        return f"127.0.0.1:{made.server_port}", received

    yield start
    for made in servers:
        made.shutdown()
        made.server_close()


def test_a_private_address_is_not_posted_to(server: Any) -> None:
    address, received = server(200)
    for url in (f"http://{address}/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"):
        with pytest.raises(FetchRefused):
            webhook.post(url, b"{}")
    assert received == []


def test_a_trusted_host_is_posted_to_and_redirects_are_failures(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    address, received = server(204)
    moved, _ = server(302)
    monkeypatch.setenv("JOBYARD_FETCH_ALLOW", f"{address},{moved}")
    webhook.post(f"http://{address}/hook?key=1", b'{"a":1}')
    assert received == [("/hook?key=1 application/json", b'{"a":1}')]
    with pytest.raises(FetchUnavailable, match="answered 302"):
        webhook.post(f"http://{moved}/hook", b"{}")
