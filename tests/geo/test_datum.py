"""Chinese map datums. The pairs are the ones several public libraries test with."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.geo.datum import bd09_from_gcj02, gcj02_from_wgs84, wgs84_from_bd09, wgs84_from_gcj02
from dispatch.geo.rules import in_mainland_china, metres


@pytest.mark.parametrize(
    ("wgs84", "gcj02"),
    [
        ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
        ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
        ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
    ],
)
def test_known_pairs(wgs84, gcj02):
    assert metres(gcj02_from_wgs84(*wgs84), gcj02) < 0.1
    assert metres(wgs84_from_gcj02(*gcj02), wgs84) < 0.1


def test_baidu_is_a_further_shift():
    assert bd09_from_gcj02(39.915, 116.404) == pytest.approx((39.92133699351021, 116.41036949371029), abs=1e-9)
    assert gcj02_from_wgs84(39.915, 116.404) == pytest.approx((39.91640428150164, 116.41024449916938), abs=1e-9)


def test_shenzhen_is_off_by_six_hundred_metres():
    place = (22.543847, 113.912316)
    assert 550 < metres(place, gcj02_from_wgs84(*place)) < 650


def test_outside_the_mainland_nothing_moves():
    assert gcj02_from_wgs84(35.68, 139.69) == (35.68, 139.69)


@given(st.floats(18.5, 53), st.floats(74, 134.5))
def test_there_and_back_is_exact(lat, lon):
    if in_mainland_china(lat, lon) and not (21 < lat < 26 and 119 < lon < 123):
        assert metres(wgs84_from_bd09(*bd09_from_gcj02(*gcj02_from_wgs84(lat, lon))), (lat, lon)) < 0.001
