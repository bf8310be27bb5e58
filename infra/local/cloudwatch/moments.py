"""Times in their three forms: botocore's datetimes, stored epoch numbers, and the text in reasons and messages."""

from datetime import UTC, datetime
from typing import Any

from botocore.utils import parse_to_aware_datetime


def milliseconds_of(moment: Any) -> int:
    """Epoch milliseconds of a datetime, or of the other forms of a time that botocore takes."""
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        moment = parse_to_aware_datetime(moment)
    return round(float(moment.timestamp()) * 1000)


def seconds_of(moment: Any) -> int:
    """Whole epoch seconds, rounded down."""
    return milliseconds_of(moment) // 1000


def at_seconds(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def at_milliseconds(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def stamp(milliseconds: int) -> str:
    """As in an alarm's StateReasonData and notifications: `2023-10-26T16:43:50.520+0000`."""
    return f"{at_milliseconds(milliseconds):%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}+0000"


def short_stamp(seconds: int) -> str:
    """As in an alarm's StateReason: `26/10/23 16:42:00`."""
    return f"{at_seconds(seconds):%d/%m/%y %H:%M:%S}"
