"""The roster's and the leave's forms: texts -> facts, or a sentence beside each field."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dispatch.clock import moment_of, seconds_of_clock
from dispatch.staff.roster_rules import KINDS, LONGEST_LEAVE, Duty
from dispatch.staff.taking_leave import NewLeave
from dispatch.tabular.cells import read_time
from dispatch.tabular.days import read_near_day
from dispatch.typed import Typed, key_in, number_in
from dispatch.words import Text, say

MOST_DAYS = 62
LATE = timedelta(days=31)
"""Leave may be asked for so long after it began: who is ill asks when he is back."""
WHAT = {"hours": say("Works from – to"), "off": say("Off"), "usual": say("As usual")}


@dataclass(frozen=True)
class RosterFacts:
    """Who does what on which days; `duty` None: as usual."""

    person_ids: tuple[int, ...]
    days: tuple[date, ...]
    duty: Duty | None


def read_month(typed: str | None, today: date) -> date:
    """2026-12 -> its first day; this month for anything else."""
    match = re.fullmatch(r"(\d{4})-(\d{2})", typed or "")
    if match and 2000 <= int(match[1]) <= 2099 and 1 <= int(match[2]) <= 12:
        return date(int(match[1]), int(match[2]), 1)
    return today.replace(day=1)


def read_roster(typed: Mapping[str, str], people: Sequence[str]) -> RosterFacts:
    """The form under the month. Raises Invalid."""
    reader = Typed(typed)
    ids = tuple(found for each in people if (found := number_in(each)) is not None)
    if not ids:
        reader.errors["people"] = say("Choose at least one person.")
    first = reader.need("first", read_near_day, date.max)
    last = reader.maybe("last", read_near_day) or first
    what = reader.choice("what", WHAT, "")
    if not what:
        reader.errors["what"] = say("Say what is to be written.")
    duty = _duty(reader) if what == "hours" else Duty()
    if last < first and not {"first", "last"} & set(reader.errors):
        reader.errors["last"] = say("The last day is before the first.")
    elif (last - first).days >= MOST_DAYS:
        reader.errors["last"] = say("At most %(n)s days at once.", n=MOST_DAYS)
    reader.check()
    days = tuple(first + timedelta(days=ahead) for ahead in range((last - first).days + 1))
    return RosterFacts(ids, days, None if what == "usual" else duty)


def _duty(reader: Typed) -> Duty:
    """Hours may go over midnight; they only have to have a length."""
    duty = Duty(reader.need("starts", read_time, time(0)), reader.need("ends", read_time, time(1)))
    if duty.starts == duty.ends:
        reader.errors.setdefault("ends", say("Beginning and end are the same."))
    return duty


def read_leave(typed: Mapping[str, str], zone: str, at: datetime) -> NewLeave:
    """Two days, and times where it is not whole days. Raises Invalid.

    Without a time it begins at the midnight before the first day and ends with the last: whole days, whatever shift they have.
    """
    reader = Typed(typed)
    first = reader.need("from", read_near_day, date.max)
    last = reader.maybe("to", read_near_day) or first
    starts, ends = _moment(reader, first, "from_time", zone, 0), _moment(reader, last, "to_time", zone, 1)
    kind, reason = reader.choice("kind", KINDS, ""), reader.needed("reason")
    if not kind:
        reader.errors["kind"] = say("Choose what kind of leave it is.")
    if not reader.errors:
        _check_span(reader, starts, ends, at)
    reader.check()
    return NewLeave(kind, starts, ends, reason, key_in(typed.get("key", "")) or uuid.uuid4())


def _moment(reader: Typed, day: date, name: str, zone: str, whole: int) -> datetime:
    clock = reader.maybe(name, read_time)
    if day == date.max:  # nothing that could be reckoned with: the form is refused
        return datetime.max.replace(tzinfo=ZoneInfo("UTC"))
    return moment_of(seconds_of_clock(clock), day, zone) if clock else moment_of(0, day + timedelta(days=whole), zone)


def _check_span(reader: Typed, starts: datetime, ends: datetime, at: datetime) -> None:
    wrong: dict[str, Text] = {}
    if ends <= starts:
        wrong["to"] = say("The leave ends before it begins.")
    elif ends - starts > LONGEST_LEAVE:
        wrong["to"] = say("At most a year at once.")
    elif starts < at - LATE:
        wrong["from"] = say("That is more than %(n)s days ago. Talk to your manager.", n=LATE.days)
    reader.errors.update(wrong)
