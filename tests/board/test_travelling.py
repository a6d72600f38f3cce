"""Measured roads for the planner: asked once, in blocks, filled where the engine knows nothing, default while it is away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from dispatch.board import travelling
from dispatch.board.travelling import configure, guessed_drives, roads_for, ways_of_branch
from dispatch.board.views import StopView
from dispatch.board.work import Ways
from dispatch.geo.road_engines import Legs, Osrm, RoadEngineAway
from dispatch.geo.rules import Coordinates
from dispatch.orders.models import Visit
from dispatch.routing import Job, Problem, Technician, Travel, plan, violations
from dispatch.routing.roads import roads_of
from tests.geo.test_road_engines import Engine

HOME = (22.54, 113.95)
TEAM = (Technician("su", HOME, (8 * 3600, 18 * 3600)),)


def jobs(count: int) -> tuple[Job, ...]:
    return tuple(Job(f"j{nth}", (22.6 + nth / 1000, 113.9), 30) for nth in range(count))


class Measuring:
    """An engine on whose roads everything takes ten minutes; it does not know the way to some places."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.away = False
        self.cut_off: set[Coordinates] = set()

    def legs(self, sources: Sequence[Coordinates], targets: Sequence[Coordinates]) -> Legs:
        self.asked.append((len(sources), len(targets)))
        if self.away:
            raise RoadEngineAway("no answer")
        seconds = np.array([[np.nan if end in self.cut_off else 600.0 for end in targets] for _ in sources])
        return Legs(seconds, seconds * 10)


@pytest.fixture
def engine() -> Iterator[Measuring]:
    made = Measuring()
    configure(made)
    yield made
    configure(None)


def test_without_an_engine_the_default_holds() -> None:
    assert roads_for(Problem(TEAM, jobs(2))) is None


def test_what_is_known_is_not_asked_again(engine: Measuring) -> None:
    roads = roads_for(Problem(TEAM, jobs(150)))
    assert roads is not None and not roads.guessed.any()
    assert sorted(engine.asked) == [(51, 51), (51, 100), (100, 51), (100, 100)]
    assert roads.seconds[roads.index[HOME]][roads.index[jobs(1)[0].at]] == 600 and roads.metres[0][1] == 6000
    assert all(roads.seconds[row][row] == 0 for row in range(151))
    engine.asked.clear()
    roads_for(Problem(TEAM, jobs(3)), Job("new", (22.7, 113.8), 30))
    assert sorted(engine.asked) == [(1, 5), (4, 1)]


def test_what_the_engine_does_not_know_is_guessed_and_marked(engine: Measuring) -> None:
    problem, lost = Problem(TEAM, jobs(3)), jobs(3)[1].at
    engine.cut_off = {lost}
    roads, default = roads_for(problem), roads_of(problem)
    assert roads is not None
    row, column = roads.index[HOME], roads.index[lost]
    assert roads.guessed[row][column] and roads.guessed.sum() == 3
    assert roads.seconds[row][column] == default.seconds[default.index[HOME]][default.index[lost]]
    assert {stop.travel_s for stop in plan(problem, 1, roads=roads).routes[0].stops} >= {600}


