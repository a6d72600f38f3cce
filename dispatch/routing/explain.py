"""Why a job found nobody, in sentences for the dispatcher."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum

from dispatch.routing.day import Day, length, opening, visits
from dispatch.routing.fetching import Lack, by_stores, lack, order_of, stores_left
from dispatch.routing.insertion import Orders, cheapest, linked_with
from dispatch.routing.model import Id, Job, Plan, Problem, Reason
from dispatch.routing.roads import Roads, roads_of
from dispatch.routing.suits import bag_holds, is_skilled, may_collect, may_come, parts_missing, skills_missing
from dispatch.routing.timetable import days_of, passable, timetable
from dispatch.words import Text, say


class Near(IntEnum):
    """How near a technician came, the nearest first."""

    FREE = 0
    TEAM = 1
    ALONE = 2
    FULL = 3
    LIMIT = 4
    PARTS_USED = 5
    STORE_USED = 6
    NO_PART = 7
    NOT_IN_STORE = 8
    STORE_FAR = 9
    TOO_FAR = 10
    OFF_SHIFT = 11
    LEVEL_LOW = 12
    NO_SKILL = 13
    HOLDS_CASH = 14
    UNTRAINED = 15
    NOT_LENT = 16
    NOT_LET_IN = 17
    LINKED = 18
    OTHER_PERSON = 19


PARTS = (Near.NO_PART, Near.NOT_IN_STORE, Near.STORE_USED, Near.STORE_FAR, Near.PARTS_USED)

STOPS, WAY = "stops", "way"
Kind = tuple[Near, str, int]
"""What keeps a technician from a job: how near he came, of which skill, part or limit, and the level asked for."""


def reasons(
    days: Mapping[Id, Day],
    orders: Orders,
    job: Job,
    free: Collection[Id] | None = None,
    *,
    brief: bool = False,
    at_once: bool | None = None,
) -> tuple[Reason, ...]:
    """Everybody who did not get the job, in groups with one sentence each; who came nearest stands first.

    `free`: who is known to have room. `brief`: not when those who are full are free again. `at_once`: whether two people are
    known to have room for a visit of two at the same time.
    """
    if not days:
        return (Reason(say("Nobody works on this day.")),)
    if job.pinned_to is not None and job.pinned_to not in days:
        return (Reason(say("The technician it was given to does not work on this day."), (job.pinned_to,)),)
    if is_over(job, next(iter(days.values())).not_before):
        return (Reason(say("Its times for today are over."), tuple(days)),)
    groups: dict[Kind, list[Id]] = {}
    for who in days:
        apart = linked_with(orders, job) - {who}
        kind = (Near.LINKED, "", 0) if apart else kept_from(days[who], orders[who], job, free, _with_stock(days, orders, who))
        groups.setdefault(_with_other(kind, job, at_once), []).append(who)
    named = sorted(((kind, who) for kind, who in groups.items() if kind[0] != Near.OTHER_PERSON), key=lambda group: group[0])
    shown = {} if brief else days
    return tuple(Reason(_sentence(kind, who, shown, orders, job), tuple(who)) for kind, who in named)


def explained(problem: Problem, plan: Plan, roads: Roads | None = None) -> Plan:
    """The plan with a reason for each job that it leaves without one."""
    if all(left.reasons for left in plan.unserved):
        return plan
    jobs = {job.id: job for job in problem.jobs}
    days = days_of(problem, roads or roads_of(problem))
    orders: Orders = {who: list(day.settled) for who, day in days.items()}
    orders |= {route.technician: order_of(route, jobs, problem.stores) for route in plan.routes}
    told = (left if left.reasons else replace(left, reasons=reasons(days, orders, jobs[left.job])) for left in plan.unserved)
    return replace(plan, unserved=tuple(told))


def is_over(job: Job, not_before: int) -> bool:
    """Whether all its windows closed before the moment of planning."""
    return bool(job.windows) and all(closes < max(opens, not_before) for opens, closes in job.windows)


def kept_from(day: Day, jobs: Sequence[Job], job: Job, free: Collection[Id] | None = None, left: Day | None = None) -> Kind:
    """What keeps this technician from the job: the hardest obstacle counts. `left`: with what others leave in the stores."""
    return _person(day, job) or _bag(day, left or day, jobs, job) or _time(left or day, jobs, job, free)


def _person(day: Day, job: Job) -> Kind | None:
    if is_skilled(day.technician, job):
        return None
    if job.pinned_to is not None:
        return (Near.OTHER_PERSON, "", 0)
    if not day.technician.product_trained:
        return (Near.UNTRAINED, "", 0)
    if not may_collect(day.technician, job):
        return (Near.HOLDS_CASH, "", 0)
    if not may_come(day.technician, job):
        return (Near.NOT_LET_IN if day.technician.id in job.forbidden else Near.NOT_LENT, "", 0)
    missing = skills_missing(day.technician, job)
    absent = [skill for skill in missing if not day.technician.skills.get(skill)]
    skill = min(absent or missing)
    return (Near.NO_SKILL if absent else Near.LEVEL_LOW, skill, missing[skill])


def _bag(day: Day, left: Day, jobs: Sequence[Job], job: Job) -> Kind | None:
    missing = _lack(day, job)
    if missing and not any(missing.is_in(errand.store) for errand in day.stores):
        return (Near.NOT_IN_STORE if day.stores and job.together is None else Near.NO_PART, missing.first, 0)
    if missing and job.together is not None:
        return (Near.NO_PART, missing.first, 0)
    used, together = parts_missing(day.bag, visits(jobs), job), lack(day, [*visits(jobs), job])
    if not (missing or used) or any(together.is_in(errand.store) for errand in left.stores if job.together is None):
        return None
    return (Near.STORE_USED, missing.first, 0) if missing else (Near.PARTS_USED, min(used), 0)


def _lack(day: Day, job: Job) -> Lack:
    """What the job needs and the bag does not hold in the morning."""
    one = day.technician
    return Lack(parts_missing(one.parts, (), job), tuple(tool for tool in job.tools if tool not in one.tools))


def _time(day: Day, jobs: Sequence[Job], job: Job, free: Collection[Id] | None) -> Kind:
    if not fits_shift(day, job):
        return (Near.OFF_SHIFT, "", 0)
    if not passable(_without_limits(day), (job,)):
        return (Near.TOO_FAR, "", 0)
    missing = _lack(day, job)
    if missing and not has_room(_without_limits(day), (), job):
        return (Near.STORE_FAR, missing.first, 0)
    if has_room(day, jobs, job) if free is None else day.technician.id in free:
        return (Near.FREE, "", 0)
    return (Near.LIMIT, limit, 0) if (limit := limit_reached(day, jobs, job)) else (Near.FULL, "", 0)


def limit_reached(day: Day, jobs: Sequence[Job], job: Job) -> str:
    """Which limit of his alone keeps him from one more job: STOPS or WAY; "" where it is the clock."""
    limited = day.most_stops is not None or day.most_road_s is not None
    if not limited or not has_room(_without_limits(day), jobs, job):
        return ""
    return STOPS if day.most_stops is not None and len(visits(jobs)) >= day.most_stops else WAY


def has_room(day: Day, jobs: Sequence[Job], job: Job) -> bool:
    """Whether there is a place for the job, out of the bag or with a stop at a store."""
    if bag_holds(day, jobs, job) and cheapest(day, jobs, job):
        return True
    others = visits(jobs) if day.stores else []
    longer = ((*others[:k], job, *others[k:]) for k in range(len(others) + 1))
    return any(passable(day, order) for one in longer for order in by_stores(day, one)) if day.stores else False


def _with_stock(days: Mapping[Id, Day], orders: Orders, who: Id) -> Day:
    day = days[who]
    return replace(day, stores=stores_left(days, orders, who)) if day.stores else day


def _with_other(kind: Kind, job: Job, at_once: bool | None) -> Kind:
    """Who has room for half a visit of two is not enough."""
    if kind[0] != Near.FREE or job.together is None or at_once:
        return kind
    return (Near.TEAM if at_once is None else Near.ALONE, "", 0)


def _without_limits(day: Day) -> Day:
    return replace(day, technician=replace(day.technician, max_stops=None, max_travel_minutes=None))


def fits_shift(day: Day, job: Job) -> bool:
    """Whether the shift holds a moment at which the job may start, and the work after it; the way not counted."""
    opens, closes = day.technician.shift
    start = opening(job, max(opens, day.not_before))
    return start is not None and start + length(job, None, day.technician) <= closes + day.technician.overtime_minutes * 60


def _sentence(kind: Kind, who: Sequence[Id], days: Mapping[Id, Day], orders: Orders, job: Job) -> Text:
    near, what, level = kind
    n = len(who)
    if near is Near.FULL:
        able = (days[one] for one in who if one in days)
        return _full(job, n, _first_free([day for day in able if bag_holds(day, orders[day.technician.id], job)], orders, job))
    if near in PARTS:
        return _part(near, n, what)
    if near in (Near.LEVEL_LOW, Near.NO_SKILL):
        return _skill(near, n, what, level)
    return _limit(what, n) if near is Near.LIMIT else _whole_day(near, n)


def _limit(what: str, n: int) -> Text:
    if what == STOPS:
        one, many = say("1 has as many vehicles as is allowed on a day"), say("%(n)s have as many vehicles as is allowed", n=n)
    else:
        one, many = say("1 would be on the road too long for a day"), say("%(n)s would be on the road too long", n=n)
    return one if n == 1 else many


def _skill(near: Near, n: int, skill: str, level: int) -> Text:
    if near is Near.LEVEL_LOW:
        one = say("1 has skill %(skill)s below %(level)s", skill=skill, level=level)
        return one if n == 1 else say("%(n)s have skill %(skill)s below %(level)s", n=n, skill=skill, level=level)
    if n == 1:
        return say("1 lacks skill %(skill)s %(level)s", skill=skill, level=level)
    return say("%(n)s lack skill %(skill)s %(level)s", n=n, skill=skill, level=level)


def _part(near: Near, n: int, part: str) -> Text:
    one, many = {
        Near.NO_PART: (say("1 has no %(part)s in the bag", part=part), say("%(n)s have no %(part)s in the bag", n=n, part=part)),
        Near.NOT_IN_STORE: (
            say("1 has no %(part)s in the bag, and no store holds it", part=part),
            say("%(n)s have no %(part)s in the bag, and no store holds it", n=n, part=part),
        ),
        Near.STORE_USED: (
            say("1 has no %(part)s in the bag, and what the stores hold is fetched for other vehicles", part=part),
            say("%(n)s have no %(part)s in the bag, and what the stores hold is fetched for other vehicles", n=n, part=part),
        ),
        Near.STORE_FAR: (
            say("1 has no %(part)s in the bag and cannot fetch it in time", part=part),
            say("%(n)s have no %(part)s in the bag and cannot fetch it in time", n=n, part=part),
        ),
        Near.PARTS_USED: (
            say("1 needs every %(part)s in the bag for other vehicles", part=part),
            say("%(n)s need every %(part)s in the bag for other vehicles", n=n, part=part),
        ),
    }[near]
    return one if n == 1 else many


def _whole_day(near: Near, n: int) -> Text:
    one, many = {
        Near.FREE: (say("1 could still take it"), say("%(n)s could still take it", n=n)),
        Near.TEAM: (
            say("1 could come, but it takes two at the same time"),
            say("%(n)s could come, but it takes two at the same time", n=n),
        ),
        Near.ALONE: (
            say("1 could come, but nobody else is free at the same time"),
            say("%(n)s could come, but nobody else is free at the same time", n=n),
        ),
        Near.TOO_FAR: (say("1 cannot fit the way into the shift"), say("%(n)s cannot fit the way into the shift", n=n)),
        Near.NOT_LET_IN: (say("1 is not let in by the customer"), say("%(n)s are not let in by the customer", n=n)),
        Near.NOT_LENT: (say("1 does not work for that branch"), say("%(n)s do not work for that branch", n=n)),
        Near.LINKED: (
            say("1 does not have the visit that it goes with"),
            say("%(n)s do not have the visit that it goes with", n=n),
        ),
        Near.OFF_SHIFT: (say("1 is not on shift then"), say("%(n)s are not on shift then", n=n)),
        Near.HOLDS_CASH: (
            say("1 holds more cash than he may: no paid job before he hands in"),
            say("%(n)s hold more cash than they may: no paid job before they hand in", n=n),
        ),
        Near.UNTRAINED: (say("1 has not passed the product training"), say("%(n)s have not passed the product training", n=n)),
    }[near]
    return one if n == 1 else many


def _full(job: Job, n: int, first_free: int | None) -> Text:
    if not job.windows:
        return say("1 is full all day") if n == 1 else say("%(n)s are full all day", n=n)
    opens, closes = clock(min(a for a, _ in job.windows)), clock(max(b for _, b in job.windows))
    full = say("1 is full between %(opens)s and %(closes)s", opens=opens, closes=closes)
    if n > 1:
        full = say("%(n)s are full between %(opens)s and %(closes)s", n=n, opens=opens, closes=closes)
    return full if first_free is None else say("%(full)s; the first is free at %(at)s", full=full, at=clock(first_free))


def _first_free(days: Sequence[Day], orders: Orders, job: Job) -> int | None:
    """The earliest start with any of them, were it not for the job's windows."""
    starts = (earliest_start(day, orders[day.technician.id], _without_windows(job)) for day in days)
    return min((start for start in starts if start is not None), default=None)


def _without_windows(job: Job) -> Job:
    return replace(job, windows=(), pinned_to=None, pinned_start=None)


def earliest_start(day: Day, jobs: Sequence[Job], job: Job) -> int | None:
    """The start of the job at its cheapest place in a day."""
    found = cheapest(day, jobs, job)
    route = timetable(day, found.jobs) if found else None
    return next(stop.start for stop in route.stops if stop.job == job.id) if route else None


def clock(seconds: int) -> str:
    """13:05 for seconds after midnight."""
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
