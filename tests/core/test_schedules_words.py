"""What a schedule's times read like in English."""

from __future__ import annotations

import pytest

from queues.schedule import read, to_aws
from queues.schedules.words import describe


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 * * 1-5", "at 09:00, Monday to Friday, Europe/Berlin"),
        ("0 9 * * *", "at 09:00, Europe/Berlin"),
        ("30 2 * * 0", "at 02:30, on Sunday, Europe/Berlin"),
        ("0 9,17 * * 1,5", "at 09:00 and 17:00, on Monday and Friday, Europe/Berlin"),
        ("*/15 * * * *", "every 15 minutes, Europe/Berlin"),
        ("0,30 8-9 * * *", "at 08:00, 08:30, 09:00 and 09:30, Europe/Berlin"),
        ("* * * * *", "every minute, Europe/Berlin"),
        ("0 * * * *", "every hour, Europe/Berlin"),
        ("5 * * * *", "at minute 5 of every hour, Europe/Berlin"),
        ("0 */2 * * *", "every 2 hours, Europe/Berlin"),
        ("*/5 8-17 * * 1-5", "every 5 minutes from 08:00 to 17:55, Monday to Friday, Europe/Berlin"),
        ("10,20 6-18 * * *", "at minutes 10 and 20 of hours 6 to 18, Europe/Berlin"),
        ("0 0 1 * *", "at 00:00, on day 1 of the month, Europe/Berlin"),
        ("0 0 1,15 1,7 *", "at 00:00, on days 1 and 15 of the month, in January and July, Europe/Berlin"),
        ("cron(0 18 L * ? *)", "at 18:00, on the last day of the month, Europe/Berlin"),
        ("cron(0 18 LW * ? *)", "at 18:00, on the last working day of the month, Europe/Berlin"),
        ("cron(0 18 15W * ? *)", "at 18:00, on the working day nearest to day 15 of the month, Europe/Berlin"),
        ("cron(0 9 ? * 3#2 *)", "at 09:00, on the second Tuesday of the month, Europe/Berlin"),
        ("cron(0 9 ? * 6L 2030-2032)", "at 09:00, on the last Friday of the month, in 2030 to 2032, Europe/Berlin"),
        ("rate(1 minute)", "every minute"),
        ("rate(90 minutes)", "every 90 minutes"),
        ("rate(120 minutes)", "every 2 hours"),
        ("rate(7 days)", "every 7 days"),
        ("at(2030-01-31T09:00:00)", "once, on Thursday 31 January 2030 at 09:00:00, Europe/Berlin"),
    ],
)
def test_it_reads(expression: str, words: str) -> None:
    zone = "Europe/Berlin"
    assert describe(read(to_aws(expression), zone), zone) == words
