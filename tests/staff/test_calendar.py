"""The business calendar: workdays, working time between moments, and entering a year."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import NotAllowed, NotFound
from dispatch.staff.calendar_forms import Entry, read_pasted, whole
from dispatch.staff.calendar_rules import (
    PLAIN,
    Calendar,
    Named,
    add_work_minutes,
    is_workday,
    next_workday,
    pieces_of,
    work_minutes_between,
)
from dispatch.staff.roster_models import CalendarDay
from dispatch.staff.roster_queries import calendar_of
from dispatch.staff.rostering import set_days, take_day_out
from tests.conftest import AT, Cast, SignIn

SHANGHAI = "Asia/Shanghai"
HOURS = ((8 * 60 + 30, 12 * 60), (13 * 60, 17 * 60 + 30))
NIGHT = ((22 * 60, 30 * 60),)
NEW_YEAR = Calendar(
    {
        date(2027, 1, 1): Named("holiday", "元旦"),
        date(2027, 1, 2): Named("holiday", "元旦"),
        date(2027, 1, 3): Named("holiday", "元旦"),
        date(2027, 1, 9): Named("workday", "调休"),
        date(2028, 2, 29): Named("holiday", "闰日"),
    },
    frozenset({2027, 2028}),
)
PASTED = "2027-01-01~2027-01-03 放假 元旦\n2027-01-09,上班,元旦调休\n"


def at(text: str, zone: str = SHANGHAI) -> datetime:
    """ "2026-12-04 17:00" on the wall of a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "works", "following"),
    [
        (date(2026, 12, 4), True, date(2026, 12, 7)),
        (date(2026, 12, 31), True, date(2027, 1, 4)),
        (date(2027, 1, 2), False, date(2027, 1, 4)),
        (date(2027, 1, 8), True, date(2027, 1, 9)),
        (date(2027, 1, 9), True, date(2027, 1, 11)),
        (date(2028, 2, 29), False, date(2028, 3, 1)),
        (date(2028, 2, 28), True, date(2028, 3, 1)),
    ],
)
def test_which_days_are_worked(day: date, works: bool, following: date) -> None:
    assert (is_workday(NEW_YEAR, day), next_workday(NEW_YEAR, day)) == (works, following)


def test_a_year_nobody_entered_is_not_published() -> None:
    assert NEW_YEAR.unpublished(date(2027, 12, 31), date(2029, 1, 1), date(2026, 5, 1)) == 2026
    assert NEW_YEAR.unpublished(date(2027, 12, 31)) is None
    assert PLAIN.unpublished(date(2026, 1, 1)) == 2026 and is_workday(PLAIN, date(2026, 10, 1))


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-12-02 09:00", "2026-12-02 10:30", 90),
        ("2026-12-02 11:30", "2026-12-02 13:30", 60),
        ("2026-12-02 12:10", "2026-12-02 12:50", 0),
        ("2026-12-04 17:00", "2026-12-07 09:00", 60),
        ("2026-12-31 17:00", "2027-01-04 09:00", 60),
        ("2027-01-08 17:30", "2027-01-11 08:30", 480),
        ("2028-02-28 08:30", "2028-03-01 17:30", 960),
        ("2026-12-02 10:00", "2026-12-02 09:00", 0),
    ],
)
def test_working_time_between_two_moments(start: str, end: str, minutes: int) -> None:
    assert work_minutes_between(NEW_YEAR, HOURS, SHANGHAI, at(start), at(end)) == minutes


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [("Europe/Berlin", "2026-03-28", 420), ("Europe/Berlin", "2026-10-24", 540), (SHANGHAI, "2026-03-28", 480)],
)
def test_a_night_in_which_the_clocks_are_changed(zone: str, day: str, minutes: int) -> None:
    """The night from Saturday to Sunday, worked for once: an hour is missing, or comes twice."""
    saturday = date.fromisoformat(day)
    worked = Calendar({saturday: Named("workday", "夜班")})
    start, end = at(f"{day} 12:00", zone), at(f"{day} 12:00", zone) + timedelta(days=1)
    assert work_minutes_between(worked, NIGHT, zone, start, end) == minutes
    assert add_work_minutes(worked, NIGHT, zone, start, minutes) == at(f"{saturday + timedelta(days=1)} 06:00", zone)


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    """From Thursday, 31 December, into the holiday; then only on Monday again."""
    assert work_minutes_between(NEW_YEAR, NIGHT, SHANGHAI, at("2027-01-01 00:00"), at("2027-01-04 00:00")) == 360


def test_a_shift_is_working_time_without_its_lunch() -> None:
    assert pieces_of((time(8, 30), time(17, 30)), time(12), 60) == HOURS
    assert pieces_of((time(22), time(6)), time(12), 30) == NIGHT
    assert pieces_of((time(8), time(12)), None, 30) == ((480, 720),)


@settings(max_examples=40, deadline=None)
@given(
    start=st.datetimes(datetime(2026, 12, 1), datetime(2028, 3, 2), timezones=st.just(UTC)).map(
        lambda m: m.replace(second=0, microsecond=0)
    ),
    minutes=st.integers(0, 6000),
    hours=st.sampled_from([HOURS, NIGHT]),
    zone=st.sampled_from([SHANGHAI, "Europe/Berlin", "America/New_York"]),
)
def test_added_time_is_the_time_between(start: datetime, minutes: int, hours: Sequence[tuple[int, int]], zone: str) -> None:
    end = add_work_minutes(NEW_YEAR, tuple(hours), zone, start, minutes)
    assert work_minutes_between(NEW_YEAR, tuple(hours), zone, start, end) == minutes


