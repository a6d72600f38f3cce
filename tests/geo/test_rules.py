"""Distances, travel times, and what is a place."""

from __future__ import annotations

import math

import pytest

from dispatch.geo.rules import distance_words, in_mainland_china, is_place, metres, travel_seconds
from dispatch.routing import Job, Problem, Technician, Travel
from dispatch.routing.roads import roads_of

SHENZHEN, GUANGZHOU = (22.5431, 114.0579), (23.1291, 113.2644)


def test_metres_between_two_cities():
    assert metres(SHENZHEN, GUANGZHOU) == pytest.approx(104_400, rel=0.005)
    assert metres(SHENZHEN, GUANGZHOU) == metres(GUANGZHOU, SHENZHEN)


def test_metres_at_the_edges():
    assert metres(SHENZHEN, SHENZHEN) == 0
    assert metres((0, 0), (0, 180)) == pytest.approx(math.pi * 6_371_000)
    assert metres((10, 179.9), (10, -179.9)) < 25_000


@pytest.mark.parametrize(
    ("metres_away", "said"),
    [
        (0, "0 m"),
        (38.4, "38 m"),
        (999.4, "999 m"),
        (999.6, "1.0 km"),
        (12_340, "12.3 km"),
        (99_940, "99.9 km"),
        (99_960, "100 km"),
        (1_219_741, "1,220 km"),
    ],
)
def test_a_distance_is_said_as_people_say_it(metres_away, said):
    assert str(distance_words(metres_away)) == said


def test_travel_seconds_are_whole():
    assert travel_seconds(10_000, 1.3, 30) == 1560
    assert travel_seconds(0, 1.3, 30) == 0


def test_tables_agree_with_single_distances():
    team = (Technician("t", SHENZHEN, (0, 1)),)
    roads = roads_of(Problem(team, (Job("j", GUANGZHOU, 1),), Travel(1.3, 40)))
    far = metres(SHENZHEN, GUANGZHOU)
    assert roads.seconds[0][1] == travel_seconds(far, 1.3, 40)
    assert roads.metres[1][0] == round(far * 1.3)


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (22.5, 114.0, True),
        (-90, 180, True),
        (0, 0, False),
        (91, 0, False),
        (0, 181, False),
        (math.nan, 1, False),
        (1, math.inf, False),
    ],
)
def test_is_place(lat, lon, expected):
    assert is_place(lat, lon) is expected


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (*SHENZHEN, True),
        (39.9, 116.4, True),
        (18.25, 109.5, True),
        (25.03, 121.56, False),
        (35.68, 139.69, False),
        (1.35, 103.8, False),
    ],
)
def test_in_mainland_china(lat, lon, expected):
    assert in_mainland_china(lat, lon) is expected
