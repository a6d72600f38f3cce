"""How fast one gets about: by distance, by the hour, by what drives taught."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.geo.paces import PARTS, Pace, along, band_of, part_at, usual_paces
from dispatch.routing import Job, Problem, Technician, Travel
from dispatch.routing.roads import drive, roads_of

USUAL = usual_paces(1.3, 30)
EVEN = replace(USUAL, bands=dict.fromkeys(USUAL.bands, Pace(1.3, 30)), percent=dict.fromkeys(PARTS, 100))
HOURS = (8 * 3600 + 1800, 17 * 3600 + 1800)
A, B = (22.54, 113.95), (22.64, 114.06)


def test_even_paces_are_distance_by_speed() -> None:
    for part in PARTS:
        assert along(EVEN.curve(part), 10_000) == pytest.approx(10_000 * 1.3 / (30 / 3.6))
    assert along(EVEN.mean(HOURS), 250_000) == pytest.approx(250_000 * 1.3 / (30 / 3.6))


def test_streets_are_slow_and_the_open_road_is_fast() -> None:
    curve = USUAL.curve("day")
    assert along(curve, 1_000) == pytest.approx(1_000 * 1.43 / (22.5 / 3.6))
    assert along(curve, 40_000) - along(curve, 30_000) == pytest.approx(10_000 * 1.24 / (66 / 3.6), rel=0.01)
    assert [band_of(metres) for metres in (0, 2_999, 3_000, 12_000, 90_000)] == ["street", "street", "town", "suburb", "country"]


def test_the_rush_is_slower_and_the_day_is_between() -> None:
    times = {part: along(USUAL.curve(part), 8_000) for part in PARTS}
    assert times["night"] < times["day"] < times["morning"] < times["evening"]
    mean = along(USUAL.mean(HOURS), 8_000)
    assert mean == pytest.approx((times["morning"] * 1 + times["day"] * 7.5 + times["evening"] * 0.5) / 9)
    assert along(USUAL.mean((9, 9)), 8_000) == times["day"]


@pytest.mark.parametrize(
    ("clock", "part"),
    [(0, "night"), (6.99, "night"), (7, "morning"), (9.5, "day"), (17, "evening"), (19.5, "night"), (25, "night")],
)
def test_parts_of_the_day(clock: float, part: str) -> None:
    assert part_at(int(clock * 3600)) == part


def test_what_was_learned_glides_and_further_is_never_sooner() -> None:
    taught = replace(USUAL, learned={("street", "day"): 2.5, ("town", "day"): 0.5})
    before, after = USUAL.curve("day"), taught.curve("day")
    assert along(after, 1_500) == pytest.approx(2.5 * along(before, 1_500))
    assert along(after, 18_000) == pytest.approx(along(before, 18_000))
    seconds = [along(after, metres) for metres in range(0, 60_000, 250)]
    assert seconds == sorted(seconds)
    assert taught.curve("evening") == USUAL.curve("evening")


def test_tables_and_single_drives_go_by_the_curve() -> None:
    travel = Travel(1.3, 30, curve=USUAL.mean(HOURS))
    roads = roads_of(Problem((Technician("su", A, HOURS),), (Job("j", B, 30),), travel))
    assert drive(A, B, travel) == (roads.seconds[0][1], roads.metres[0][1])
    assert drive(A, B, Travel(1.3, 30, curve=EVEN.mean(HOURS))) == pytest.approx(drive(A, B, Travel(1.3, 30)), abs=1)
    assert drive(A, A, travel) == (0, 0)


def test_what_was_learned_of_an_engine_is_apart() -> None:
    assert USUAL.measured_mean(HOURS) == ()
    taught = replace(USUAL, measured={("town", "day"): 1.6})
    assert taught.mean(HOURS) == USUAL.mean(HOURS)
    assert along(taught.measured_mean(HOURS), 6_000) == pytest.approx((1.6 * 7.5 + 1.5) / 9)