@pytest.mark.parametrize(
    ("text", "days", "wrong"),
    [
        (PASTED, ["2027-01-01", "2027-01-02", "2027-01-03", "2027-01-09"], []),
        ("日期\t类型\t名称\n2028年2月29日\t休\t闰日", ["2028-02-29"], []),
        ("2027/5/1 至 2027/5/3  holiday  Labour Day", ["2027-05-01", "2027-05-02", "2027-05-03"], []),
        ("2026年10月1日至3日 放假 国庆节", ["2026-10-01", "2026-10-02", "2026-10-03"], []),
        (
            "2027年1月1日（周五）至2日（周六）放假调休，共2天。\n2027年1月9日（周六）上班。",
            ["2027-01-01", "2027-01-02", "2027-01-09"],
            [],
        ),
        ("10月1日(周四)至2日(周五)放假", ["2026-10-01", "2026-10-02"], []),
        ("2026-10-01 - 2026-10-02 放假", ["2026-10-01", "2026-10-02"], []),
        ("日期,类型\n2026年1月31日至2月1日,放假", ["2026-01-31", "2026-02-01"], []),
        ("2027-02-29 放假 x\n2027-03-01 也许 y", [], [1, 2]),
        ("2027-01-03~2027-01-01 放假 元旦", [], [1]),
    ],
)
def test_lists_as_people_paste_them(text: str, days: list[str], wrong: list[int]) -> None:
    found = read_pasted(text, 2026)
    assert [problem.row for problem in found.problems] == wrong
    assert wrong or [entry.day.isoformat() for entry in whole(found)] == days


def test_a_branch_goes_before_the_company_and_a_second_entry_changes_nothing(db: Session, cast: Cast) -> None:
    day = date(2027, 1, 1)
    entry = Entry(day, "holiday", "元旦")
    assert set_days(db, [entry], branch_id=None, by=cast.chen, at=AT) == 1
    assert set_days(db, [entry], branch_id=None, by=cast.chen, at=AT) == 0
    assert set_days(db, [Entry(day, "workday", "盘点")], branch_id=cast.sz, by=cast.wang, at=AT) == 1
    assert is_workday(calendar_of(db, cast.sz, day, day), day) and not is_workday(calendar_of(db, cast.gz, day, day), day)
    own = db.scalars(sa.select(CalendarDay).where(CalendarDay.branch_id == cast.sz)).one()
    take_day_out(db, own.id, by=cast.wang, at=AT)
    assert not is_workday(calendar_of(db, cast.sz, day, day), day)
    assert [e.action for e in history(db, ("branch", cast.sz))][:2] == ["calendar.take_out", "calendar.set"]


def test_a_branchs_own_day_publishes_no_year(db: Session, cast: Cast, as_person: SignIn) -> None:
    day = date(2027, 3, 8)
    set_days(db, [Entry(day, "holiday", "店庆")], branch_id=cast.sz, by=cast.wang, at=AT)
    assert calendar_of(db, cast.sz, day, day).unpublished(day) == 2027
    db.commit()
    assert "The calendar of 2027 is not published yet" in as_person(cast.wang).get("/calendar?year=2027").text


def test_a_calendar_is_changed_by_whom_it_belongs_to(db: Session, cast: Cast) -> None:
    entries = [Entry(date(2027, 1, 1), "holiday", "元旦")]
    for by, branch_id, refusal in (
        (cast.lin, cast.sz, NotAllowed),
        (cast.wang, None, NotAllowed),
        (cast.wang, cast.gz, NotFound),
    ):
        with pytest.raises(refusal):
            set_days(db, entries, branch_id=branch_id, by=by, at=AT)


def test_the_page_takes_days_lists_and_spreadsheets_whole_or_not_at_all(cast: Cast, as_person: SignIn) -> None:
    chen = as_person(cast.chen)
    assert "The calendar of 2027 is not published yet" in chen.get("/calendar?year=2027").text
    refused = chen.post("/calendar/list", data={"list": PASTED + "2027-01-32 放假 x", "scope": "company", "year": "2027"})
    assert refused.status_code == 422 and "Line 3" in refused.text and "元旦调休" in refused.text
    assert "Nothing is entered" in chen.get("/calendar?year=2027").text
    sheet = (BytesIO("日期,类型,名称\n2027-01-01~2027-01-03,放假,元旦\n".encode()), "放假.csv")
    assert chen.post("/calendar/list", data={"file": sheet, "scope": "company"}).status_code == 303
    typed = {"day": "2027-01-09", "kind": "workday", "name": "元旦调休", "scope": "company"}
    assert chen.post("/calendar", data=typed | {"until": "2027-01-01"}).status_code == 422
    assert chen.post("/calendar", data=typed).status_code == 303
    page = chen.get("/calendar?year=2027").text
    assert "元旦调休" in page and "not published" not in page
    assert "Enter days" not in as_person(cast.lin).get("/calendar").text
    with transaction() as db:
        day_id = db.scalars(sa.select(CalendarDay.id).order_by(CalendarDay.day.desc())).first()
    assert as_person(cast.wang).post(f"/calendar/{day_id}/remove").status_code == 403
    assert chen.post(f"/calendar/{day_id}/remove").status_code == 303
    assert chen.post(f"/calendar/{day_id}/remove").status_code == 404
