"""Chinese address services as geopy asks them, without a network; and several in a chain."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from geopy.adapters import BaseAdapter

from dispatch.geo.datum import gcj02_from_wgs84
from dispatch.geo.gateway import AddressServiceAway, Chain, Geocoder, Place, geocoder
from dispatch.geo.rules import metres
from dispatch.geo.services import AMap, Tencent, Tianditu

YARD = (22.5531, 113.9012)
DRAWN = gcj02_from_wgs84(*YARD)
ADDRESS = "深圳市宝安区航城街道 8 号"


class Wire(BaseAdapter):
    """Answers what it is told to, and remembers what was asked."""

    is_available = True

    def __init__(self, answer: Any) -> None:
        super().__init__(proxies=None, ssl_context=None)
        self.answer, self.asked = answer, list[str]()

    def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
        self.asked.append(url)
        return self.answer

    def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:
        raise NotImplementedError


def answering(kind: str, answer: Any) -> tuple[Geocoder, Wire]:
    """A service whose wire answers this."""
    found, wire = geocoder(kind, key="k"), Wire(answer)
    found.service.adapter = wire  # type: ignore[attr-defined]
    return found, wire


AMAP = {"formatted_address": "广东省深圳市宝安区航城街道8号", "level": "门牌号", "location": f"{DRAWN[1]},{DRAWN[0]}"}
TENCENT = {
    "location": {"lat": DRAWN[0], "lng": DRAWN[1]},
    "address_components": {
        "province": "广东省",
        "city": "深圳市",
        "district": "宝安区",
        "street": "航城街道",
        "street_number": "8号",
    },
    "reliability": 7,
    "level": 11,
}
TIANDITU = {"lat": YARD[0], "lon": f"{YARD[1]}", "score": 96, "level": "门址", "keyWord": ADDRESS}


@pytest.mark.parametrize(
    ("kind", "answer", "accuracy"),
    [
        ("amap", {"status": "1", "geocodes": [AMAP]}, 50),
        ("amap", {"status": "1", "geocodes": [AMAP | {"level": "区县"}]}, 15_000),
        ("amap", {"status": "1", "geocodes": [AMAP | {"level": "新的级别"}]}, 20_000),
        ("tencent", {"status": 0, "result": TENCENT}, 100),
        ("tencent", {"status": 0, "result": TENCENT | {"reliability": 3}}, 2_000),
        ("tencent", {"status": 0, "result": TENCENT | {"level": 2}}, 15_000),
        ("tianditu", {"status": "0", "location": TIANDITU}, 100),
        ("tianditu", {"status": "0", "location": TIANDITU | {"score": 40}}, 20_000),
    ],
)
def test_a_place_is_ours_in_wgs84_and_says_how_exact_it_is(kind: str, answer: Any, accuracy: int) -> None:
    service, wire = answering(kind, answer)
    (place,) = service.find(ADDRESS)
    assert metres((place.lat, place.lon), YARD) < 0.1
    assert (place.source, place.accuracy_m) == (kind, accuracy) and "航城街道" in place.text
    asked = parse_qs(urlsplit(wire.asked[0]).query)
    assert ADDRESS in str(asked) and "k" in (asked.get("key") or asked["tk"])


def test_several_places_of_one_name_stay_several() -> None:
    service, _ = answering("amap", {"status": "1", "geocodes": [AMAP, AMAP | {"location": "116.44,39.92"}]})
    assert len(service.find("朝阳区")) == 2


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("amap", {"status": "1", "count": "0", "geocodes": []}),
        ("tencent", {"status": 347, "message": "查询无结果"}),
        ("tianditu", {"status": "101", "msg": "结果为空"}),
        ("tianditu", {"status": "0", "location": {}}),
    ],
)
def test_what_a_service_does_not_know_is_nothing(kind: str, answer: Any) -> None:
    assert answering(kind, answer)[0].find("?") == []


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("amap", {"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"}),
        ("amap", {"status": "0", "info": "DAILY_QUERY_OVER_LIMIT", "infocode": "10003"}),
        ("amap", {"status": "1"}),
        ("amap", ["nonsense"]),
        ("tencent", {"status": 121, "message": "此key每日调用量已达到上限"}),
        ("tencent", {"status": 0, "result": {"location": None}}),
        ("tianditu", {"status": "404"}),
        ("tianditu", "an error page"),
    ],
)
def test_a_service_that_refuses_or_babbles_does_not_answer(kind: str, answer: Any) -> None:
    with pytest.raises(AddressServiceAway):
        answering(kind, answer)[0].find(ADDRESS)


def test_each_service_asks_its_own_host() -> None:
    hosts = [urlsplit(service.api).hostname for service in (AMap, Tencent, Tianditu)]
    assert hosts == ["restapi.amap.com", "apis.map.qq.com", "api.tianditu.gov.cn"]


# --- several


class Known:
    """A service that knows these places, or is away."""

    def __init__(self, *places: Place, away: bool = False) -> None:
        self.places, self.away, self.asked = list(places), away, 0

    def find(self, address: str, near: Any = None) -> list[Place]:
        self.asked += 1
        if self.away:
            raise AddressServiceAway
        return self.places


HERE = Place(*YARD, "amap", "门牌号", 50, ADDRESS)


def test_the_next_one_is_asked_when_one_is_away_or_knows_nothing() -> None:
    away, ignorant, known, last = Known(away=True), Known(), Known(HERE), Known(HERE)
    assert Chain([away, ignorant, known, last]).find(ADDRESS) == [HERE]
    assert [one.asked for one in (away, ignorant, known, last)] == [1, 1, 1, 0]
    assert Chain([Known(), Known()]).find(ADDRESS) == Chain([]).find(ADDRESS) == []
    with pytest.raises(AddressServiceAway):
        Chain([Known(), Known(away=True)]).find(ADDRESS)
