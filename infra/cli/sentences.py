"""Errors that a user can do something about, as one sentence and an exit code. What is not here is a bug and keeps its
traceback."""

from __future__ import annotations

import errno

from infra.cli.exits import CommandFailed, Exit


def sentence_of(error: BaseException) -> tuple[str, Exit] | None:
    """What to print for an error, and what to answer; None if nobody foresaw it."""
    if isinstance(error, CommandFailed):
        return str(error), error.code
    if isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        return sentence_of(error.exceptions[0])
    if isinstance(error, OSError):
        return _of_the_machine(error), Exit.FAILED
    return _of_ours(error) or _of_aws(error)


def _of_the_machine(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        where = f" {error.filename}" if error.filename else ""
        return f"cannot write{where}: the disk is full; free some space and try again"
    if error.filename is None:
        return str(error)
    cure = "make it writable, or choose another folder with --data or JOBYARD_DATA"
    return f"cannot use {error.filename}: {(error.strerror or str(error)).lower()}; {cure}"


def _of_ours(error: BaseException) -> tuple[str, Exit] | None:
    from infra.local.errors import EngineError
    from queues.errors import InvalidData, InvalidOption, JobyardError, UnknownJobType

    if isinstance(error, UnknownJobType | InvalidData | InvalidOption):
        return str(error), Exit.USAGE
    if isinstance(error, JobyardError | EngineError):
        return str(error), Exit.FAILED
    return None


def _of_aws(error: BaseException) -> tuple[str, Exit] | None:
    from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

    if isinstance(error, NoCredentialsError):
        cure = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; or AWS_ENDPOINT_URL for an emulator"
        return f"no AWS credentials were found; {cure}", Exit.UNREACHABLE
    if isinstance(error, EndpointConnectionError):
        return f"{str(error).rstrip('.')}; is it running, and is AWS_ENDPOINT_URL right?", Exit.UNREACHABLE
    if isinstance(error, ClientError):
        told = error.response.get("Error", {})
        return f"AWS refused {error.operation_name}: {told.get('Message') or told.get('Code')}", Exit.FAILED
    if isinstance(error, BotoCoreError):
        return f"AWS: {error}", Exit.FAILED
    return None
