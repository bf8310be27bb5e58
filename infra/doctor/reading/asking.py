"""One call: so many at once, and what becomes of an error.

An error is the answer "there is none", or a reason why something could not be checked, or the end of the whole matter:
with refused credentials nothing can be said, and a report full of "not checked" would look like good news.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.doctor.snapshot import Unread
from queues.clients import code_of
from queues.errors import JobyardError

#: Calls under way at once. Lambda's reading actions are limited to 15 a second and less. (Lambda quotas, API requests)
AT_ONCE = 8
#: Parts of the error codes with which AWS's services refuse credentials, whatever is asked for.
BAD_CREDENTIALS = (
    "UnrecognizedClient",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "SignatureDoesNotMatch",
    "InvalidSignature",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "InvalidSecurity",
    "RequestExpired",
)
#: Parts of those with which they refuse this caller this call.
DENIED = ("AccessDenied", "Unauthorized", "AuthorizationError", "NotAuthorized")


class CredentialsRefused(JobyardError):
    """AWS does not take the credentials."""


class Absent(Exception):
    """What was asked for does not exist."""


class Unreadable(Exception):
    """It could not be read; `unread` says why."""


class Asker:
    """Asks a stack's services, `clients` by name, and keeps what could not be read in `unread`."""

    def __init__(self, clients: dict[str, Any], at_once: int = AT_ONCE):
        self._clients = clients
        self._gate = asyncio.Semaphore(at_once)
        self.unread: list[Unread] = []

    async def ask(
        self, service: str, operation: str, what: str, absent: Collection[str] = (), **params: Any
    ) -> dict[str, Any]:
        """The reply. `what` is named if it cannot be read (Unreadable); a code of `absent` means that it is not there
        (Absent). CredentialsRefused, and botocore's errors if nobody answers."""
        method = getattr(self._clients[service], xform_name(operation))
        try:
            async with self._gate:
                reply: dict[str, Any] = await method(**params)
        except ClientError as error:
            code = code_of(error)
            if code in absent:
                raise Absent(what) from None
            if any(part in code for part in BAD_CREDENTIALS):
                raise CredentialsRefused(_message(error)) from None
            self._note(service, operation, what, error)
            raise Unreadable(what) from None
        except ResponseParserError:
            self.unread.append(Unread(what, f"the endpoint's answer to {operation} is not one of AWS's"))
            raise Unreadable(what) from None
        return reply

    async def pages(
        self, service: str, operation: str, what: str, token: tuple[str, str], **params: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """All pages; `token` names the reply's member that leads to the next one, and the parameter that takes it."""
        while True:
            reply = await self.ask(service, operation, what, **params)
            yield reply
            if not reply.get(token[0]):
                return
            params[token[1]] = reply[token[0]]

    def skip(self, what: str, why: str) -> None:
        """Notes that something was not checked."""
        self.unread.append(Unread(what, why))

    def _note(self, service: str, operation: str, what: str, error: ClientError) -> None:
        code, action = code_of(error), f"{service}:{operation}"
        if any(part in code for part in DENIED):
            self.unread.append(Unread(what, f"{action} was refused: {_message(error)}", refused=action))
        else:
            self.unread.append(Unread(what, f"the endpoint does not answer {action}: {_message(error)}"))


def _message(error: ClientError) -> str:
    told = error.response.get("Error", {})
    message = " ".join(str(told.get("Message") or "").split()).rstrip(".")
    return f"{code_of(error)}: {message}" if message else code_of(error)
