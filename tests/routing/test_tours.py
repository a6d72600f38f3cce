"""Tours with a stop at the store: timing and the store's place against brute force, files, and searches that keep the rules."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.board.commands import route
from dispatch.errors import RuleBroken
from dispatch.routing.search.chance import dice
from dispatch.routing.search.effort import Effort
from dispatch.routing.search.rows import TOUCHED
from dispatch.routing.stores import run
from dispatch.routing.stores.check import verdict
from dispatch.routing.stores.file import read_instance, written_tours
from dispatch.routing.stores.improve import improved
from dispatch.routing.stores.model import STORE, Place, Problem, Request, Technician
from dispatch.routing.stores.recreate import recreate
from dispatch.routing.stores.routes import Routes, empty_routes, refresh_all
from dispatch.routing.stores.ruin import TODO, desk
from dispatch.routing.stores.tables import NEVER, TICKS, Tables, tables_of
from tests.routing.tours_by_chance import file_of, problem_by_chance

SEEDS = st.integers(0, 10**6)
NONE: frozenset[int] = frozenset()


def takes(problem: Problem, who: int, stops: list[int]) -> float:
    """How long one tour takes by the plain checker; infinite if it breaks a rule."""
    alone = replace(problem, requests=tuple(one for one in problem.requests if one.number in stops))
    told = verdict(alone, {who: stops})
    return float("inf") if told.broken else told.working_time


def best_with_store(problem: Problem, who: int, stops: list[int]) -> float:
    """The same with the store wherever it is best; without it where nobody needs it."""
    alone = takes(problem, who, stops)
    places = range(len(stops) + 1)
    return alone if alone < float("inf") else min(takes(problem, who, [*stops[:k], STORE, *stops[k:]]) for k in places)


def routes_of(tables: Tables, given_stops: list[list[int]]) -> Routes:
    """Tours with these rows of requests."""
    routes = empty_routes(tables)
    for who, stops in enumerate(given_stops):
        routes.stops[who, : len(stops)], routes.many[who] = stops, len(stops)
        routes.whose[stops] = who
    refresh_all(tables, routes)
    return routes


def is_alike(ticks: int, time: float) -> bool:
    return ticks == NEVER if time == float("inf") else abs(ticks / TICKS - time) < 1e-3


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_a_tour_takes_as_long_as_the_checker_says_with_the_store_where_it_costs_least(seed):
    problem, chance = problem_by_chance(seed, 2, 8), Random(seed)
    tables = tables_of(problem)
    row = chance.sample(range(8), chance.randint(0, 5))
    routes = routes_of(tables, [row, []])
    numbers = [problem.requests[job].number for job in row]
    assert is_alike(int(routes.cost[0]), best_with_store(problem, 1, numbers))
    if routes.cost[0] < NEVER:
        stops = [problem.requests[s].number if s < 8 else STORE for s in routes.stops[0, : routes.many[0]].tolist()]
        assert is_alike(int(routes.cost[0]), takes(problem, 1, stops))


@settings(deadline=None, max_examples=60)
@given(SEEDS)
@example(3145)  # out of the bag alone, with the store behind it for those that need it then
def test_one_more_request_goes_where_it_costs_least_of_all_people_and_places(seed):
    problem = problem_by_chance(seed, 3, 7)
    tables = tables_of(problem)
    routes, paper = routes_of(tables, [[], [], []]), desk(tables, dice(seed))
    paper.todo[:6], paper.counts[TODO] = range(6), 6
    recreate(tables, routes, paper, 0.0)
    if (routes.at >= 0).any():
        return  # a store that stands is moved afterwards: what that is worth is not looked for
    before = [[problem.requests[job].number for job in routes.stops[who, : routes.many[who]]] for who in range(3)]
    costs = routes.cost.copy()
    paper.todo[0], paper.counts[TODO], paper.counts[TOUCHED] = 6, 1, 0
    paper.is_touched[:] = 0
    paper.known_of[:] = -1
    recreate(tables, routes, paper, 0.0)
    more = [
        best_with_store(problem, who + 1, [*before[who][:k], problem.requests[6].number, *before[who][k:]]) - costs[who] / TICKS
        for who in range(3)
        for k in range(len(before[who]) + 1)
    ]
    if paper.counts[TODO]:
        assert min(more) == float("inf")
    else:
        assert abs((routes.cost.sum() - costs.sum()) / TICKS - min(more)) < 1e-3


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.integers(0, 4), st.integers(0, 12))
def test_no_search_returns_what_the_checker_refuses(seed, people, requests):
    problem = problem_by_chance(seed, people, requests)
    if not people and requests:
        with pytest.raises(RuleBroken):
            improved(problem, Effort(60, rounds=1))
        return
    found = improved(problem, Effort(60, rounds=60, seed=seed))  # it raises where a rule is broken
    stops = [stop for tour in found.tours.values() for stop in tour if stop != STORE]
    assert sorted([*stops, *found.unserved]) == [one.number for one in problem.requests]


def test_the_store_is_passed_for_a_tool_and_for_parts_and_by_nobody_else():
    home = Place((0, 0), 0, 100)
    people = (Technician(1, home, frozenset([8]), NONE, (1,)), Technician(2, Place((9, 0), 0, 100), frozenset([7]), NONE, (0,)))
    asked = [((1, 0), frozenset([8]), NONE, 1), ((2, 0), frozenset([8]), NONE, 1), ((9, 1), frozenset([7]), frozenset([3]), 0)]
    requests = tuple(Request(k, Place(at, 0, 100), *needs, (part,)) for k, (at, *needs, part) in enumerate(asked, 3))
    found = improved(Problem(people, requests, Place((9, 2), 0, 100)), Effort(60, rounds=100))
    assert found.unserved == () and found.tours[2] == [STORE, 5] and found.tours[1].count(STORE) == 1
    assert found.tours[1].index(STORE) < 2 and found.working_time == pytest.approx(4 + 2 * (9**2 + 2**2) ** 0.5, abs=1.5)


def test_the_same_seed_finds_the_same_tours_on_two_cores_too_and_rounds_make_them_better():
    problem = problem_by_chance(1, 12, 40)
    first, again, both, both_again, longer = (
        improved(problem, Effort(60, rounds=rounds, seed=7), processes=cores)
        for rounds, cores in ((60, 1), (60, 1), (60, 2), (60, 2), (1000, 1))
    )
    assert first.tours == again.tours and first.rounds <= 60
    assert both.tours == both_again.tours and both.rounds == 2 * first.rounds
    assert (len(longer.unserved), longer.working_time) < (len(first.unserved), first.working_time)


def test_whoever_interrupts_gets_the_best_so_far(monkeypatch):
    whole, calls = run.anneal, []

    def interrupted(*args):
        calls.append(whole(*args))
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "anneal", interrupted)
    found = improved(problem_by_chance(1, 12, 40), Effort(60, rounds=1000))
    assert len(calls) == 1 and len(found.tours) > 1


def test_the_pool_keeps_of_the_same_requests_the_cheapest_order():
    problem = problem_by_chance(2, 12, 25)
    tables = tables_of(problem)
    found = run.one_leg(tables, run.Leg(Effort(60, rounds=500), 6e7, 1e6, 1000, 1.0), [])
    sets = {(one.who, frozenset(stop for stop in one.stops if stop < 25)) for one in found.columns}
    assert 50 < len(sets) == len(found.columns) and all(a.merit <= b.merit for a, b in pairwise(found.columns))
    for one in found.columns[:40]:
        stops = [problem.requests[stop].number if stop < 25 else STORE for stop in one.stops]
        assert is_alike(one.cost, takes(problem, one.who + 1, stops))


def test_a_file_is_read_as_it_was_written():
    problem = problem_by_chance(1, 3, 5)
    assert read_instance(file_of(problem)) == problem
    assert written_tours({2: [4, 0], 1: [5], 3: []}) == {
        "routes": [{"technician": 1, "visits": [5]}, {"technician": 2, "visits": [4, 0]}]
    }


GOOD = "CREW COUNT\n1\n0 5 5 0 9 0 [] [] []\n1 5 5 0 9 0 [0] [1] [2]\n2 5 6 0 9 1 [0] [] [1]\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "“CREW COUNT” with the number of technicians below it is missing"),
        ("CREW COUNT", "line 2: the number of technicians is needed here"),
        ("CREW COUNT\nmany\n", "line 2: the number of technicians is needed here"),
        (GOOD.replace("1\n0", "2\n0").replace("2 5 6", "3 5 6"), "technician with number 2 is missing"),
        (GOOD.replace("0 5 5 0 9 0", "7 5 5 0 9 0"), "(0) or the technician with number 0 is missing"),
        (GOOD.replace("[0] [] [1]", "[0] []"), "line 5: needed are ID, X, Y, TWS, TWE, Serv, SKILLS, TOOLS, SPARE PARTS"),
        (GOOD.replace("2 5 6 0", "2 5 north 0"), "line 5: “Y” cannot be north"),
        (GOOD.replace("2 5 6 0", "2 5 6 -1"), "line 5: “TWS” cannot be -1"),
        (GOOD.replace("2 5 6 0", "2 nan 6 0"), "line 5: “X” cannot be nan"),
        (GOOD.replace("2 5 6 0 9", "2 5 6 10 9"), "line 5: “TWE” cannot be 9"),
        (GOOD.replace("[0] [] [1]", "[0] [] [1.5]"), "line 5: “SPARE PARTS” cannot be [1.5]"),
        (GOOD.replace("[0] [] [1]", "[0] [] [1,2]"), "line 5: 2 kinds of parts, elsewhere 1"),
        (GOOD.replace("2 5 6", "1 5 6"), "line 5: number 1 is there twice"),
    ],
)
def test_a_wrong_line_is_named(text, sentence):
    with pytest.raises(RuleBroken) as refused:
        read_instance(text)
    assert sentence in str(refused.value)


def test_nobody_has_the_skill():
    with pytest.raises(RuleBroken, match="Nobody has the skills for these requests: 2"):
        improved(read_instance(GOOD.replace("[0] [] [1]", "[5] [] [1]")), Effort(60, rounds=1))


def test_an_instance_goes_from_file_to_file(tmp_path):
    instance, out = tmp_path / "one.txt", tmp_path / "tours.json"
    instance.write_text(file_of(problem_by_chance(2, 4, 15)))
    given_options = ["--trsp", "--out", str(out), "--rounds", "40", "--seconds", "600", "--cores", "1", "--lang", "en"]
    done = CliRunner().invoke(route, [str(instance), *given_options])
    figures, told = json.loads(done.output), json.loads(out.read_text())
    stops = [stop for one in told["routes"] for stop in one["visits"] if stop]
    assert done.exit_code == 0 and sorted([*stops, *figures["unserved"]]) == list(range(5, 20))
    tours = {one["technician"]: one["visits"] for one in told["routes"]}
    checked = verdict(problem_by_chance(2, 4, 15), tours)
    assert figures["working_time"] == pytest.approx(checked.working_time, abs=1e-3)
    instance.write_text("CREW COUNT\n")
    wrong = CliRunner().invoke(route, [str(instance), *given_options])
    assert wrong.exit_code != 0 and "line 2" in str(wrong.exception)
    assert np.isfinite(figures["distance"])
