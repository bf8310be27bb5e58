"""Points in time as clients write and read them: epoch milliseconds inside, dates outside."""

from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.utils import parse_to_aware_datetime

from infra.local.scheduler.errors import invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def to_ms(value: Any) -> int:
    """Epoch ms of whatever botocore takes for a timestamp: a datetime, a number of seconds, or text.

    Raises ValidationException for what no calendar has.
    """
    try:
        return int((parse_to_aware_datetime(value) - EPOCH) // MILLISECOND)
    except (ValueError, OverflowError, OSError):
        raise invalid(f"Invalid timestamp {value}.") from None


def to_date(moment: int) -> datetime:
    return EPOCH + moment * MILLISECOND


def to_text(moment: int) -> str:
    """As the Scheduler writes times into payloads: `2022-03-22T18:59:43Z`."""
    return to_date(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
