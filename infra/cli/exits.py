"""What the command line answers to the shell, and the error that ends a command with it."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes; docs/cli.md lists them for users."""

    #: It was done; a job that was waited for has completed.
    DONE = 0
    #: The job has failed; `doctor` has found something; or the command could not do its work.
    FAILED = 1
    #: The command line is wrong, or the API refused the request: unknown type, invalid data, no such job, bad token.
    USAGE = 2
    #: The job was cancelled.
    CANCELLED = 3
    #: No server answered, or one that could not serve.
    UNREACHABLE = 4
    #: The job had not ended when the waiting was over; it goes on.
    WAITED = 124
    #: Ctrl-C.
    INTERRUPTED = 130


#: The exit code for a job that was waited for, by its status.
BY_STATUS = {"completed": Exit.DONE, "failed": Exit.FAILED, "cancelled": Exit.CANCELLED}


class CommandFailed(Exception):
    """Ends a command: a sentence for stderr, and the exit code."""

    def __init__(self, sentence: str, code: Exit = Exit.FAILED):
        super().__init__(sentence)
        self.code = code
