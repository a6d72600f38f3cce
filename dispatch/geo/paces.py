"""How fast one gets about: by how far it is, by the hour, and by what drives really took. Plain arithmetic.

A drive begins on streets, goes on through the town and ends on the motorway, so each `Band` of a drive has its own speed and its
own detour: a longer way never takes less time. By the hour all speeds of a place rise and fall together (`percent`). What was
learned from drives multiplies the whole time, in full in the middle of a band and gliding from one band to the next.

What is exact and what is not: `curve` gives the time of a drive that lies within one part of the day. A day is planned with one
table (`mean`), the mean over the hours that are worked: a drive in the rush hour is planned shorter than it is, one at noon
longer. A drive that begins before the rush and ends in it is nowhere cut in two.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from dispatch.words import Text, say

Curve = tuple[tuple[float, float, float], ...]
"""Points (straight metres, metres on the road, seconds); between two points all three grow evenly."""
Stretch = tuple[tuple[float, float], ...]
"""Points (straight metres, factor), even between them."""
Learned = Mapping[tuple[str, str], float]
"""What the time of drives is multiplied by, by band and part of the day."""

DAY_S = 24 * 3600
PARTS: dict[str, tuple[Text, tuple[tuple[int, int], ...]]] = {
    "morning": (say("Morning rush"), ((7 * 3600, 9 * 3600 + 1800),)),
    "day": (say("By day"), ((9 * 3600 + 1800, 17 * 3600),)),
    "evening": (say("Evening rush"), ((17 * 3600, 19 * 3600 + 1800),)),
    "night": (say("At night"), ((0, 7 * 3600), (19 * 3600 + 1800, DAY_S))),
}
"""The parts of a day with their names and hours, in seconds after midnight."""
USUAL_PERCENT = {"morning": 75, "day": 100, "evening": 70, "night": 125}
"""Of the speed by day, in a Chinese city."""
_BEGINS = sorted((start, part) for part, (_, spans) in PARTS.items() for start, _ in spans)


@dataclass(frozen=True)
class Band:
    """A part of each drive: its name, from and to where it reaches (straight metres), how far a drive is that is all of its
    kind, and what it has of the usual speed and the usual detour.
    """

    name: Text
    begins_m: int
    ends_m: int
    middle_m: int
    speed: float
    factor: float


AROUND_THE_EARTH_M = 21_000_000
BANDS: dict[str, Band] = {
    "street": Band(say("Streets"), 0, 3_000, 1_500, 0.75, 1.1),
    "town": Band(say("Through the town"), 3_000, 10_000, 6_000, 1, 1),
    "suburb": Band(say("Suburbs"), 10_000, 30_000, 18_000, 1.5, 1),
    "country": Band(say("Between towns"), 30_000, AROUND_THE_EARTH_M, 60_000, 2.2, 0.95),
}
_FINER = {500, 1_000, 4_500, 8_000, 100_000}
_KNOTS = sorted(_FINER.union(*({band.begins_m, band.middle_m, band.ends_m} for band in BANDS.values())))


@dataclass(frozen=True)
class Pace:
    """How a band is driven by day: metres on the road for each straight one, and km/h on it."""

    factor: float
    speed_kmh: float


@dataclass(frozen=True)
class Paces:
    """How a branch gets about. `percent` is of the speed by day; `learned` corrects these, `measured` what a road engine says."""

    bands: Mapping[str, Pace]
    percent: Mapping[str, float]
    learned: Learned = field(default_factory=dict)
    measured: Learned = field(default_factory=dict)

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The curve of each part of the day."""
        return {part: self.curve(part) for part in PARTS}

    def curve(self, part: str) -> Curve:
        """Metres and seconds of a drive that lies within one part of the day."""
        slower = 100 / self.percent[part]
        return _risen((at, road, s * slower * _between(self.learned, part, at)) for at, road, s in self._by_day())

    def mean(self, hours: tuple[int, int]) -> Curve:
        """The same as the mean over hours of a day, each as often as the other."""
        shares = _shares(hours)
        return tuple(
            (at, road, sum(share * self.curves[part][nth][2] for part, share in shares.items()))
            for nth, (at, road, _) in enumerate(self.curves["day"])
        )

    def measured_mean(self, hours: tuple[int, int]) -> Stretch:
        """What the seconds of a road engine are multiplied by, over hours of a day; nothing where nothing was learned."""
        shares = _shares(hours)
        if not self.measured:
            return ()
        return tuple((at, sum(share * _between(self.measured, part, at) for part, share in shares.items())) for at in _KNOTS)

    def _by_day(self) -> Curve:
        points, road, seconds = [(0.0, 0.0, 0.0)], 0.0, 0.0
        for start, end in pairwise(_KNOTS):
            pace = self.bands[band_of(start)]
            road += (end - start) * pace.factor
            seconds += (end - start) * pace.factor / (pace.speed_kmh / 3.6)
            points.append((end, road, seconds))
        return tuple(points)


def usual_paces(factor: float, speed_kmh: float) -> Paces:
    """Paces of a place of which only the detour and the speed in its town are known."""
    bands = {name: Pace(round(factor * band.factor, 2), round(speed_kmh * band.speed, 1)) for name, band in BANDS.items()}
    return Paces(bands, USUAL_PERCENT)


def band_of(straight_m: float) -> str:
    """In which band so far away is."""
    return next(name for name, band in BANDS.items() if straight_m < band.ends_m)


def part_at(second: int) -> str:
    """Which part of the day a moment is in, given in seconds after midnight."""
    return _BEGINS[bisect_right(_BEGINS, (second % DAY_S, "~")) - 1][1]


def along(points: Curve | Stretch, straight_m: float) -> float:
    """The last number of the points, so many metres away."""
    nth = min(max(1, bisect_right([point[0] for point in points], straight_m)), len(points) - 1)
    before, after = points[nth - 1], points[nth]
    share = min(1.0, max(0.0, (straight_m - before[0]) / (after[0] - before[0])))
    return before[-1] + share * (after[-1] - before[-1])


def _between(learned: Learned, part: str, at: float) -> float:
    """What was learned of a part of the day, gliding from the middle of one band to that of the next."""
    return along(tuple((band.middle_m, learned.get((name, part), 1.0)) for name, band in BANDS.items()), at)


def _risen(points: Iterable[tuple[float, float, float]]) -> Curve:
    """The points, none of them below the one before: further away is never sooner there."""
    risen: list[tuple[float, float, float]] = []
    for at, road, seconds in points:
        risen.append((at, road, max(seconds, risen[-1][2] if risen else 0.0)))
    return tuple(risen)


def _shares(hours: tuple[int, int]) -> dict[str, float]:
    """How much of some hours each part of the day takes."""
    length = hours[1] - hours[0]
    held = {part: sum(_common(hours, span) for span in spans) for part, (_, spans) in PARTS.items()}
    return {part: seconds / length for part, seconds in held.items() if seconds} if length > 0 else {"day": 1.0}


def _common(one: tuple[int, int], other: tuple[int, int]) -> int:
    """How many seconds two spans have in common."""
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))