def test_an_engine_that_is_away_is_left_alone_for_a_while(engine: Measuring, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem(TEAM, jobs(3))
    engine.away = True
    for _twice in range(2):
        roads = roads_for(problem)
        assert roads is not None and roads.seconds == roads_of(problem).seconds
        assert roads.guessed.sum() == 4 * 3
    assert len(engine.asked) == 1
    engine.away = False
    monkeypatch.setattr(travelling, "_away_until", 0.0)
    again = roads_for(problem)
    assert again is not None and not again.guessed.any()


GOOD, FAR = 1600.0, 16000.0


@pytest.fixture
def wire() -> Iterator[Engine]:
    """OSRM as somebody on this machine plays it."""
    made = Engine()
    configure(Osrm(made.url, 1), "osrm")
    yield made
    configure(None)
    made.server.shutdown()
    made.server.server_close()


@pytest.mark.parametrize(
    ("seconds", "metres"),
    [
        (None, FAR),
        (-1, FAR),
        (0, FAR),
        (1e300, FAR),
        (1e9, FAR),
        (GOOD, None),
        (GOOD, 1e18),
        (float("nan"), FAR),
        (float("inf"), FAR),
    ],
)
def test_one_bad_number_is_guessed_and_the_plan_is_sound(wire: Engine, seconds: float | None, metres: float | None) -> None:
    problem = Problem(TEAM, jobs(3))
    times, ways = ([[good] * 4 for _ in range(4)] for good in (GOOD, FAR))
    times[0][2], ways[0][2] = seconds, metres  # type: ignore[call-overload]
    wire.says({"code": "Ok", "durations": times, "distances": ways})
    roads, default = roads_for(problem), roads_of(problem)
    assert roads is not None and roads.guessed is not None
    assert [tuple(at) for at in np.argwhere(roads.guessed)] == [(0, 2)]
    assert roads.seconds[0][2] == default.seconds[0][2] and roads.metres[0][2] == default.metres[0][2]
    made = plan(problem, 1, roads=roads)
    assert violations(problem, made, roads) == [] and len(made.routes[0].stops) == 3
    told = guessed_drives(problem, made, roads)
    assert told["driven"] == 4 and told["guessed"] <= 1


@pytest.mark.parametrize(
    "answer", [{"code": "Ok", "durations": [[GOOD] * 3] * 4, "distances": [[FAR] * 3] * 4}, [], {"code": "Ok"}]
)
def test_an_answer_of_another_size_is_none(wire: Engine, answer: object) -> None:
    problem = Problem(TEAM, jobs(3))
    wire.says(answer)
    roads = roads_for(problem)
    assert roads is not None and roads.guessed is not None and roads.guessed.sum() == 12
    assert guessed_drives(problem, plan(problem, 1, roads=roads), roads) == {"guessed": 4, "driven": 4}
    assert guessed_drives(problem, plan(problem, 1), None) == {}


def test_a_slow_engine_is_not_asked_for_ever(engine: Measuring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(travelling, "ASKED_S", -1)
    roads = roads_for(Problem(TEAM, jobs(3)))
    assert roads is not None and roads.guessed is not None and roads.guessed.sum() == 12 and not engine.asked
    monkeypatch.undo()
    again = roads_for(Problem(TEAM, jobs(3)))
    assert again is not None and again.guessed is not None and not again.guessed.any()


def test_what_was_learned_of_the_engine_multiplies_its_seconds_alone(engine: Measuring) -> None:
    engine.cut_off = {jobs(3)[1].at}
    plain = Problem(TEAM, jobs(3))
    before = roads_for(plain)
    after = roads_for(replace(plain, travel=Travel(measured=((0.0, 1.5), (1e7, 1.5)))))
    assert before is not None and after is not None and before.guessed is not None
    ratio = np.array(after.seconds) / np.maximum(1, np.array(before.seconds))
    off = ~np.eye(4, dtype=bool)
    assert np.allclose(ratio[off & ~before.guessed], 1.5) and np.allclose(ratio[off & before.guessed], 1)


def test_a_branch_goes_by_its_mean_and_knows_each_hour() -> None:
    ways, there = ways_of_branch(Ways(Travel(1.3, 30), 30, 45, 10), []), jobs(1)[0].at
    mean, metres = ways.drive(HOME, there)
    rush, noon = ways.drive_at(HOME, there, 18 * 3600), ways.drive_at(HOME, there, 12 * 3600)
    assert rush is not None and noon is not None and noon < mean < rush and metres > 8_000
    assert ways.drive(None, there) == (0, 0) and ways.drive_at(HOME, None, 0) is None
    stop = StopView(Visit(), 1, 0, 60, mean, metres, 0, at_this_hour_s=rush)
    assert stop.slower_s == rush - mean and replace(stop, at_this_hour_s=noon).slower_s == 0
