"""A branch's speeds as they are typed -> what it says, or a refusal beside each field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from dispatch.board.travel_queries import Said
from dispatch.geo.paces import BANDS, PARTS, Paces
from dispatch.tabular.cells import read_decimal
from dispatch.typed import Typed
from dispatch.words import Text, say


def read_speeds(typed: Mapping[str, str], usual: Paces) -> Said:
    """Fields factor-BAND, speed-BAND, percent-PART; what is empty, or as usual, is left to what is usual. Raises Invalid."""
    reader = Typed(typed)
    said = Said(
        _figures(reader, "factor", BANDS, between(1, 5)),
        _figures(reader, "speed", BANDS, between(1, 200)),
        _figures(reader, "percent", PARTS, between(10, 300)),
    )
    reader.check()
    return said.unlike(usual)


def _figures(reader: Typed, kind: str, names: Iterable[str], read: Callable[[str], float | Text]) -> dict[str, float]:
    found = {name: reader.maybe(f"{kind}-{name}", read) for name in names}
    return {name: figure for name, figure in found.items() if figure is not None}


def between(least: int, most: int) -> Callable[[str], float | Text]:
    """A reader of numbers within bounds, with at most two decimals."""

    def read(text: str) -> float | Text:
        number = read_decimal(text.removesuffix("%"))
        if isinstance(number, Decimal) and least <= number <= most:
            return float(round(number, 2))
        return say("A number from %(least)s to %(most)s, please.", least=least, most=most)

    return read


def typed_of(paces: Paces) -> dict[str, str]:
    """How fast a branch is, as it would be typed."""
    factors = {f"factor-{band}": pace.factor for band, pace in paces.bands.items()}
    speeds = {f"speed-{band}": pace.speed_kmh for band, pace in paces.bands.items()}
    percent = {f"percent-{part}": figure for part, figure in paces.percent.items()}
    return {name: f"{figure:g}" for name, figure in (factors | speeds | percent).items()}
