"""What a request asks for: an operation of a service, in one of AWS's protocols."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from infra.local.errors import AwsError
from infra.local.wire import HttpReply, HttpRequest


@dataclass(frozen=True, slots=True)
class Target:
    """One operation as a request named it."""

    #: botocore's name of the service, such as `cloudwatch`.
    service: str
    #: In PascalCase.
    operation: str
    protocol: "WireProtocol"
    #: What the path of a REST request says of the parameters: member name -> text, decoded.
    labels: dict[str, str] = field(default_factory=dict)


class Refuser(Protocol):
    """Something that knows how to say no."""

    def refuse(self, service: str | None, request: HttpRequest, error: AwsError, request_id: str) -> HttpReply:
        """An error on the wire; `service` is None where it is none of ours, or the request does not tell."""


class WireProtocol(Refuser, Protocol):
    """One of AWS's protocols, both ways. Compiled from the service's model once for each operation."""

    def read(self, target: Target, request: HttpRequest, endpoint: str) -> dict[str, Any]:
        """The parameters as a boto3 caller would have passed them; raises `AwsError` for what does not fit."""

    def write(self, target: Target, request: HttpRequest, reply: dict[str, Any], request_id: str) -> HttpReply:
        """A reply on the wire."""
