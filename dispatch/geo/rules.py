"""Distances and travel times between places. A place is (latitude, longitude) in degrees, WGS-84."""

from __future__ import annotations

import math

from dispatch.words import Text, say

Coordinates = tuple[float, float]

EARTH_RADIUS_M = 6_371_000
"""The mean radius: a sphere is wrong by at most half a per cent, far less than the factor from great circle to road."""

MAINLAND_SOUTH, MAINLAND_NORTH = 17.9, 53.7
MAINLAND_WEST, MAINLAND_EAST = 73.4, 135.2
TAIWAN_SOUTH, TAIWAN_NORTH, TAIWAN_WEST, TAIWAN_EAST = 21.7, 25.5, 119.9, 122.3


def metres(a: Coordinates, b: Coordinates) -> float:
    """Great-circle distance in metres."""
    south, north = math.radians(a[0]), math.radians(b[0])
    h = math.sin((north - south) / 2) ** 2 + math.cos(south) * math.cos(north) * math.sin(math.radians(b[1] - a[1]) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, h)))


def distance_words(distance_m: float) -> Text:
    """A distance as people say it: metres below a kilometre, kilometres with one decimal below a hundred, whole ones above."""
    if round(distance_m) < 1000:
        return say("%(n)s m", n=f"{distance_m:.0f}")
    km = distance_m / 1000
    return say("%(km)s km", km=f"{km:.1f}" if round(km, 1) < 100 else f"{km:,.0f}")


def travel_seconds(distance_m: float, factor: float, speed_kmh: float) -> int:
    """Whole seconds for a great-circle distance: `factor` makes it a road, `speed_kmh` is the mean speed on it."""
    return round(distance_m * factor / (speed_kmh / 3.6))


def is_place(lat: float, lon: float) -> bool:
    """Whether the numbers can be a place at all; (0, 0) is what broken devices and empty forms send."""
    return math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 and (lat, lon) != (0, 0)


def in_mainland_china(lat: float, lon: float) -> bool:
    """Whether the place lies in the box around the mainland, Taiwan cut out: only there maps are shifted to GCJ-02.

    It is a box, not a border: neighbours near the border and Hong Kong are inside.
    """
    if TAIWAN_SOUTH <= lat <= TAIWAN_NORTH and TAIWAN_WEST <= lon <= TAIWAN_EAST:
        return False
    return MAINLAND_SOUTH <= lat <= MAINLAND_NORTH and MAINLAND_WEST <= lon <= MAINLAND_EAST
