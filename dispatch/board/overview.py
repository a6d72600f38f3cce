"""Building a day as the dispatcher looks at it: each technician's route with drives, lunch and bag; what waits. No query here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from typing import Any

from dispatch.board.outcome import UNPLACED, Json, reasons_by_line
from dispatch.board.problem import has_lunch_within, home_of, lunch_within
from dispatch.board.rules import seconds_of, seconds_of_clock, taken_out, worded
from dispatch.board.views import Elsewhere, Overview, Parts, RouteView, StopView, Waiting, Why
from dispatch.board.work import (
    DayOfBranch,
    Ways,
    off_wanted,
    parts_of_lines,
    place_of,
    place_of_visit,
    site_of_line,
    still_needed,
)
from dispatch.orders.models import OrderLine, Visit
from dispatch.staff.models import Person
from dispatch.staff.roster_queries import presences
from dispatch.staff.roster_rules import Presence, Roster, leaves_within
from dispatch.words import text_from_json

REASONS_SHOWN = 3
ROUNDED = 60
"""Seconds. Plans have seconds, people type minutes: lunch that is short of its time by less is still lunch."""


def overview(
    of: DayOfBranch,
    ways: Ways,
    *,
    team: Sequence[Person],
    visits: Sequence[Visit],
    bags: Mapping[int, Parts],
    lines: Sequence[OrderLine],
    told: Mapping[str, Any] | None,
    roster: Roster,
) -> Overview:
    """The day from its parts; `told` is the outcome of the last planning run. A visitor from another team gets a route too, and
    whoever helps another branch out is drawn as away for that time.
    """
    lent = [visit for visit in visits if visit.branch_id != of.branch_id]
    visits = [visit for visit in visits if visit.branch_id == of.branch_id]
    people = {person.id: person for person in (*team, *(visit.technician for visit in visits))}
    by_person = {who: list(group) for who, group in groupby(sorted(visits, key=_by_time), key=lambda visit: visit.technician_id)}
    colours = {who: colour for colour, who in enumerate(who for who in people if who in by_person)}
    bag = {who: taken_out(bags.get(who, {}), still_needed(by_person.get(who, []), ways)) for who in people}
    there = presences(people.values(), of.day, of.zone, roster)
    own = (_route(p, there[p.id], by_person.get(p.id, []), colours.get(p.id), bag[p.id][1], of, ways) for p in people.values())
    routes = [replace(route, elsewhere=_elsewhere(route.person.id, lent, of)) for route in own]
    spare = {who: left for who, (left, _short) in bag.items()}
    return Overview(of, tuple(routes), tuple(_queue(lines, told, spare, ways)))


def _elsewhere(technician_id: int, lent: Sequence[Visit], of: DayOfBranch) -> tuple[Elsewhere, ...]:
    """What he does for others on this day."""
    mine = (visit for visit in lent if visit.technician_id == technician_id)
    return tuple(Elsewhere(visit.order.branch.name, *_times(visit, of), visit.status) for visit in mine)


def _times(visit: Visit, of: DayOfBranch) -> tuple[int, int]:
    return seconds_of(visit.starts_at, of.day, of.zone), seconds_of(visit.ends_at, of.day, of.zone)


def _by_time(visit: Visit) -> tuple[int, Any]:
    return visit.technician_id, visit.starts_at


def _route(
    person: Person, there: Presence, visits: Sequence[Visit], colour: int | None, lacking: Parts, of: DayOfBranch, ways: Ways
) -> RouteView:
    places = [home_of(person), *(place_of_visit(visit) for visit in visits), home_of(person)]
    legs = list(pairwise(places)) if visits else []
    drives = [ways.drive(*leg) for leg in legs] or [(0, 0)]
    bare: list[StopView] = []
    for visit, leg, drive in zip(visits, legs, drives, strict=False):
        stop = _stop(bare[-1] if bare else None, visit, drive, of)
        stop = replace(stop, at_this_hour_s=ways.drive_at(*leg, stop.start - stop.travel_s))
        taken = leaves_within(there, of.day, of.zone, (stop.start, stop.end))
        bare.append(replace(stop, leave=taken[0]) if taken else stop)
    stops, lunch = _with_lunch(person, there, bare, drives[-1][0], of, ways)
    far = sum(metres for _, metres in drives)
    return RouteView(person, stops, colour, drives[-1][0], far, lunch, lacking, there)


def _stop(before: StopView | None, visit: Visit, way: tuple[int, int], of: DayOfBranch) -> StopView:
    """The first drive of a day is spared nothing: whoever starts early leaves home early."""
    start, end = _times(visit, of)
    drive, road_m = way
    spare = start - before.end - drive if before else 0
    number, off = before.number + 1 if before else 1, off_wanted(visit.order, of.day, start)
    return StopView(visit, number, start, end, drive, road_m, spare, off)


def _with_lunch(
    person: Person, there: Presence, stops: Sequence[StopView], way_home_s: int, of: DayOfBranch, ways: Ways
) -> tuple[tuple[StopView, ...], tuple[int, int] | None]:
    """The stops, the one with or behind lunch marked; and when lunch is, if it lies between stops."""
    shift = there.shift()
    lunch = lunch_within(person, there, shift)
    if lunch is None:
        return tuple(stops), None
    free = shift[0] if shift else seconds_of_clock(person.shift_from)
    for place, stop in enumerate(stops):
        at = _lunch_before(max(free, lunch.earliest), free, stop, lunch.seconds)
        if at is not None and at <= lunch.latest:
            eaten = replace(stop, lunch_at=at, eats_there=at + lunch.seconds + stop.travel_s > stop.start + ROUNDED)
            return (*stops[:place], eaten, *stops[place + 1 :]), (at, at + lunch.seconds)
        if has_lunch_within(person, stop.visit, of, ways):
            return (*stops[:place], replace(stop, lunch_within=True), *stops[place + 1 :]), None
        free = max(free, stop.end)
    at = max(free, lunch.earliest)
    due = bool(stops) and at <= lunch.latest < at + lunch.seconds + way_home_s
    return tuple(stops), (at, at + lunch.seconds) if due else None


def _lunch_before(earliest: int, free: int, stop: StopView, seconds: int) -> int | None:
    """The start of a lunch that fits before a stop: before the drive, else on arrival."""
    if earliest + seconds + stop.travel_s <= stop.start + ROUNDED:
        return earliest
    there = max(free + stop.travel_s, earliest)
    return there if there + seconds <= stop.start + ROUNDED else None


def _queue(
    lines: Sequence[OrderLine], told: Mapping[str, Any] | None, spare: Mapping[int, Parts], ways: Ways
) -> Iterable[Waiting]:
    reasons = reasons_by_line(told)
    groups: dict[tuple[int, int], list[OrderLine]] = {}
    for line in lines:
        groups.setdefault((line.order_id, site_of_line(line).id), []).append(line)
    for waiting in groups.values():
        whys = _whys(waiting, reasons, spare, ways)
        yield Waiting(
            waiting[0].order, site_of_line(waiting[0]), tuple(waiting), whys[:REASONS_SHOWN], max(0, len(whys) - REASONS_SHOWN)
        )


def _whys(
    lines: Sequence[OrderLine], reasons: Mapping[int, Sequence[Json]], spare: Mapping[int, Parts], ways: Ways
) -> tuple[Why, ...]:
    if place_of(lines[0]) is None:
        return (Why(UNPLACED, {}, None),)
    given = {str(reason["text"]): reason for line in lines for reason in reasons.get(line.id, ())}
    needed = parts_of_lines(lines, ways)
    return tuple(_why(reason, needed, spare) for reason in given.values())


def _why(reason: Json, needed: Parts, spare: Mapping[int, Parts]) -> Why:
    text, who = text_from_json(reason["text"]), reason["technicians"]
    if "part" not in text.params:
        return Why(worded(text), {}, None)
    technician_id = who[0] if len(who) == 1 else None
    there = spare.get(technician_id, {}) if technician_id else {}
    _left, lacking = taken_out(there, needed)
    return Why(worded(text), lacking, technician_id)
