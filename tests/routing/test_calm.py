"""Planning again in the middle of a day: a few stops by hand, and any day with anything that may happen."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.routing import Plan, Problem, violations
from dispatch.routing.calm import Proposal, replanned
from dispatch.routing.day_file import read_day
from dispatch.routing.events import Cancelled, Event, Ill, Late, Longer, Traffic, Urgent, happened
from dispatch.routing.insertion import give
from dispatch.routing.model import Job, Technician
from dispatch.routing.roads import roads_of
from dispatch.routing.search.run import Effort
from dispatch.routing.standing import Situation, Standing
from dispatch.routing.timetable import days_of, timetable
from tests.routing.days import day_by_chance
from tests.routing.town import at, job, problem, shop, starts, stops, technician

ROUNDS = Effort(60, rounds=60, seed=3)
TWO = [technician(), technician("wei")]


def standing_at(day: Problem, plan: Plan, now: int) -> Situation:
    """Everybody was told; whatever should have begun by now has."""
    begun = {stop.job: (route.technician, stop.start) for route in plan.routes for stop in route.stops if stop.start <= now}
    jobs = tuple(
        replace(one, pinned_to=begun[one.id][0], pinned_start=begun[one.id][1]) if one.id in begun else one for one in day.jobs
    )
    known = frozenset(stop.job for route in plan.routes for stop in route.stops)
    after = replace(day, jobs=jobs, not_before=now)
    return Situation(after, roads_of(after), Standing(plan, frozenset(begun), known, known))


def planned(people: list[Technician], routes: dict[str, list[Job]], now: str = "8:00", **more: Any) -> Situation:
    """A day with these routes, at a time of it."""
    day = problem(people, [one for jobs in routes.values() for one in jobs] + more.get("left", []))
    days = days_of(day, roads_of(day))
    made = [timetable(days[who], jobs) for who, jobs in routes.items()]
    return standing_at(day, Plan(tuple(route for route in made if route and route.stops)), at(now))


def after(of: Situation, *events: Event) -> Proposal:
    return replanned(happened(of, *events), ROUNDS)


def told(proposal: Proposal) -> dict[str, tuple[Any, Any]]:
    """Job -> who had it and who has it then."""
    return {str(c.job): (c.before and c.before[0], c.after and c.after[0]) for c in proposal.changes}


def test_an_urgent_job_takes_a_gap_and_nobody_else_notices():
    morning = job("a", 1, windows=((at("9:00"), at("9:00")),))
    noon = job("b", 1, windows=((at("14:00"), at("14:00")),))
    of = planned(TWO, {"su": [morning, noon], "wei": [job("c", -3)]}, "8:15")
    found = after(of, Urgent(job("now", 1.5, minutes=30, priority=50, windows=((at("10:00"), at("12:00")),))))
    assert told(found) == {"now": (None, "su")}
    assert starts(found.plan)["b"] == at("14:00") and found.is_worth_it
    assert [c.job for c in found.broken] == ["now"] and found.nothing.unserved == 1 and found.figures.unserved == 0


def test_who_is_ill_ends_what_he_has_begun_and_others_take_the_rest():
    of = planned(TWO, {"su": [job("a", 1), job("b", 2), job("c", 1)], "wei": [job("d", 1)]}, "9:00")
    found = after(of, Ill("su"))
    assert stops(found.plan) == ["a"] and told(found)["b"] == ("su", "wei") == told(found)["c"]
    assert {c.job for c in found.broken} == {"b", "c"} and found.saves > 0


def test_who_is_late_gives_away_only_what_would_be_late():
    promise = job("b", 1, windows=((at("10:00"), at("10:15")),))
    of = planned(TWO, {"su": [job("a", 1, minutes=60), promise, job("c", 1)], "wei": [job("d", 3, minutes=30)]}, "9:00")
    found = after(of, Late("su", 90))
    assert told(found)["b"] == ("su", "wei") and found.figures.late_s == 0 < found.nothing.late_s
    assert ("c" not in told(found)) or told(found)["c"] == ("su", "su"), "he goes on with the rest"
    assert [(c.job, c.late_s) for c in found.broken] == [("b", found.nothing.late_s)]


def test_lateness_that_nobody_can_mend_is_borne():
    of = planned(TWO[:1], {"su": [job("a", 1), job("b", 2, windows=((at("9:50"), at("10:00")),))]}, "9:00")
    found = after(of, Longer("a", 45))
    assert stops(found.plan) == ["a", "b"] and found.figures == found.nothing and not found.is_worth_it
    assert violations(found.problem, found.plan) == []


def test_a_gap_is_for_who_waits_and_a_small_gain_is_no_reason_to_send_somebody_else():
    of = planned(TWO, {"su": [job("a", 1), job("b", 1)], "wei": [job("c", 1.5)]}, "8:00", left=[job("waits", 2)])
    found = after(of, Cancelled("b"))
    assert told(found)["waits"][1] in ("su", "wei") and "c" not in told(found)


def test_a_locked_visit_keeps_person_and_time_while_others_give_way():
    of = planned(TWO, {"su": [job("a", 1), job("b", 1), job("locked", 1)], "wei": []}, "9:00")
    locked = starts(of.standing.plan)["locked"]
    jobs = tuple(replace(j, pinned_to="su", pinned_start=locked) if j.id == "locked" else j for j in of.problem.jobs)
    found = after(replace(of, problem=replace(of.problem, jobs=jobs)), Longer("a", 60))
    assert starts(found.plan)["locked"] == locked and stops(found.plan)[-1] == "locked"
    assert starts(found.alone)["locked"] > locked and told(found) == {"b": ("su", "wei")}


def test_traffic_in_one_part_of_the_town_slows_only_that():
    of = planned(TWO[:1], {"su": [job("a", 1)]})
    here, there = (of.roads.index[shop(n)] for n in (0, 1))
    near = happened(of, Traffic(2, shop(1), 1000)).roads.seconds
    far = happened(of, Traffic(2, shop(9), 1000)).roads.seconds
    assert near[here][there] == 2 * of.roads.seconds[here][there] == 2 * far[here][there]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6))
def test_whatever_happens_the_proposal_keeps_the_rules_and_is_never_worse_than_doing_nothing(seed):
    chance = Random(seed)
    of = any_situation(chance)
    after_all = happened(of, *[any_event(chance, of) for _ in range(chance.choice((1, 1, 2)))])
    found = replanned(after_all, Effort(60, rounds=8, seed=seed))
    assert violations(found.problem, found.plan, after_all.roads) == []
    assert found.figures.price <= found.nothing.price
    whose = {stop.job: (route.technician, stop.start) for route in found.plan.routes for stop in route.stops}
    alone = {stop.job: (route.technician, stop.start) for route in found.alone.routes for stop in route.stops}
    for one in after_all.problem.jobs:
        if after_all.is_fixed(one):
            assert whose[one.id] == (one.pinned_to, one.pinned_start), "what is begun is a fact"
        elif one.settled and one.id in alone:
            assert whose[one.id][0] == one.pinned_to and one.pinned_start <= whose[one.id][1] <= alone[one.id][1]
    assert {who for c in found.changes if c.after for who in [c.after[0]]}.isdisjoint(after_all.absent)


def any_situation(chance: Random) -> Situation:
    day = read_day(json.dumps(day_by_chance(16, 4, seed=chance.randrange(10**6))))
    days = days_of(day, roads_of(day))
    orders = {who: [] for who in days}
    give(days, orders, day.jobs)
    routes = tuple(route for who, jobs in orders.items() if jobs and (route := timetable(days[who], jobs)))
    of = standing_at(day, Plan(routes), chance.randrange(7 * 3600, 18 * 3600))
    lock = {stop.job: (r.technician, stop.start) for r in routes for stop in r.stops if chance.random() < 0.15}
    jobs = (
        replace(j, pinned_to=lock[j.id][0], pinned_start=lock[j.id][1]) if j.id in lock and not of.is_fixed(j) else j
        for j in of.problem.jobs
    )
    return replace(of, problem=replace(of.problem, jobs=tuple(jobs)))


def any_event(chance: Random, of: Situation) -> Event:
    who = chance.choice(of.problem.technicians).id
    one = chance.choice([j for j in of.problem.jobs if not of.is_fixed(j)] or of.problem.jobs)
    urgent = replace(one, id=f"new{chance.random()}", priority=50, pinned_to=None, pinned_start=None)
    events: list[Event] = [Ill(who), Late(who, chance.randrange(5, 120)), Urgent(urgent), Longer(one.id, 60)]
    events += [Traffic(1.5), Traffic(3, one.at, 5000)]
    return chance.choice(events if of.is_fixed(one) else [*events, Cancelled(one.id)])


def test_the_same_rounds_give_the_same_answer():
    of = happened(any_situation(Random(4)), Traffic(1.4))
    assert replanned(of, ROUNDS) == replanned(of, ROUNDS)


def test_searching_on_in_the_whole_day_keeps_what_is_begun_and_makes_nothing_worse():
    of = happened(any_situation(Random(5)), Traffic(1.3))
    near, far = replanned(of, ROUNDS), replanned(of, ROUNDS, wide=Effort(60, rounds=200, seed=1))
    assert far.figures.price <= near.figures.price and violations(far.problem, far.plan, of.roads) == []
    whose = {stop.job: (route.technician, stop.start) for route in far.plan.routes for stop in route.stops}
    assert all(whose[one.id] == (one.pinned_to, one.pinned_start) for one in of.problem.jobs if of.is_fixed(one))
