"""A row of a list of technicians as a person: a new one, or what it changes of one who is on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, time

from dispatch.intake.rules import show_place
from dispatch.staff.forms import TechnicianRow
from dispatch.staff.models import Person
from dispatch.staff.operations import NewPerson
from dispatch.staff.workday_rules import AS_USUAL, ENDS, Workday
from dispatch.words import Text, say

DAY_WORDS = {
    "pace": say("Time taken, per cent"),
    "overtime_minutes": say("Overtime, minutes"),
    "max_vehicles": say("Vehicles a day at most"),
    "max_travel_minutes": say("On the road a day at most, minutes"),
}
DEFAULT_SHIFT = (time(8, 30), time(17, 30))


def new_technician(row: TechnicianRow, trained_on: date | None) -> NewPerson:
    """Somebody who is not on record yet, as the list has him."""
    return NewPerson(
        staff_no=row.staff_no,
        name=row.name,
        roles=frozenset({"technician"}),
        phone=row.phone or None,
        home_address=row.home_address or None,
        home=_home(row),
        skills=_levels(row),
        shift=(row.shift.start, row.shift.until) if row.shift else DEFAULT_SHIFT,
        trained_on=trained_on,
        workday=_workday(AS_USUAL, row),
    )


def updated(person: Person, row: TechnicianRow, trained_on: date | None) -> NewPerson:
    """A known person with what the list says anew; what it leaves blank stays."""
    standing = (person.home_lat, person.home_lon)
    skills = _levels(row) or {skill.skill: skill.level for skill in person.skills}
    return NewPerson(
        staff_no=person.staff_no,
        name=row.name,
        roles=person.roles,
        phone=row.phone or person.phone,
        home_address=row.home_address or person.home_address,
        home=_home(row) or (standing if standing[0] is not None else None),  # type: ignore[arg-type]
        skills=skills,
        expiries={skill.skill: skill.expires_on for skill in person.skills if skill.expires_on},
        shift=(row.shift.start, row.shift.until) if row.shift else (person.shift_from, person.shift_to),
        lunch=(person.lunch_from, person.lunch_to) if person.lunch_from and person.lunch_to else None,
        trained_on=trained_on or person.trained_on,
        workday=_workday(person.workday, row),
    )


def _workday(standing: Workday, row: TechnicianRow) -> Workday:
    said = {name: number for name in ENDS if (number := getattr(row, name)) is not None}
    return replace(standing, **said)


def _home(row: TechnicianRow) -> tuple[float, float] | None:
    return (row.home_lat, row.home_lon) if row.home_lat is not None and row.home_lon is not None else None


def _levels(row: TechnicianRow) -> dict[str, int]:
    return {skill.code: skill.level for skill in row.skills}


@dataclass(frozen=True)
class Difference:
    """A fact that a row changes: what it is, as it was and as it will be. Skills are levels by code, all else is text."""

    label: Text
    old: str | Mapping[str, int]
    new: str | Mapping[str, int]


def differences(person: Person, row: TechnicianRow) -> tuple[Difference, ...]:
    """What a row changes of a person on record; nothing when the record says the same already."""
    new = updated(person, row, None)
    home = (person.home_lat, person.home_lon)
    facts = (
        Difference(say("Full name"), person.name, new.name),
        Difference(say("Phone"), person.phone or "", new.phone or ""),
        Difference(say("Home address"), person.home_address or "", new.home_address or ""),
        Difference(say("Home on the map"), show_place(*home), show_place(*(new.home or home))),
        Difference(say("Skills"), {skill.skill: skill.level for skill in person.skills}, new.skills),
        Difference(say("Shift"), _span(person.shift_from, person.shift_to), _span(*new.shift)),
        *(Difference(word, _figure(person.workday, name), _figure(new.workday, name)) for name, word in DAY_WORDS.items()),
    )
    return tuple(fact for fact in facts if fact.old != fact.new)


def _figure(day: Workday, name: str) -> str:
    return str(getattr(day, name) or "")


def _span(start: time, until: time) -> str:
    return f"{start:%H:%M}–{until:%H:%M}"
