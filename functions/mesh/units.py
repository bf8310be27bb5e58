"""Units of length, and what each is in millimetres. STL and OBJ carry none; 3MF names its own."""

from enum import StrEnum
from math import floor, log10


class Unit(StrEnum):
    """A unit of length, written as in results."""

    MICRON = "um"
    MILLIMETRE = "mm"
    CENTIMETRE = "cm"
    METRE = "m"
    INCH = "in"
    FOOT = "ft"

    @property
    def millimetres(self) -> float:
        """How many millimetres one of it is."""
        return MILLIMETRES[self]


#: Exact by definition (the international inch is 25.4 mm).
MILLIMETRES = {
    Unit.MICRON: 0.001,
    Unit.MILLIMETRE: 1.0,
    Unit.CENTIMETRE: 10.0,
    Unit.METRE: 1000.0,
    Unit.INCH: 25.4,
    Unit.FOOT: 304.8,
}

#: The values of the `unit` attribute of a 3MF model (3MF Core 1.3, section 3.4). Its default is millimeter.
THREEMF_UNITS = {
    "micron": Unit.MICRON,
    "millimeter": Unit.MILLIMETRE,
    "centimeter": Unit.CENTIMETRE,
    "meter": Unit.METRE,
    "inch": Unit.INCH,
    "foot": Unit.FOOT,
}


#: Figures of a measure in a sentence.
FIGURES = 4


def plain(value: float) -> str:
    """A measure as a sentence shows it: four figures, thousands apart, no exponent."""
    if value == 0:
        return "0"
    decimals = max(0, FIGURES - 1 - floor(log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
