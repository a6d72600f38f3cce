"""What several parts of a pack tell in the same form."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.words import Text

Said = Text | str


@dataclass(frozen=True)
class Person:
    """Somebody with a name and a number to call."""

    name: str
    phone: str | None
    note: str | None = None
    """A driver's shift."""


@dataclass(frozen=True)
class Place:
    """Where a visit is, in WGS-84. `accuracy_m`: how far off it may be; `source`: pin, file, geocoder, device or district. A
    sketch is drawn from this, the places of the visits before and after it, and that of the office."""

    address: str
    lat: float | None
    lon: float | None
    accuracy_m: int | None
    source: str | None
