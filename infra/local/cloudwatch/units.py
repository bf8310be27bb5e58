"""The units of metrics. Data of two units is never mixed, and never converted.

Where a query names no unit and there is data of several, AWS answers the one that comes first in an order of its
own (seen in captured replies) and says that there were more.
"""

#: In the order in which AWS prefers them.
UNITS = (
    "Megabits",
    "Terabits",
    "Gigabits",
    "Count",
    "Bytes",
    "Gigabytes",
    "Gigabytes/Second",
    "Kilobytes",
    "Kilobits/Second",
    "Terabytes",
    "Terabits/Second",
    "Bytes/Second",
    "Percent",
    "Megabytes",
    "Megabits/Second",
    "Milliseconds",
    "Microseconds",
    "Kilobytes/Second",
    "Gigabits/Second",
    "Megabytes/Second",
    "Bits",
    "Bits/Second",
    "Count/Second",
    "Seconds",
    "Kilobits",
    "Terabytes/Second",
    "None",
)

#: Unit -> the number under which it is stored; also its place in the order. Never reorder: files hold the numbers.
NUMBERS = {unit: number for number, unit in enumerate(UNITS)}

DEFAULT_UNIT = "None"
