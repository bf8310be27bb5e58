"""The errors of the embedded AWS: what an operation raises, and why the engine could not open.

```
AwsError                     an operation said no; each door turns it into what AWS would have sent
EngineError                  the database could not be opened
  DatabaseLocked             another process owns the file
  DatabaseTooNew             a newer version wrote it
  DatabaseTooOld             an older version wrote it
  DatabaseCorrupt            it is not, or no longer, a sound database
  DatabaseUnusable           the folder or the file cannot be read and written
```
"""

from functools import cache
from typing import Any

from botocore.errorfactory import ClientExceptionsFactory
from botocore.exceptions import ClientError

from infra.local.model import service_model


class EngineError(Exception):
    """The embedded AWS cannot start; the message says what to do."""


class DatabaseLocked(EngineError):
    """Another process owns the database file."""


class DatabaseTooNew(EngineError):
    """A newer version of Jobyard wrote the database."""


class DatabaseTooOld(EngineError):
    """An older version of Jobyard wrote the database, whose tables this one cannot read."""


class DatabaseCorrupt(EngineError):
    """The file is not a database, or is damaged."""


class DatabaseUnusable(EngineError):
    """The data folder or the file in it cannot be read or written."""


class AwsError(Exception):
    """An error with AWS's code and message, raised by an operation before it has written anything.

    `code` is the shape name that AWS sends (`ResourceNotFoundException`), `status` the HTTP status,
    `fields` further members of the error's body (`Item`, `CancellationReasons`). SQS keeps the codes of
    its older query protocol (`AWS.SimpleQueueService.NonExistentQueue`) in the header x-amzn-query-error;
    those are `query_code`, and clients show them in place of `code`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: int = 400,
        fields: dict[str, Any] | None = None,
        query_code: str | None = None,
    ):
        super().__init__(f"{query_code or code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields or {}
        self.query_code = query_code

    @property
    def fault(self) -> str:
        """Whose fault it is, in AWS's words."""
        return "Sender" if self.status < 500 else "Receiver"

    def to_client_error(self, operation: str, service: str | None = None) -> ClientError:
        """The error as aiobotocore raises it: `response["Error"]`, the status, and extra members on top.

        With a `service` it is of the class that `client.exceptions` names for it.
        """
        error: dict[str, Any] = {"Message": self.message, "Code": self.query_code or self.code}
        if self.query_code is not None:
            error |= {"QueryErrorCode": self.code, "Type": self.fault}
        response: dict[str, Any] = {
            "Error": error,
            "ResponseMetadata": {"HTTPStatusCode": self.status, "HTTPHeaders": {}, "RetryAttempts": 0},
            **self.fields,
        }
        kind = ClientError if service is None else client_exceptions(service).from_code(self.code)
        made: ClientError = kind(response, operation)
        return made


@cache
def client_exceptions(service: str) -> Any:
    """The namespace that a client of this service has as `.exceptions`."""
    return ClientExceptionsFactory().create_client_exceptions(service_model(service))
