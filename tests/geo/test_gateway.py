"""Address services behind one face; geopy is faked, nothing leaves the machine."""

from __future__ import annotations

from typing import Any

import pytest
from geopy.exc import GeocoderTimedOut
from geopy.location import Location

from dispatch.geo.datum import bd09_from_gcj02, gcj02_from_wgs84
from dispatch.geo.gateway import AddressServiceAway, BaiduGeocoder, NominatimGeocoder, geocoder
from dispatch.geo.rules import metres

YARD = (22.5531, 113.9012)


class FakeService:
    """Answers what it was told to, and remembers what it was asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def geocode(self, address: str, **options: Any) -> Any:
        self.asked.append((address, options))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def location(lat: float, lon: float, raw: dict[str, Any], address: str = "") -> Location:
    return Location(address, (lat, lon), raw)


def test_nominatim_keeps_an_ambiguous_name_ambiguous():
    answers = [
        location(39.92, 116.44, {"addresstype": "suburb", "boundingbox": ["39.8", "40.1", "116.3", "116.6"]}, "朝阳区, 北京市"),
        location(43.83, 125.29, {"type": "administrative"}, "朝阳区, 长春市"),
    ]
    beijing, changchun = NominatimGeocoder(FakeService(answers)).find("朝阳区")
    assert (beijing.level, beijing.source, beijing.text) == ("suburb", "nominatim", "朝阳区, 北京市")
    assert 15_000 < beijing.accuracy_m < 25_000
    assert (changchun.level, changchun.accuracy_m) == ("administrative", 20_000)


def test_nominatim_is_told_where_we_are():
    service = FakeService(None)
    assert NominatimGeocoder(service).find("人民路 1", near=YARD) == []
    ((_, options),) = service.asked
    assert options["exactly_one"] is False and options["limit"] == 5
    assert options["viewbox"] == [(YARD[0] - 0.5, YARD[1] - 0.5), (YARD[0] + 0.5, YARD[1] + 0.5)]


def test_baidu_answers_in_its_own_datum_and_we_store_ours():
    drawn = bd09_from_gcj02(*gcj02_from_wgs84(*YARD))
    service = FakeService(location(*drawn, {"level": "门址", "confidence": 80}, "门址"))
    (found,) = BaiduGeocoder(service).find("宝安区航城街道 8 号", near=YARD)
    assert metres((found.lat, found.lon), YARD) < 0.01
    assert (found.level, found.accuracy_m, found.text, found.source) == ("门址", 100, "宝安区航城街道 8 号", "baidu")
    assert service.asked == [("宝安区航城街道 8 号", {})]


def test_baidu_unsure_of_itself_is_off_by_kilometres():
    (found,) = BaiduGeocoder(FakeService(location(22.5, 114, {"level": "区县", "confidence": 10}))).find("宝安区")
    assert found.accuracy_m == 20_000


def test_an_answer_at_nowhere_is_no_answer():
    assert BaiduGeocoder(FakeService(location(0, 0, {}))).find("?") == []


@pytest.mark.parametrize("make", [NominatimGeocoder, BaiduGeocoder])
def test_a_silent_service_is_told_in_a_sentence(make):
    with pytest.raises(AddressServiceAway) as refused:
        make(FakeService(GeocoderTimedOut("no answer"))).find("宝安区")
    assert refused.value.status == 503 and "by hand" in str(refused.value)


def test_services_come_from_the_settings():
    nominatim = geocoder("nominatim", domain="maps.example.org")
    assert isinstance(nominatim, NominatimGeocoder) and "maps.example.org" in nominatim.service.api
    baidu = geocoder("baidu", key="secret", timeout_s=3)
    assert isinstance(baidu, BaiduGeocoder) and baidu.service.api_key == "secret" and baidu.service.timeout == 3
    with pytest.raises(ValueError, match="unknown geocoder: google"):
        geocoder("google")
