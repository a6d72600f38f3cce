"""From an address to places, through whichever address service is configured. Several places back means: it stays ambiguous."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from geopy.exc import GeopyError
from geopy.geocoders import BaiduV3, Nominatim

from dispatch.errors import Refusal
from dispatch.geo.datum import wgs84_from_bd09
from dispatch.geo.rules import Coordinates, is_place, metres
from dispatch.words import say

ANSWERS = 5
NEAR_DEGREES = 0.5
"""About 50 km: a hint for the service which of several equal names is meant, never a limit."""

BAIDU_ACCURACY_M = {
    100: 20, 90: 50, 80: 100, 75: 200, 70: 300, 60: 500, 50: 1_000, 40: 2_000, 30: 5_000, 25: 8_000, 20: 10_000,
}  # fmt: skip
"""Baidu's table: from this confidence on, the error is below so many metres."""
UNKNOWN_ACCURACY_M = 20_000


@dataclass(frozen=True)
class Place:
    """A found place: WGS-84 degrees, who says so, how fine (the service's own word), how far off it may be, and its address."""

    lat: float
    lon: float
    source: str
    level: str
    accuracy_m: int
    text: str


class Geocoder(Protocol):
    """What the rest of the product knows of an address service."""

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """Places for an address, best first; none when nothing was found. Raises `AddressServiceAway`."""
        ...


class AddressServiceAway(Refusal):
    """The service did not answer, or refused us."""

    status = 503

    def __init__(self) -> None:
        super().__init__(say("The address service does not answer. Set the pin on the map by hand."))


class NoGeocoder:
    """The default: no service is configured, a person sets the pin."""

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """Nothing, always."""
        return []


class NominatimGeocoder:
    """OpenStreetMap's service, the public one or one's own."""

    def __init__(self, service: Any) -> None:
        """`service` is geopy's Nominatim, or anything with its `geocode`."""
        self.service = service

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """Up to five places; `near` puts those around it first."""
        hint = {"viewbox": _box(near)} if near else {}
        return [_nominatim_place(found) for found in _asked(self.service, address, exactly_one=False, limit=ANSWERS, **hint)]


class BaiduGeocoder:
    """Baidu's service. It answers one place, in BD-09, and geopy puts its level where the address should be."""

    def __init__(self, service: Any) -> None:
        """`service` is geopy's BaiduV3, or anything with its `geocode`."""
        self.service = service

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """One place or none. Baidu takes no hint, so `near` changes nothing."""
        return [_baidu_place(found, address) for found in _asked(self.service, address)]


def geocoder(
    kind: str, *, key: str = "", domain: str = "nominatim.openstreetmap.org", user_agent: str = "", timeout_s: int = 5
) -> Geocoder:
    """The service of the settings: kind is "" (none), "nominatim" (domain, user_agent) or "baidu" (key). ValueError otherwise."""
    if kind in ("", "none"):
        return NoGeocoder()
    if kind == "nominatim":
        return NominatimGeocoder(Nominatim(domain=domain, user_agent=user_agent or None, timeout=timeout_s))
    if kind == "baidu":
        return BaiduGeocoder(BaiduV3(api_key=key, timeout=timeout_s))
    raise ValueError(f"unknown geocoder: {kind}")


def _asked(service: Any, address: str, **options: Any) -> list[Any]:
    """The service's answer as a list of geopy locations at possible places."""
    try:
        answer = service.geocode(address, **options)
    except GeopyError as error:
        raise AddressServiceAway from error
    found = answer if isinstance(answer, list) else [answer] if answer else []
    return [place for place in found if is_place(place.latitude, place.longitude)]


def _box(near: Coordinates) -> list[Coordinates]:
    lat, lon = near
    return [(lat - NEAR_DEGREES, lon - NEAR_DEGREES), (lat + NEAR_DEGREES, lon + NEAR_DEGREES)]


def _nominatim_place(found: Any) -> Place:
    raw: Mapping[str, Any] = found.raw
    level = str(raw.get("addresstype") or raw.get("type") or "")
    accuracy = _half_diagonal(raw.get("boundingbox", ()))
    return Place(found.latitude, found.longitude, "nominatim", level, accuracy, found.address)


def _half_diagonal(box: Sequence[str]) -> int:
    """Metres from the middle to a corner of [south, north, west, east]."""
    if len(box) != 4:
        return UNKNOWN_ACCURACY_M
    south, north, west, east = map(float, box)
    return max(1, round(metres((south, west), (north, east)) / 2))


def _baidu_place(found: Any, address: str) -> Place:
    lat, lon = wgs84_from_bd09(found.latitude, found.longitude)
    confidence = found.raw.get("confidence", 0)
    accuracy = next((far for least, far in BAIDU_ACCURACY_M.items() if confidence >= least), UNKNOWN_ACCURACY_M)
    return Place(lat, lon, "baidu", str(found.raw.get("level", "")), accuracy, address)
