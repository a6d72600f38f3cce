"""What a bag lacks is fetched at a store, once a day, before the first job that needs it."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings

from dispatch.routing import Plan, plan, violations
from dispatch.routing.clockwork import NEVER
from dispatch.routing.day import road_seconds
from dispatch.routing.day_file import read_day, written_day
from dispatch.routing.explain import reasons
from dispatch.routing.fetching import bag_lasts, by_stores, order_of, stores_left
from dispatch.routing.improve import improved
from dispatch.routing.model import Store
from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort, one_search
from dispatch.routing.search.tables import tables_of
from dispatch.routing.search.timing import walked
from dispatch.routing.timetable import days_of, passable
from dispatch.routing.ways_out import Rooms
from tests.routing.reference import cheapest_day
from tests.routing.supplied import supplied
from tests.routing.test_timing import SEEDS
from tests.routing.town import MINUTE, NOON, at, job, problem, shop, technician
from tests.routing.wishes import wished

DEPOT = Store("depot", shop(1), 20, ((at("9:00"), at("17:00")),), {"sim": 1}, {"drill": 1})


def planned(people, jobs, *stores, seed=0) -> Plan:
    return improved(replace(problem(people, jobs), stores=stores), Effort(60, rounds=60, seed=seed), explained=True).plan


def test_the_store_is_on_the_way_when_it_is_open_and_lunch_floats_around_it():
    (route,) = planned(
        [technician(lunch=NOON)], [job("a", 2, minutes=90, parts={"sim": 1}, tools=("drill",)), job("b", 0, minutes=180)], DEPOT
    ).routes
    assert [stop.job for stop in route.stops] == ["b", "a"] and route.lunch_at == at("11:30")
    assert route.store.before == 1 and (route.store.start, route.store.end) == (at("12:10"), at("12:30"))
    assert route.store.parts == {"sim": 1} and route.store.tools == ("drill",) and route.travel_s == 40 * MINUTE


def test_no_store_gives_what_it_does_not_hold_and_the_reason_says_so():
    two = [job("a", 2, parts={"sim": 1}), job("b", 3, parts={"sim": 1})]
    made = planned([technician(), technician("wei")], two, DEPOT)
    (left,) = made.unserved
    used = "2 have no sim in the bag, and what the stores hold is fetched for other vehicles"
    assert [str(reason.text) for reason in left.reasons] == [used]
    (left,) = planned([technician()], [job("x", parts={"saw": 1})], DEPOT).unserved
    assert str(left.reasons[0].text) == "1 has no saw in the bag, and no store holds it"
    (left,) = planned([technician()], [job("x", windows=((at("8:40"), at("9:00")),), tools=("drill",))], DEPOT).unserved
    assert str(left.reasons[0].text) == "1 has no drill in the bag and cannot fetch it in time"
    (left,) = planned([technician(branch="n")], [job("x", tools=("drill",))], replace(DEPOT, branch="s")).unserved
    assert str(left.reasons[0].text) == "1 has no drill in the bag"


def test_the_engine_knows_no_store_but_the_way_out_does():
    day = replace(problem([technician()], [job("x", 2, parts={"sim": 1})]), stores=(DEPOT,))
    (left,) = plan(day, 1).unserved
    assert str(left.reasons[0].text) == "1 could still take it"
    way = Rooms(day, tables_of(day, roads_of(day)), Plan((), (left,))).way_out("x")
    assert way.kind == "store" and (way.technician, way.store) == ("su", "depot")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"parts": {}}, "technician su: 1 of sim are more than the bag holds"),
        ({"tools": ()}, "technician su: has no drill with him"),
        ({"parts": {"sim": 2}}, "store depot has no 2 of sim"),
        ({"store": "other"}, "technician su: cannot stop at store other there"),
        ({"start": at("8:40"), "end": at("9:00")}, "technician su: job depot starts outside its windows"),
        ({"end": at("9:01")}, "technician su: job depot has a wrong length"),
        ({"travel_s": 1}, "technician su: the seconds on the road are wrong"),
    ],
)
def test_the_checker_sees_what_is_wrong_with_a_stop_at_a_store(change, sentence):
    day = replace(problem([technician()], [job("a", 2, parts={"sim": 1}, tools=("drill",))]), stores=(DEPOT,))
    made = improved(day, Effort(60, rounds=20)).plan
    (route,) = made.routes
    assert violations(day, made) == []
    wrong = replace(made, routes=(replace(route, store=replace(route.store, **change)),))
    assert sentence in map(str, violations(day, wrong))


def test_a_file_tells_of_stores_and_tools():
    text = """{"technicians": [{"id": "T", "home": [22.5, 114], "shift": [30600, 63000], "tools": ["saw"]}],
        "stores": [{"id": "S", "at": [22.5, 114.05], "minutes": 10, "windows": [[32400, 61200]], "parts": {"sim": 3}}],
        "jobs": [{"id": "J", "at": [22.5, 114.1], "minutes": 30, "parts": {"sim": 2}, "tools": ["saw"]}]}"""
    found = improved(read_day(text), Effort(60, rounds=20))
    assert [{*step} for step in written_day(found.plan)["routes"][0]["stops"]] == [{"store", "start"}, {"job", "start"}]


@settings(deadline=None, max_examples=50)
@given(SEEDS)
def test_a_store_among_the_stops_is_timed_as_plainly_reckoned(seed):
    chance = Random(seed)
    day, roads = supplied(chance, teams=0)
    tables, days = tables_of(day, roads), days_of(day, roads)
    jobs = [*day.jobs, *(store.errand() for store in day.stores)]
    order = chance.sample(range(len(day.jobs)), chance.randint(0, len(day.jobs)))
    order.insert(chance.randint(0, len(order)), len(day.jobs) + chance.randint(0, 1))
    for who, one in enumerate(day.technicians):
        found = walked(tables, who, np.array(order, dtype=np.int64))
        assert found == (cheapest_day(tables, who, order) or (NEVER, NEVER))
        if days[one.id].lunch == one.lunch:
            assert (found[0] < NEVER) == (passable(days[one.id], [jobs[stop] for stop in order]) is not None)


@settings(deadline=None, max_examples=25)
@given(SEEDS)
def test_every_plan_with_stores_and_visits_of_two_keeps_the_rules(seed):
    """`improved` would raise otherwise; what the search reports is plainly reckoned."""
    day, roads = supplied(Random(seed), teams=2)
    day = replace(wished(day, Random(seed)), jobs=day.jobs) if seed % 2 else day
    effort = Effort(60, rounds=30, seed=seed)
    found = improved(day, effort, roads=roads, explained=True)
    assert violations(day, found.plan, roads) == [] and one_search(tables_of(day, roads), effort).cost == found.cost
    assert violations(day, plan(day, 1, roads=roads), roads) == []


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_there_is_room_exactly_where_some_place_for_job_and_store_is_found(seed):
    """The compiled search for places against trying all of them; and whoever is said to be full is."""
    day, roads = supplied(Random(seed), teams=0)
    made = improved(day, Effort(60, rounds=3, seed=seed), roads=roads).plan
    out = {stop.job for route in made.routes for stop in route.stops[1:2]} if seed % 2 else set()
    jobs, days = {one.id: one for one in day.jobs}, days_of(day, roads)
    asked = [one for one in day.jobs if one.id in {left.job for left in made.unserved} and one.pinned_to is None and not out]
    rooms = Rooms(day, tables_of(day, roads), made)
    orders = {who: [] for who in days} | {route.technician: order_of(route, jobs, day.stores) for route in made.routes}
    for one in asked:
        free, why = rooms.free(one.id), reasons(days, orders, one, brief=True)
        for who in days:
            here = replace(days[who], stores=stores_left(days, orders, who))
            extra = min(ways(here, orders[who], one), default=NEVER)
            assert free.get(who, NEVER) == extra
        assert {who for reason in why for who in reason.technicians if "could still" in str(reason.text)} == {*free}


def ways(day, order, one):
    """What each way to take the job adds: as the order stands, or with a stop at a store anew."""
    alone = [other for other in order if not hasattr(other, "store")]
    stands = [(*order[:k], one, *order[k:]) for k in range(len(order) + 1)]
    anew = [way for k in range(len(alone) + 1) for way in by_stores(day, (*alone[:k], one, *alone[k:]))]
    for longer in [way for way in stands if bag_lasts(day, way)] or anew:
        if passable(day, longer):
            yield road_seconds(day, longer) - road_seconds(day, order)
