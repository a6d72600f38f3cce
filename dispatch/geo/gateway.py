"""From an address to places, through whichever address service is configured. Several places back means: it stays ambiguous."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from geopy.exc import GeopyError
from geopy.geocoders import BaiduV3, Nominatim

from dispatch.errors import Refusal
from dispatch.geo.datum import wgs84_from_bd09, wgs84_from_gcj02
from dispatch.geo.rules import Coordinates, is_place, metres
from dispatch.geo.services import AMap, Tencent, Tianditu
from dispatch.words import say

ANSWERS = 5
AGENT = "gps-dispatch"
PUBLIC = "nominatim.openstreetmap.org"
NEAR_DEGREES = 0.5
"""About 50 km: a hint for the service which of several equal names is meant, never a limit."""

BAIDU_ACCURACY_M = {
    100: 20, 90: 50, 80: 100, 75: 200, 70: 300, 60: 500, 50: 1_000, 40: 2_000, 30: 5_000, 25: 8_000, 20: 10_000,
}  # fmt: skip
"""Baidu's table: from this confidence on, the error is below so many metres."""
AMAP_ACCURACY_M = {
    "门牌号": 50, "单元号": 50, "兴趣点": 100, "公交站台、地铁站": 200, "道路交叉路口": 200, "热点商圈": 1_000,
    "道路": 2_000, "村庄": 2_000, "开发区": 3_000, "乡镇": 5_000, "区县": 15_000, "市": 50_000, "省": 300_000,
}  # fmt: skip
"""AMap says what it found, not how exactly: so far off one of these may be, as a person would say it."""
TENCENT_ACCURACY_M = {9: 100, 7: 1_000, 5: 2_000, 3: 5_000, 2: 15_000, 1: 50_000}
"""Tencent's level: from 9 on it is a point."""
TENCENT_RELIABLE, TENCENT_UNRELIABLE_M = 7, 2_000
TIANDITU_ACCURACY_M = {95: 100, 85: 300, 70: 1_000, 50: 5_000}
"""By the score that Tianditu gives itself."""
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


class ShiftedGeocoder:
    """One of the services of our own: its answers are turned into places by `read`."""

    def __init__(self, service: Any, read: Callable[[Any], Place]) -> None:
        """`service` has geopy's `geocode`."""
        self.service = service
        self.read = read

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """What it knows; `near` changes nothing."""
        return [self.read(found) for found in _asked(self.service, address)][:ANSWERS]


class Chain:
    """Several services, each asked when those before it know nothing or do not answer."""

    def __init__(self, services: Sequence[Geocoder]) -> None:
        """In the order in which they are asked."""
        self.services = services

    def find(self, address: str, near: Coordinates | None = None) -> list[Place]:
        """The places of the first that knows any. Raises AddressServiceAway if none knows any and one did not answer."""
        away: AddressServiceAway | None = None
        for service in self.services:
            try:
                found = service.find(address, near)
            except AddressServiceAway as error:
                away = error
                continue
            if found:
                return found
        if away:
            raise away
        return []


KINDS = ("amap", "tencent", "tianditu", "baidu", "nominatim")


def geocoder(kind: str, *, key: str = "", domain: str = "", timeout_s: float = 5) -> Geocoder:
    """One service: kind is one of `KINDS`; `domain` is whose Nominatim. ValueError otherwise."""
    if kind == "nominatim":
        return NominatimGeocoder(Nominatim(domain=domain or PUBLIC, user_agent=AGENT, timeout=timeout_s))
    if kind == "baidu":
        return BaiduGeocoder(BaiduV3(api_key=key, timeout=timeout_s))
    if kind == "amap":
        return ShiftedGeocoder(AMap(key, timeout=timeout_s), _amap_place)
    if kind == "tencent":
        return ShiftedGeocoder(Tencent(key, timeout=timeout_s), _tencent_place)
    if kind == "tianditu":
        return ShiftedGeocoder(Tianditu(key, timeout=timeout_s), _tianditu_place)
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


def _amap_place(found: Any) -> Place:
    level = str(found.raw.get("level", ""))
    at = wgs84_from_gcj02(found.latitude, found.longitude)
    return Place(*at, "amap", level, AMAP_ACCURACY_M.get(level, UNKNOWN_ACCURACY_M), found.address)


def _tencent_place(found: Any) -> Place:
    level = int(found.raw.get("level", 0))
    accuracy = next((far for least, far in TENCENT_ACCURACY_M.items() if level >= least), UNKNOWN_ACCURACY_M)
    if found.raw.get("reliability", 0) < TENCENT_RELIABLE:
        accuracy = max(accuracy, TENCENT_UNRELIABLE_M)
    return Place(*wgs84_from_gcj02(found.latitude, found.longitude), "tencent", str(level), accuracy, found.address)


def _tianditu_place(found: Any) -> Place:
    score = int(found.raw.get("score", 0))
    accuracy = next((far for least, far in TIANDITU_ACCURACY_M.items() if score >= least), UNKNOWN_ACCURACY_M)
    return Place(found.latitude, found.longitude, "tianditu", str(found.raw.get("level", "")), accuracy, found.address)
