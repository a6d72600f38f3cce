"""Windows to be promised, in the town: nobody comes late for one, near routes are cheap, a held window takes its room."""

from __future__ import annotations

from datetime import date

from dispatch.routing import Plan
from dispatch.routing.in_memory import CALM, RoutesInMemory
from dispatch.routing.promise import OpenDay, offers, windows_between
from dispatch.routing.roads import great_circle
from dispatch.routing.urgent import fill
from tests.routing.town import HOUR, at, job, problem, shop, technician

MONDAY, TUESDAY = date(2026, 12, 7), date(2026, 12, 8)
MORNING, AFTERNOON = (at("8:30"), at("12:00")), (at("13:00"), at("17:00"))


def open_day(day, *jobs, not_before=None, team=None):
    """A day with these jobs in rough places."""
    whole = problem(team or [technician()], list(jobs), not_before)
    standing = RoutesInMemory(whole, Plan(), great_circle([shop(n) for n in range(12)], whole.travel), CALM)
    assert fill(standing, jobs) == []
    return OpenDay(day, standing, (MORNING, AFTERNOON))


def test_the_window_in_which_somebody_is_near_is_the_cheapest():
    days = [open_day(MONDAY, job("far", 9, windows=(AFTERNOON,))), open_day(TUESDAY, job("near", 1, windows=(MORNING,)))]
    found = offers(days, job("new", 9))
    ways = [(one.day, one.window, round(one.extra_travel_s / 600)) for one in found]
    assert ways == [(MONDAY, MORNING, 0), (MONDAY, AFTERNOON, 0), (TUESDAY, MORNING, 16)]


def test_three_are_offered_by_time_and_none_that_nobody_can_keep():
    days = [open_day(MONDAY, job("all day", minutes=500), not_before="8:30"), open_day(TUESDAY)]
    found = offers(days, job("new", 2))
    assert [(one.day, one.window) for one in found] == [(TUESDAY, MORNING), (TUESDAY, AFTERNOON)]
    assert offers(days[:1], job("new", 2)) == []


def test_a_held_window_takes_its_room_until_it_is_dropped():
    day, new = open_day(MONDAY), job("new", 1, minutes=220)
    assert [one.window for one in offers([day], new)] == [MORNING, AFTERNOON]
    assert fill(day.standing, [job("held", 1, minutes=300, windows=(MORNING,))]) == []
    assert [one.window for one in offers([day], new)] == [AFTERNOON]
    day.standing.drop("held")
    assert [one.window for one in offers([day], new)] == [MORNING, AFTERNOON]


def test_the_last_room_is_kept_for_urgent_jobs():
    full, empty = job("work", 1, minutes=170, windows=(MORNING,)), job("new", 1, minutes=10)
    crowded, free = (offers([open_day(MONDAY, *jobs)], empty, most=1)[0] for jobs in ((full,), ()))
    assert crowded.window == AFTERNOON and free.window == MORNING
    assert free.price == free.extra_travel_s


def test_hours_are_cut_into_windows():
    assert windows_between(8 * HOUR, 12 * HOUR, 2 * HOUR) == ((8 * HOUR, 10 * HOUR), (10 * HOUR, 12 * HOUR))
    assert windows_between(at("8:30"), at("17:30"), 2 * HOUR)[-1] == (at("16:30"), at("17:30"))
    assert windows_between(at("8:30"), at("17:00"), 2 * HOUR)[-1] == (at("14:30"), at("17:00"))
