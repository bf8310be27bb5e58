"""CloudWatch without an engine around it: its functions over a database in memory, by a clock that a test moves."""

import itertools
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from infra.local import model, sqs
from infra.local.cloudwatch import OPERATIONS, SCHEMA, sweep, tick
from infra.local.errors import AwsError
from infra.local.request import Errand, Request

#: A whole hour, in epoch seconds.
HOUR = 1_790_002_800

MINUTE, DAY = 60, 86_400


class Watch:
    """Calls operations as a client would, and ticks and sweeps when told."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        for schema in (sqs.SCHEMA, SCHEMA):
            self.db.executescript(schema)
        self.milliseconds = HOUR * 1000
        self.region = "us-east-1"
        self.errands: list[Errand] = []
        self.alarms: list[int] = []
        self._cache: dict[Any, Any] = {}
        self._ids = map(str, itertools.count())

    def close(self) -> None:
        self.db.close()

    @property
    def now(self) -> int:
        """Epoch seconds."""
        return self.milliseconds // 1000

    def move(self, seconds: float) -> None:
        self.milliseconds += round(seconds * 1000)

    def request(self) -> Request:
        return Request(
            self.db,
            self.milliseconds,
            self.region,
            "000000000000",
            "http://127.0.0.1:4566",
            lambda: next(self._ids),
            lambda callback: callback(),
            cache=self._cache,
            alarm=self.alarms.append,
            spawn=self.errands.append,
        )

    def call(self, operation: str, service: str = "cloudwatch", **params: Any) -> dict[str, Any]:
        model.check(service, operation, params)
        operations: dict[str, Callable[[Request, dict[str, Any]], Any]] = (
            OPERATIONS if service == "cloudwatch" else sqs.OPERATIONS  # type: ignore[assignment]
        )
        reply: dict[str, Any] = operations[operation](self.request(), params)
        return reply

    def refusal(self, operation: str, **params: Any) -> tuple[str, str]:
        """The code and the message with which an operation says no."""
        try:
            self.call(operation, **params)
        except AwsError as error:
            return error.query_code or error.code, error.message
        raise AssertionError(f"{operation} was not refused")

    def tick(self) -> int | None:
        return tick(self.request())

    def sweep(self) -> None:
        """Sweep until there is no more to do."""
        while sweep(self.request()):
            pass

    def put(self, name: str, value: float, at: int | None = None, namespace: str = "n", **more: Any) -> None:
        datum = {"MetricName": name, "Value": value, "Timestamp": moment(self.now if at is None else at), **more}
        self.call("PutMetricData", Namespace=namespace, MetricData=[datum])

    def points(
        self, name: str, start: int, end: int, period: int = 60, stat: str = "Sum", **metric: Any
    ) -> list[tuple[int, float]]:
        """(seconds after `start`, value) of GetMetricData, in the order of time."""
        query = {
            "Id": "q",
            "MetricStat": {
                "Metric": {"Namespace": "n", "MetricName": name, **metric},
                "Period": period,
                "Stat": stat,
            },
        }
        result = self.data([query], start, end)[0]
        return [
            (round(at.timestamp()) - start, value)
            for at, value in zip(result["Timestamps"], result["Values"], strict=True)
        ]

    def data(self, queries: list[dict[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
        reply = self.call(
            "GetMetricData",
            MetricDataQueries=queries,
            StartTime=moment(start),
            EndTime=moment(end),
            ScanBy="TimestampAscending",
        )
        results: list[dict[str, Any]] = reply["MetricDataResults"]
        return results


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
