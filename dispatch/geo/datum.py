"""Chinese map datums to WGS-84 and back. Pure arithmetic on (latitude, longitude) in degrees.

GCJ-02 shifts every place in mainland China by some hundred metres along a smooth curve; BD-09 is Baidu's further shift of GCJ-02.
Neither has a published inverse: both are undone by walking back until the forward shift lands on the given point.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from dispatch.geo.rules import Coordinates, in_mainland_china

KRASOVSKY_AXIS_M = 6378245.0
KRASOVSKY_ECCENTRICITY2 = 0.00669342162296594323
BAIDU_LAT, BAIDU_LON, BAIDU_TURN = 0.006, 0.0065, math.pi * 3000 / 180
ROUNDS = 10
"""Each round leaves under a hundredth of the error before: ten are far below a millimetre."""


def _waves(x: float, *terms: tuple[float, float]) -> float:
    return sum(height * math.sin(x * turns * math.pi) for height, turns in terms) * 2 / 3


def _shift(x: float, y: float) -> tuple[float, float]:
    """The shift (north, east) in the curve's own unit, at x degrees east of 105 and y north of 35."""
    common = 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + _waves(x, (20, 6), (20, 2))
    north = common + 0.1 * math.sqrt(abs(x)) + _waves(y, (20, 1), (40, 1 / 3), (160, 1 / 12), (320, 1 / 30))
    east = common + _waves(x, (20, 1), (40, 1 / 3), (150, 1 / 12), (300, 1 / 30))
    return north - 100 + 2 * x + 3 * y + 0.2 * y * y, east + 300 + x + 2 * y + 0.1 * x * x


def gcj02_from_wgs84(lat: float, lon: float) -> Coordinates:
    """The place as AMap and Tencent draw it. Outside the mainland nothing is shifted."""
    if not in_mainland_china(lat, lon):
        return lat, lon
    north, east = _shift(lon - 105, lat - 35)
    magic = 1 - KRASOVSKY_ECCENTRICITY2 * math.sin(math.radians(lat)) ** 2
    per_lat = KRASOVSKY_AXIS_M * (1 - KRASOVSKY_ECCENTRICITY2) / magic**1.5 * math.pi / 180
    per_lon = KRASOVSKY_AXIS_M / math.sqrt(magic) * math.cos(math.radians(lat)) * math.pi / 180
    return lat + north / per_lat, lon + east / per_lon


def bd09_from_gcj02(lat: float, lon: float) -> Coordinates:
    """The place as Baidu draws it."""
    far = math.hypot(lat, lon) + 0.00002 * math.sin(lat * BAIDU_TURN)
    turn = math.atan2(lat, lon) + 0.000003 * math.cos(lon * BAIDU_TURN)
    return far * math.sin(turn) + BAIDU_LAT, far * math.cos(turn) + BAIDU_LON


def wgs84_from_gcj02(lat: float, lon: float) -> Coordinates:
    """The true place of a point on an AMap or Tencent map."""
    return _undone(gcj02_from_wgs84, lat, lon)


def wgs84_from_bd09(lat: float, lon: float) -> Coordinates:
    """The true place of a point on a Baidu map."""
    return wgs84_from_gcj02(*_undone(bd09_from_gcj02, lat, lon))


def _undone(forward: Callable[[float, float], Coordinates], lat: float, lon: float) -> Coordinates:
    """The point that `forward` carries to (lat, lon)."""
    guess = (lat, lon)
    for _ in range(ROUNDS):
        landed = forward(*guess)
        guess = (guess[0] + lat - landed[0], guess[1] + lon - landed[1])
    return guess
