"""A day as a file: the problem in, the plan out. What is wrong with a record is told by a sentence that names it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dispatch.errors import RuleBroken
from dispatch.routing.model import Id, Job, Lunch, Plan, Problem, Route, Span, Technician, Travel
from dispatch.words import Text, say

T = TypeVar("T")
DAY_S = 86_400
LONGEST_MINUTES = 24 * 60
HIGHEST_PRIORITY = 1_000


def read_day(text: str) -> Problem:
    """The problem of a file. RuleBroken names the record that cannot be taken."""
    try:
        day = json.loads(text)
    except ValueError as reason:
        raise RuleBroken(say("This is no JSON: %(reason)s", reason=str(reason))) from None
    whole = _Record(say("the file"), day)
    people = tuple(_technician(row) for row in whole.rows("technicians", _technician_named))
    jobs = tuple(_job(row) for row in whole.rows("jobs", _job_named))
    return Problem(people, jobs, whole.field("travel", _travel, Travel()))


def written_day(plan: Plan) -> dict[str, Any]:
    """A plan for the file: stops and lunch by time, lunch before the job that starts at its end."""
    left = [{"job": one.job} for one in plan.unserved]
    return {"routes": [_route(route) for route in plan.routes], "unserved": left}


def _route(route: Route) -> dict[str, Any]:
    stops: list[tuple[int, int, dict[str, Any]]] = [
        (stop.start, 1, {"job": stop.job, "start": stop.start}) for stop in route.stops
    ]
    if route.lunch_at is not None:
        stops.append((route.lunch_at, 0, {"lunch": route.lunch_at}))
    return {"technician": route.technician, "stops": [step for _, _, step in sorted(stops, key=lambda item: item[:2])]}


class _Record:
    """One object of the file, known by a name; whatever is wrong with a field is told with that name."""

    def __init__(self, name: Text, row: object) -> None:
        if not isinstance(row, dict):
            raise RuleBroken(say("%(record)s: an object is needed here", record=name))
        self.name, self.row = name, row

    def rows(self, field: str, named: Callable[[object], Text]) -> list[_Record]:
        """The records of a list, each with an id of its own."""
        found = self.row.get(field)
        if not isinstance(found, list):
            raise RuleBroken(say("%(record)s: a list “%(field)s” is needed", record=self.name, field=field))
        records = [_Record(named(_id_of(row, number)), row) for number, row in enumerate(found, 1)]
        known: set[Id] = set()
        for record in records:
            one = record.field("id", _id)
            if one in known:
                raise RuleBroken(say("%(record)s: this id is there twice", record=record.name))
            known.add(one)
        return records

    def field(self, field: str, read: Callable[[Any], T], absent: T | None = None) -> T:
        """A field as `read` understands it; `absent` if it is not there."""
        value = self.row.get(field)
        if value is None:
            if absent is None:
                raise RuleBroken(say("%(record)s: “%(field)s” is missing", record=self.name, field=field))
            return absent
        try:
            return read(value)
        except (ValueError, TypeError, KeyError, OverflowError):
            told = json.dumps(value, ensure_ascii=False)[:80]
            raise RuleBroken(
                say("%(record)s: “%(field)s” cannot be %(value)s", record=self.name, field=field, value=told)
            ) from None


def _technician_named(one: object) -> Text:
    return say("technician %(id)s", id=one)


def _job_named(one: object) -> Text:
    return say("job %(id)s", id=one)


def _id_of(row: object, number: int) -> object:
    return row["id"] if isinstance(row, dict) and isinstance(row.get("id"), str | int) else number


def _technician(row: _Record) -> Technician:
    return Technician(
        id=row.field("id", _id),
        home=row.field("home", _place),
        shift=row.field("shift", _span),
        lunch=row.field("lunch", _lunch) if row.row.get("lunch") is not None else None,
        skills=row.field("skills", _counts, {}),
        parts=row.field("parts", _counts, {}),
    )


def _job(row: _Record) -> Job:
    return Job(
        id=row.field("id", _id),
        at=row.field("at", _place),
        minutes=row.field("minutes", lambda value: _number(value, 0, LONGEST_MINUTES)),
        windows=row.field("windows", lambda value: tuple(map(_span, value)), ()),
        priority=row.field("priority", lambda value: _number(value, 1, HIGHEST_PRIORITY), 1),
        skills=row.field("skills", _counts, {}),
        parts=row.field("parts", _counts, {}),
    )


def _id(value: Any) -> Id:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ValueError
    return value


def _number(value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value) or not least <= value <= most:
        raise ValueError
    return int(value)


def _real(value: Any, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
        raise ValueError
    return float(value)


def _place(value: Any) -> tuple[float, float]:
    lat, lon = value
    return _real(lat, -90, 90), _real(lon, -180, 180)


def _span(value: Any) -> Span:
    opens, closes = (_number(moment, 0, 2 * DAY_S) for moment in value)
    if opens > closes:
        raise ValueError
    return opens, closes


def _lunch(value: Any) -> Lunch:
    earliest, latest = _span((value["earliest"], value["latest"]))
    return Lunch(earliest, latest, _number(value["minutes"], 0, LONGEST_MINUTES))


def _counts(value: Any) -> Mapping[str, int]:
    return {str(name): _number(count, 0, 1_000_000) for name, count in dict(value).items()}


def _travel(value: Any) -> Travel:
    return Travel(_real(value["factor"], 0.01, 100), _real(value["speed_kmh"], 0.1, 1000))
