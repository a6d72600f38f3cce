"""The district that an address names, without a service."""

from __future__ import annotations

import pytest

from dispatch.geo.districts import DistrictGeocoder, districts
from dispatch.geo.rules import metres


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("深圳市宝安区航城街道 8 号", ["广东省深圳市宝安区"]),
        ("深圳 宝安区", ["广东省深圳市宝安区"]),
        ("北京朝阳区三里屯路 19 号", ["北京市朝阳区"]),
        ("东莞虎门", ["广东省东莞市"]),
        ("江苏省昆山市花桥", ["江苏省苏州市昆山市"]),
        ("新疆", ["新疆维吾尔自治区"]),
        ("Bao'an", []),
        ("", []),
    ],
)
def test_the_smallest_district_that_is_named(address: str, names: list[str]) -> None:
    assert [place.text for place in DistrictGeocoder().find(address)] == names


def test_one_name_in_two_cities_stays_two_places() -> None:
    beijing, changchun = sorted(DistrictGeocoder().find("朝阳区人民路 1"), key=lambda place: place.lat)
    assert (beijing.text, changchun.text) == ("北京市朝阳区", "吉林省长春市朝阳区")
    assert {beijing.source, beijing.level} == {"district"} and 10_000 < beijing.accuracy_m < 30_000


def test_its_middle_is_in_it_and_says_how_far_it_reaches() -> None:
    (place,) = DistrictGeocoder().find("深圳市宝安区")
    assert metres((place.lat, place.lon), (22.57, 113.88)) < place.accuracy_m
    assert len(districts()) > 3_000
