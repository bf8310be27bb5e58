"""What a load is: a boto3 script that client processes run against a server, and that checks what came of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import boto3

CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@dataclass(frozen=True)
class Verdict:
    """What the server turned out to have done, after the timed part."""

    right: int
    """Done once, as asked: only these count."""
    wrong: int = 0
    """Asked for and lost, done twice, or done otherwise."""


class Script(ABC):
    """One client's part, in its own process."""

    report: Any
    """What this client did, for `Load.verify`."""

    @abstractmethod
    def step(self) -> None:
        """A few calls; repeated until the time is up."""

    def finish(self) -> None:
        """What must be done before the clock stops."""
        return


class Load(ABC):
    """A kind of work on a server; it travels to the client processes by pickle."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint

    @abstractmethod
    def prepare(self) -> None:
        """Make the queue or table, before any client."""

    @abstractmethod
    def script(self, number: int) -> Script:
        """The script of client `number`, connected, what it needs in place. Untimed."""

    @abstractmethod
    def verify(self, reports: list[Any]) -> Verdict:
        """Compare what the clients did with what the server has now. Untimed."""

    def client(self, service: str) -> Any:
        """A boto3 client as it comes: all checks, default retries."""
        return boto3.client(service, endpoint_url=self.endpoint, **CREDENTIALS)
