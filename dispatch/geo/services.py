"""Address services of Chinese maps that geopy has not: AMap (高德), Tencent (腾讯), Tianditu (天地图); asked as geopy asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderInsufficientPrivileges,
    GeocoderQuotaExceeded,
    GeocoderServiceError,
    GeopyError,
)
from geopy.geocoders.base import Geocoder
from geopy.location import Location

Refusals = Mapping[str, type[GeopyError]]


class _OfKey(Geocoder):  # type: ignore[misc]
    """A service that is asked with a key and an address by one address of its own, and tells by a word whether it went well."""

    api = ""
    good: tuple[str, ...] = ()
    refusals: Refusals = {}

    def __init__(self, key: str, *, timeout: float, adapter_factory: Any = None) -> None:
        super().__init__(timeout=timeout, adapter_factory=adapter_factory)
        self.key = key

    def geocode(self, address: str, **_options: Any) -> list[Location]:
        """The places it knows for an address. Raises GeopyError."""
        found: list[Location] = self._call_geocoder(f"{self.api}?{urlencode(self.question(address))}", self._read)
        return found

    def _read(self, answer: Any) -> list[Location]:
        word = str(answer.get("status", "")) if isinstance(answer, dict) else ""
        if word not in self.good:
            raise self.refusals.get(self.why(answer), GeocoderServiceError)(f"{type(self).__name__}: {self.why(answer)}")
        try:
            return self.places(answer)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GeocoderServiceError(f"{type(self).__name__}: an answer in another shape") from error

    def question(self, address: str) -> dict[str, str]:
        """What stands behind the question mark."""
        raise NotImplementedError

    def why(self, answer: Any) -> str:
        """The service's own word for what went wrong."""
        return str(answer.get("status", "")) if isinstance(answer, dict) else ""

    def places(self, answer: dict[str, Any]) -> list[Location]:
        """The places of an answer that went well."""
        raise NotImplementedError


class AMap(_OfKey):
    """高德: several places where a name is not clear. GCJ-02."""

    api = "https://restapi.amap.com/v3/geocode/geo"
    good = ("1",)
    refusals: Refusals = {
        "10001": GeocoderAuthenticationFailure,
        "10003": GeocoderQuotaExceeded,
        "10004": GeocoderQuotaExceeded,
        "10009": GeocoderInsufficientPrivileges,
        "10044": GeocoderQuotaExceeded,
    }

    def question(self, address: str) -> dict[str, str]:
        """Address and key."""
        return {"address": address, "key": self.key}

    def why(self, answer: Any) -> str:
        """Its number of what went wrong."""
        return str(answer.get("infocode", "")) if isinstance(answer, dict) else ""

    def places(self, answer: dict[str, Any]) -> list[Location]:
        """`location` is longitude, latitude."""
        found = []
        for one in answer["geocodes"]:
            lon, lat = map(float, one["location"].split(","))
            found.append(Location(one["formatted_address"], (lat, lon), one))
        return found


class Tencent(_OfKey):
    """腾讯: one place, with its reliability. GCJ-02. What it does not know is an error of its own, 347."""

    api = "https://apis.map.qq.com/ws/geocoder/v1/"
    good = ("0", "347")
    refusals: Refusals = {
        "110": GeocoderInsufficientPrivileges,
        "120": GeocoderQuotaExceeded,
        "121": GeocoderQuotaExceeded,
        "311": GeocoderAuthenticationFailure,
    }

    def question(self, address: str) -> dict[str, str]:
        """Address and key."""
        return {"address": address, "key": self.key}

    def places(self, answer: dict[str, Any]) -> list[Location]:
        """The one place, with the parts of its address put together."""
        one = answer.get("result")
        if answer["status"] == 347 or not one:
            return []
        parts = one.get("address_components", {})
        names = [parts.get(name) or "" for name in ("province", "city", "district", "street", "street_number")]
        text = "".join(name for at, name in enumerate(names) if name not in names[:at])
        return [Location(text or str(one.get("title", "")), (one["location"]["lat"], one["location"]["lng"]), one)]


class Tianditu(_OfKey):
    """天地图, the state's map: one place with a score. CGCS2000, which is WGS-84 to the centimetre."""

    api = "https://api.tianditu.gov.cn/geocoder"
    good = ("0", "101")

    def question(self, address: str) -> dict[str, str]:
        """The address in JSON, and the key."""
        return {"ds": json.dumps({"keyWord": address}, ensure_ascii=False), "tk": self.key}

    def places(self, answer: dict[str, Any]) -> list[Location]:
        """The one place; 101 means none."""
        one = answer.get("location")
        if str(answer["status"]) == "101" or not one:
            return []
        return [Location(str(one.get("keyWord", "")), (float(one["lat"]), float(one["lon"])), one)]
