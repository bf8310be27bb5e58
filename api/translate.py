"""Errors of the core, of AWS and of pydantic as problems. Pure; what it does not know becomes an incident, a 500."""

from __future__ import annotations

import difflib
import errno
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError

from api import problems
from api.models import QUERY_NAMES, RECURRING_NAMES
from api.problems import Fault, Problem
from queues import errors
from queues.clients import code_of

#: The names that a body may have at each place.
Names = Mapping[tuple[str, ...], Iterable[str]]

#: What AWS answers where table or queue have not been made.
_MISSING = frozenset({"ResourceNotFoundException", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
#: What AWS answers when it does not like the server's own credentials.
_CREDENTIALS = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "InvalidClientTokenId"),
        *("ExpiredToken", "ExpiredTokenException", "InvalidSignatureException", "SignatureDoesNotMatch"),
    }
)
_THROTTLED = frozenset(
    {
        *("ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded", "Throttling"),
        *("RequestThrottled", "TooManyRequestsException", "SlowDown", "LimitExceededException"),
    }
)


def problem_of(error: Exception) -> Problem | None:
    """The problem that tells of an error; None if it is one that nobody foresaw."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, errors.JobyardError):
        return _core(error)
    if isinstance(error, ClientError | BotoCoreError | OSError):
        return _outside(error)
    return None


def _core(error: errors.JobyardError) -> Problem | None:
    text = str(error)
    match error:
        case errors.UnknownJobType():
            return Problem(problems.UNKNOWN_TYPE, text, errors=faults_of(error))
        case errors.InvalidData():
            return Problem(problems.INVALID_DATA, text, errors=faults_of(error))
        case errors.InvalidOption():
            return Problem(problems.INVALID_REQUEST, text, errors=faults_of(error))
        case errors.PayloadTooLarge():
            return Problem(problems.TOO_LARGE, text, errors=faults_of(error))
        case (
            errors.JobNotFound()
            | errors.BulkNotFound()
            | errors.ScheduleNotFound()
            | errors.FlowNotFound()
            | errors.WebhookNotFound()
        ):
            return Problem(problems.NOT_FOUND, text)
        case errors.ScheduleExists():
            return Problem(problems.SCHEDULE_EXISTS, text)
        case errors.ScheduleOfCode():
            return Problem(problems.SCHEDULE_OF_CODE, text)
        case errors.WrongStatus():
            return Problem(problems.WRONG_STATUS, text, jobStatus=error.job.status.value)
        case errors.WrongFlowStatus():
            return Problem(problems.WRONG_STATUS, text, flowPhase=error.phase)
        case errors.EnqueueFailed():
            return _not_accepted(error)
        case errors.Unopenable():
            return Problem(problems.UNOPENABLE, text)
        case errors.Misconfigured():
            return Problem(problems.MISCONFIGURED, text)
    return None


def _not_accepted(error: errors.EnqueueFailed) -> Problem:
    cause = problem_of(error.__cause__) if isinstance(error.__cause__, Exception) else None
    full = cause is not None and cause.kind is problems.DISK_FULL
    why = cause.detail if cause is not None else "the queue did not take their messages"
    return Problem(
        problems.DISK_FULL if full else problems.NOT_ACCEPTED,
        f"{len(error.rejected)} of {len(error.accepted) + len(error.rejected)} jobs were not accepted: {why}; "
        "send those again, best with the same jobId, so that none can run twice",
        accepted=[job.id for job in error.accepted],
        rejected=[job.id for job in error.rejected],
    )


def _outside(error: ClientError | BotoCoreError | OSError) -> Problem | None:
    """AWS, the embedded one too, or the machine refused or did not answer."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Problem(problems.DISK_FULL, "the disk is full: nothing was written; free some space and try again")
    if not isinstance(error, ClientError):
        return Problem(problems.UNAVAILABLE, "the queue or the database did not answer in time; try again")
    code, told = code_of(error), str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    if "disk is full" in told:
        return Problem(problems.DISK_FULL, "the disk is full: nothing was written; free some space and try again")
    if code in _MISSING:
        return Problem(problems.MISCONFIGURED, "a table or a queue does not exist; start `jobyard up` or deploy first")
    if code in _CREDENTIALS:
        return Problem(problems.MISCONFIGURED, f"AWS refused the server's own credentials ({code})")
    if code in _THROTTLED or status >= 500:
        return Problem(problems.UNAVAILABLE, f"the queue or the database cannot answer now ({code}); try again")
    return None


def faults_of(error: errors.JobyardError, *, index: int | None = None) -> list[Fault]:
    """The fields of a new job at which an error points."""
    at = "" if index is None else f"[{index}]."
    match error:
        case errors.UnknownJobType():
            return [Fault(f"{at}type", str(error), error.name, error.suggestion, index)]
        case errors.InvalidData():
            return [
                Fault(f"{at}{_under_data(row['field'])}", row["message"], row.get("value", ...), None, index)
                for row in error.faults
            ]
        case errors.InvalidOption():
            return [Fault(f"{at}{error.name}", error.cure, error.value, None, index)]
        case errors.PayloadTooLarge():
            return [Fault(f"{at}data", str(error), index=index)]
    return []


def _under_data(field: str) -> str:
    return field if field == "data" else f"data.{field}"


def invalid_body(error: ValidationError, names: Names) -> Problem:
    """pydantic's complaints about a body, which may have `names` at each place."""
    return _invalid([_body_fault(row, names) for row in error.errors(include_url=False, include_context=False)])


def invalid_query(rows: Iterable[Mapping[str, Any]]) -> Problem:
    """FastAPI's complaints about a query's parameters."""
    return _invalid([_query_fault(row) for row in rows])


def _invalid(faults: list[Fault]) -> Problem:
    first = faults[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    what = f"{first.field[: problems.MAX_ECHO_CHARS]}: {first.message}{more}"
    return Problem(problems.INVALID_REQUEST, what, errors=faults)


def _body_fault(row: Mapping[str, Any], names: Names) -> Fault:
    loc = tuple(row["loc"])
    index = loc[0] if loc and isinstance(loc[0], int) else None
    inner = loc if index is None else loc[1:]
    path = ".".join(map(str, inner)) or "body"
    field = path if index is None else f"[{index}].{path}" if inner else f"[{index}]"
    known = names.get(tuple(str(part) for part in inner[:-1]), ())
    return _fault(field, row, str(inner[-1]) if inner else "", known, index)


def _query_fault(row: Mapping[str, Any]) -> Fault:
    name = ".".join(map(str, row["loc"][1:])) or "query"
    return _fault(name, row, name, QUERY_NAMES, None)


def _fault(field: str, row: Mapping[str, Any], name: str, known: Iterable[str], index: int | None) -> Fault:
    if row["type"] == "extra_forbidden" and name in RECURRING_NAMES - set(known):
        return Fault(
            field,
            "a recurring job is made with POST /api/v1/jobs/schedules; here `delay` is for one that runs once, later",
            index=index,
        )
    if row["type"] == "extra_forbidden":
        # A long name is nobody's slip of the pen, and comparing it would take long.
        near = difflib.get_close_matches(name, known, n=1) if len(name) <= 64 else []
        cure = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(sorted(known)) or 'none'}"
        return Fault(field, f"unknown name; {cure}", suggestion=near[0] if near else None, index=index)
    value = row.get("input", ...)
    message = "give a JSON object" if row["type"] == "model_type" else row["msg"]
    return Fault(field, message, ... if isinstance(value, BaseModel) else value, index=index)
