"""What can go wrong with a stranger's URL, in the two kinds that decide a job's fate: trying again helps, or not."""

from queues.errors import JobyardError


class FetchError(JobyardError):
    """A URL could not be read. The message names the URL without its secrets, the value at fault and the cure."""


class FetchRefused(FetchError):
    """Trying again cannot help: a bad scheme, outside the roots, a private address, not found, too large."""


class FetchUnavailable(FetchError):
    """Trying again may help: a time-out, a broken connection, a name server that did not answer, a 429 or a 5xx."""
