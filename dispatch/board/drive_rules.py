"""What drives teach about the time that they were expected to take. Pure: drives in, corrections out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

SOURCES = ("usual", "osrm", "valhalla")
"""Whom a time is expected from: the figures of the branch, or a road engine."""
LEAST, MOST = 0.5, 2.5
LEAST_M, LEAST_S, MOST_S = 300, 120, 3 * 3600
"""Below is looking for a place to park; beyond, something else was done on the way."""
DOUBT = 8
"""So many drives that took just as long as expected stand against those that were seen."""


@dataclass(frozen=True)
class Drive:
    """One drive: how far it was straight, in which part of the day, how long it was expected to take, and took."""

    band: str
    part: str
    expected_s: float
    took_s: float

    @property
    def ratio(self) -> float:
        """What the expected time is to be multiplied by."""
        return self.took_s / self.expected_s


@dataclass(frozen=True)
class Correction:
    """What some drives taught: the factor, how many there were, by how many per cent the middle one was off before and after."""

    band: str
    part: str
    factor: float
    drives: int
    off_before: float
    off_after: float


def is_plausible(straight_m: float, took_s: float) -> bool:
    """Whether this can have been a drive from one to the other."""
    return straight_m >= LEAST_M and LEAST_S <= took_s <= MOST_S


def corrections(drives: Iterable[Drive]) -> list[Correction]:
    """What drives teach, for each band and part of the day of which there were any."""
    groups: dict[tuple[str, str], list[Drive]] = {}
    for drive in drives:
        if drive.expected_s > 0:
            groups.setdefault((drive.band, drive.part), []).append(drive)
    return [_correction(band, part, group) for (band, part), group in sorted(groups.items())]


def _correction(band: str, part: str, drives: Sequence[Drive]) -> Correction:
    others = [taught(half) for half in reversed(_halves(drives))]
    return Correction(band, part, taught(drives), len(drives), _off(drives, 1, 1), _off(drives, *others))


def taught(drives: Sequence[Drive]) -> float:
    """The middle ratio, drawn towards one where the drives are few, never beyond the bounds; one of no drives."""
    if not drives:
        return 1.0
    trust = len(drives) / (len(drives) + DOUBT)
    return min(MOST, max(LEAST, math.exp(trust * math.log(median(drive.ratio for drive in drives)))))


def _halves(drives: Sequence[Drive]) -> tuple[Sequence[Drive], Sequence[Drive]]:
    return drives[::2], drives[1::2]


def _off(drives: Sequence[Drive], first: float, second: float) -> float:
    """By how many per cent of what it took the middle drive was wrong, with a factor for each half of them.

    Each half is judged by what the other half taught: nobody is shown how well he knows what he was told.
    """
    pairs = ((drive, factor) for half, factor in zip(_halves(drives), (first, second), strict=True) for drive in half)
    return median(abs(drive.expected_s * factor / drive.took_s - 1) * 100 for drive, factor in pairs)


def middle(pairs: Iterable[tuple[float, int]]) -> float | None:
    """The mean of figures, each as often as it was seen."""
    known = list(pairs)
    count = sum(often for _, often in known)
    return sum(figure * often for figure, often in known) / count if count else None
