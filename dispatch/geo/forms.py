"""A place as people paste it from a map -> degrees in WGS-84."""

from __future__ import annotations

import re
import unicodedata

from dispatch.geo.datum import wgs84_from_bd09, wgs84_from_gcj02
from dispatch.geo.rules import Coordinates, is_place
from dispatch.words import Text, say

DATUMS: dict[str, Text] = {
    "wgs84": say("GPS, OpenStreetMap, Google Earth"),
    "gcj02": say("AMap, Tencent maps"),
    "bd09": say("Baidu maps"),
}
"""The maps that people copy places from, by the datum they are drawn in."""

_PLACE = re.compile(r"\s*\(?\s*([+-]?\d{1,3}(?:\.\d+)?)\s*[,;/、\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*\)?\s*")


def read_place(typed: str, datum: str = "wgs84") -> Coordinates | Text:
    """`22.639, 113.811` as the map of `datum` shows it -> (latitude, longitude) in WGS-84, or what is wrong with it.

    Longitude first is understood where only one order can be meant: Baidu and AMap copy it that way.
    """
    match = _PLACE.fullmatch(unicodedata.normalize("NFKC", typed))
    if not match:
        return say("Write the place as latitude, longitude: 22.639, 113.811")
    lat, lon = float(match[1]), float(match[2])
    if abs(lat) > 90:
        lat, lon = lon, lat
    return _true_place(lat, lon, datum) if is_place(lat, lon) else say("There is no such place on earth.")


def _true_place(lat: float, lon: float, datum: str) -> Coordinates:
    turned = {"gcj02": wgs84_from_gcj02, "bd09": wgs84_from_bd09}
    true_lat, true_lon = turned[datum](lat, lon) if datum in turned else (lat, lon)
    # Plus nothing: there is no place at minus zero.
    return round(true_lat, 6) + 0.0, round(true_lon, 6) + 0.0
