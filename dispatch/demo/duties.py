"""The calendar of the year, who works on the weekend and at night, and leave in every state."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from uuid import UUID

from dispatch.clock import moment_of
from dispatch.demo import words
from dispatch.demo.company import Company
from dispatch.staff.calendar_forms import Entry, read_pasted, whole
from dispatch.staff.calendar_rules import Calendar, Named, is_workday
from dispatch.staff.roster_rules import Duty
from dispatch.staff.rostering import set_days, set_duty
from dispatch.staff.rules import Actor
from dispatch.staff.taking_leave import NewLeave, ask_leave, decide_leave

HOLIDAYS = """
2026-01-01~2026-01-03 放假 元旦
2026-01-04 上班 元旦调休
2026-02-15~2026-02-23 放假 春节
2026-02-14 上班 春节调休
2026-02-28 上班 春节调休
2026-04-04~2026-04-06 放假 清明节
2026-05-01~2026-05-05 放假 劳动节
2026-05-09 上班 劳动节调休
2026-06-19~2026-06-21 放假 端午节
2026-09-20 上班 国庆节调休
2026-09-25~2026-09-27 放假 中秋节
2026-10-01~2026-10-07 放假 国庆节
2026-10-10 上班 国庆节调休
"""
NIGHT = Duty(time(22), time(6))
SHOWN_DAYS = 4
"""So many days, today among them, somebody is there whatever the weekday: a demonstration is looked at on a Sunday, too."""


def build(company: Company, now: datetime) -> None:
    """What people would have entered by hand."""
    named = whole(read_pasted(HOLIDAYS))
    set_days(company.session, named, branch_id=None, by=company.people["admin"], at=company.at)
    today = now.date()
    for code in words.TECHNICIANS:
        _weekends(company, code, today, named)
    _nights(company, today)
    _leave(company, now)


def _weekends(company: Company, code: str, today: date, named: list[Entry]) -> None:
    """On days of rest everybody who is looked at now works his shift; later on two of a team take turns."""
    calendar = Calendar({one.day: Named(one.kind, one.name) for one in named})
    team = [company.people[username] for username, _, _ in words.TECHNICIANS[code]]
    for ahead in range(28):
        day = today + timedelta(days=ahead)
        if not is_workday(calendar, day):
            on_duty = team if ahead < SHOWN_DAYS else [team[ahead % len(team)], team[(ahead + 1) % len(team)]]
            _write(company, code, on_duty, [day], Duty(time(8, 30), time(17, 30)), today)


def _nights(company: Company, today: date) -> None:
    nights = [today + timedelta(days=ahead) for ahead in (8, 9)]
    _write(company, "SZ", [company.people[words.TECHNICIANS["SZ"][2][0]]], nights, NIGHT, today)


def _write(company: Company, code: str, people: list[Actor], days: list[date], duty: Duty, today: date) -> None:
    ids = [one.id for one in people if one.id is not None]
    set_duty(company.session, ids, days, duty, today=today, by=company.manager(code), at=company.at)


def _leave(company: Company, now: datetime) -> None:
    """One that is approved, two that wait, one of them over visits that were sent out; one that was refused."""
    first, second, third = (company.people[username] for username, _, _ in words.TECHNICIANS["SZ"][:3])
    asked = (
        (second, "annual", 10, 12, "回老家参加婚礼"),
        (third, "training", 14, 15, "新终端安装培训"),
        (company.people["lin"], "annual", 17, 20, "年假"),
    )
    hour = timedelta(hours=1)
    family = NewLeave("private", now + hour, now + 4 * hour, "孩子发烧，要去医院", UUID(int=company.random.getrandbits(128)))
    ask_leave(company.session, family, by=first, at=now - 2 * hour)
    made = [_asked(company, who, kind, now, first_day, last_day, reason) for who, kind, first_day, last_day, reason in asked]
    manager = company.manager("SZ")
    at = now - timedelta(hours=2)
    decide_leave(company.session, made[0], approve=True, answer="", by=manager, at=at)
    decide_leave(company.session, made[2], approve=False, answer="月底结账，请改到下月", by=manager, at=at)


def _asked(company: Company, who: Actor, kind: str, now: datetime, first: int, last: int, reason: str) -> int:
    starts, ends = (moment_of(0, now.date() + timedelta(days=ahead), company.zone) for ahead in (first, last + 1))
    key = UUID(int=company.random.getrandbits(128))
    return ask_leave(company.session, NewLeave(kind, starts, ends, reason, key), by=who, at=now - timedelta(hours=20)).id
