"""A day as a file: the problem in, the plan out. What is wrong with a record is told by a sentence that names it.

JSON; times in seconds after midnight, places [lat, lon], prices in seconds on the road. Fields with a default may be missing; a
field that is not known here is refused.

    travel       {"factor": 1.3, "speed_kmh": 30}
    date         "2026-11-23", for skills that lapse
    not_before   the moment of planning: nobody sets out earlier
    prices       {"not_preferred", "too_skilled", "lent", "fair"}: see `model.Prices`
    technicians  id, home, shift [from, to], lunch {"earliest", "latest", "minutes"}, skills {name: level},
                 skills_until {name: last day}, parts {name: count}, takes_money,
                 overtime_minutes and overtime_price (a second), pace (per cent), paces {skill: per cent},
                 max_stops, max_travel_minutes, open_end, branch, lent, visit_price, worked_minutes (this week), tools [names]
    stores       id, at, minutes, windows [[from, to], ...] for the stop, parts {name: count}, tools {name: count}, branch
    jobs         id, at, minutes, setup_minutes, windows [[from, to], ...] for the start, priority 1-1000, skills {name: least
                 level}, parts {name: count}, pinned_to (id), pinned_start, collects,
                 late_minutes and late_price (a second after the last window), preferred [ids], forbidden [ids], branch,
                 linked (a name: all go to the same person), vehicles, tools [names],
                 team (2: two people at once), together (a name: these two are one visit of two people)

A job of several `vehicles` in one yard takes its `minutes` for each of them and may be divided among people: it is planned as so
many jobs, "J7#1" and on, whose `setup_minutes` fall away behind another one of them. A job of a `team` is planned as two, "J7#1"
and "J7#2". In a plan {"store": id, "start": s} is a stop at a store, where somebody fetches what his bag lacks, once a day.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from dispatch.errors import RuleBroken
from dispatch.routing.model import Job, Plan, Prices, Problem, Route, Span, Store, Technician, Travel
from dispatch.routing.records import (
    DAY_S,
    HIGHEST_PRIORITY,
    Record,
    counts_in,
    date_in,
    dates_in,
    flag_in,
    id_in,
    ids_in,
    lunch_in,
    minutes_in,
    number_in,
    place_in,
    price_in,
    prices_in,
    span_in,
    travel_in,
)
from dispatch.words import Text, say

PACES = (10, 1_000)
"""Per cent."""
MOST_VEHICLES = 1_000
MOST_PEOPLE = 2


def read_day(text: str) -> Problem:
    """The problem of a file. RuleBroken names the record that cannot be taken."""
    try:
        day = json.loads(text)
    except ValueError as reason:
        raise RuleBroken(say("This is no JSON: %(reason)s", reason=str(reason))) from None
    whole = Record(say("the file"), day)
    whole.only("travel", "date", "not_before", "prices", "technicians", "stores", "jobs")
    people = tuple(_technician(row, whole) for row in whole.rows("technicians", _technician_named))
    stores = whole.rows("stores", _store_named) if whole.row.get("stores") is not None else []
    jobs = tuple(job for row in whole.rows("jobs", _job_named) for job in _divided(row, _job(row)))
    return Problem(
        people,
        jobs,
        whole.field("travel", travel_in, Travel()),
        whole.maybe("not_before", _moment),
        whole.field("prices", prices_in, Prices()),
        tuple(map(_store, stores)),
    )


def written_day(plan: Plan, tell: Callable[[Text], str] = str) -> dict[str, Any]:
    """A plan for the file: stops and lunch by time, lunch before the job that starts at its end; why each job was left."""
    left = [{"job": one.job, "reasons": [tell(reason.text) for reason in one.reasons]} for one in plan.unserved]
    return {"routes": [_route(route) for route in plan.routes], "unserved": left}


def _route(route: Route) -> dict[str, Any]:
    stops: list[tuple[int, int, dict[str, Any]]] = [
        (stop.start, 1, {"job": stop.job, "start": stop.start}) for stop in route.stops
    ]
    if route.store is not None:
        stops.append((route.store.start, 1, {"store": route.store.store, "start": route.store.start}))
    if route.lunch_at is not None:
        stops.append((route.lunch_at, 0, {"lunch": route.lunch_at}))
    return {"technician": route.technician, "stops": [step for _, _, step in sorted(stops, key=lambda item: item[:2])]}


def _technician_named(one: object) -> Text:
    return say("technician %(id)s", id=one)


def _job_named(one: object) -> Text:
    return say("job %(id)s", id=one)


def _store_named(one: object) -> Text:
    return say("store %(id)s", id=one)


def _store(row: Record) -> Store:
    row.only(*Store.__dataclass_fields__)
    return Store(
        id=row.field("id", id_in),
        at=row.field("at", place_in),
        minutes=row.field("minutes", minutes_in, 0),
        windows=row.field("windows", _spans, ()),
        parts=row.field("parts", counts_in, {}),
        tools=row.field("tools", counts_in, {}),
        branch=row.maybe("branch", id_in),
    )


def _technician(row: Record, whole: Record) -> Technician:
    row.only("skills_until", *Technician.__dataclass_fields__)
    return Technician(
        id=row.field("id", id_in),
        home=row.field("home", place_in),
        shift=row.field("shift", span_in),
        lunch=row.maybe("lunch", lunch_in),
        skills=_lasting(row, whole),
        parts=row.field("parts", counts_in, {}),
        product_trained=row.field("product_trained", flag_in, True),
        takes_money=row.field("takes_money", flag_in, True),
        overtime_minutes=row.field("overtime_minutes", minutes_in, 0),
        overtime_price=row.field("overtime_price", price_in, 0),
        pace=row.field("pace", _pace, 100),
        paces=row.field("paces", lambda value: {str(skill): _pace(pace) for skill, pace in dict(value).items()}, {}),
        max_stops=row.maybe("max_stops", minutes_in),
        max_travel_minutes=row.maybe("max_travel_minutes", minutes_in),
        open_end=row.field("open_end", flag_in, False),
        branch=row.maybe("branch", id_in),
        lent=row.field("lent", flag_in, True),
        visit_price=row.field("visit_price", price_in, 0),
        worked_minutes=row.field("worked_minutes", lambda value: number_in(value, 0, 7 * DAY_S // 60), 0),
        tools=row.field("tools", _names, ()),
    )


def _lasting(row: Record, whole: Record) -> dict[str, int]:
    """The skills that have not lapsed on the day."""
    none: Mapping[str, date] = {}
    ends = row.field("skills_until", dates_in, none)
    day = whole.field("date", date_in) if ends else date.min
    skills: Mapping[str, int] = row.field("skills", counts_in, {})
    return {skill: level for skill, level in skills.items() if skill not in ends or day <= ends[skill]}


def _job(row: Record) -> Job:
    row.only("vehicles", "team", *Job.__dataclass_fields__)
    return Job(
        id=row.field("id", id_in),
        at=row.field("at", place_in),
        minutes=row.field("minutes", minutes_in),
        setup_minutes=row.field("setup_minutes", minutes_in, 0),
        windows=row.field("windows", _spans, ()),
        priority=row.field("priority", lambda value: number_in(value, 1, HIGHEST_PRIORITY), 1),
        skills=row.field("skills", counts_in, {}),
        parts=row.field("parts", counts_in, {}),
        pinned_to=row.maybe("pinned_to", id_in),
        pinned_start=row.maybe("pinned_start", _moment),
        collects=row.field("collects", flag_in, False),
        late_minutes=row.field("late_minutes", minutes_in, 0),
        late_price=row.field("late_price", price_in, 0),
        preferred=row.field("preferred", ids_in, ()),
        forbidden=row.field("forbidden", ids_in, ()),
        branch=row.maybe("branch", id_in),
        linked=row.maybe("linked", _name),
        tools=row.field("tools", _names, ()),
        together=row.maybe("together", _name),
    )


def _divided(row: Record, job: Job) -> Iterator[Job]:
    """One job, or one for each vehicle of a yard, or one for each of two people."""
    many = row.field("vehicles", lambda value: number_in(value, 1, MOST_VEHICLES), 1)
    team = row.field("team", lambda value: number_in(value, 1, MOST_PEOPLE if many == 1 and job.together is None else 1), 1)
    together = str(job.id) if team > 1 else job.together
    split = (replace(job, id=f"{job.id}#{number}", together=together) for number in range(1, many * team + 1))
    yield from [job] if many * team == 1 else split


def _moment(value: Any) -> int:
    return number_in(value, 0, 2 * DAY_S)


def _pace(value: Any) -> int:
    return number_in(value, *PACES)


def _spans(value: Any) -> tuple[Span, ...]:
    return tuple(map(span_in, value))


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(str, ids_in(value)))


def _name(value: Any) -> str:
    return str(id_in(value))
