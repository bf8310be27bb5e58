"""Why a mail was not sent, in the two kinds that decide a job's fate: trying again helps, or not."""

from queues.errors import JobyardError


class MailRefused(JobyardError):
    """The server will never take this message for anybody: what it answered began with a 5."""


class MailUnavailable(JobyardError):
    """Nobody has it as far as is known, and trying again may help: no connection, no session, or a 4xx."""
