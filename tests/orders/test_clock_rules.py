"""The clocks of an order, reckoned without a database: whatever calendar, hours and pauses there are."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.clock import read_hours, show_hours
from dispatch.orders.clock_forms import read_minutes
from dispatch.orders.clock_rules import About, Hours, Limit, Pause, begin, due_at, limits_for, state_of, warn_at
from dispatch.orders.waiting_rules import WaitFor, wrong_with
from dispatch.staff.calendar_rules import PLAIN, Calendar, Named, work_minutes_between

SHANGHAI = "Asia/Shanghai"
YEARS = Calendar(
    {
        date(2027, 1, 1): Named("holiday", "元旦"),
        date(2027, 1, 2): Named("holiday", "元旦"),
        date(2027, 1, 3): Named("holiday", "元旦"),
        date(2027, 1, 9): Named("workday", "调休"),
    },
    frozenset({2026, 2027, 2028}),
)
DAY = ((8 * 60 + 30, 12 * 60), (13 * 60, 17 * 60 + 30))
NIGHT = ((22 * 60, 30 * 60),)
BY_DAY, BY_NIGHT = Hours(YEARS, DAY, SHANGHAI), Hours(YEARS, NIGHT, SHANGHAI)
UNPUBLISHED = Hours(PLAIN, DAY, SHANGHAI)


def at(text: str) -> datetime:
    """ "2026-12-04 17:00" on the wall in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SHANGHAI)).astimezone(UTC)


@pytest.mark.parametrize(
    ("since", "minutes", "hours", "due"),
    [
        ("2026-12-02 16:30", 120, BY_DAY, "2026-12-03 09:30"),  # over the night
        ("2026-12-31 17:00", 60, BY_DAY, "2027-01-04 09:00"),  # over the holidays
        ("2027-01-08 17:00", 60, BY_DAY, "2027-01-09 09:00"),  # a Saturday that is made up for
        ("2028-02-28 17:00", 510, BY_DAY, "2028-02-29 17:30"),  # 29 February is a day like others
        ("2028-02-29 17:00", 60, BY_DAY, "2028-03-01 09:00"),
        ("2030-10-01 09:00", 60, UNPUBLISHED, "2030-10-01 10:00"),  # nobody knows of its holidays yet
        ("2026-12-02 23:00", 180, BY_NIGHT, "2026-12-03 02:00"),  # over midnight
        ("2026-12-03 05:30", 60, BY_NIGHT, "2026-12-03 22:30"),
    ],
)
def test_working_time_is_the_branchs(since: str, minutes: int, hours: Hours, due: str) -> None:
    assert due_at(at(since), minutes, "work", hours) == at(due)
    assert due_at(at(since), minutes, "round", hours) == at(since) + timedelta(minutes=minutes)


MOMENTS = st.datetimes(datetime(2026, 12, 1), datetime(2028, 3, 2), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


HOURS = st.sampled_from([BY_DAY, BY_NIGHT, UNPUBLISHED])


@st.composite
def stops(draw: st.DrawFn) -> list[Pause]:
    """Pauses one after the other, as the database keeps them."""
    moment, found = draw(MOMENTS), []
    for _ in range(draw(st.integers(0, 3))):
        until = moment + timedelta(minutes=draw(st.integers(0, 5000)))
        found.append(Pause(moment, until))
        moment = until + timedelta(minutes=draw(st.integers(0, 3000)))
    return found


@settings(max_examples=120, deadline=None)
@given(
    MOMENTS, st.integers(0, 4000), st.sampled_from(["work", "round"]), stops(), st.sampled_from([BY_DAY, BY_NIGHT, UNPUBLISHED])
)
def test_a_pause_puts_off_by_just_what_it_took(
    since: datetime, minutes: int, reckoned: str, paused: list[Pause], hours: Hours
) -> None:
    """From the beginning to the end of a clock lie its minutes, and those that it stood still."""
    due = due_at(since, minutes, reckoned, hours, paused)

    def passed(start: datetime, end: datetime) -> int:
        if reckoned == "work":
            return work_minutes_between(hours.calendar, hours.pieces, hours.zone, start, end)
        return max(0, int((end - start).total_seconds() // 60))

    stood = sum(passed(max(since, p.since), min(due, p.until or due)) for p in paused if p.since < due)
    assert passed(since, due) == minutes + stood
    assert since <= warn_at(since, minutes, reckoned, hours, paused) <= due
    assert due >= due_at(since, minutes, reckoned, hours)
    assert due_at(since, minutes, reckoned, hours, [*paused, Pause(since)]) == due, (
        "what lasts is not counted before it has ended"
    )


def test_what_leads_to_the_customer_counts_from_the_day_he_wants() -> None:
    called = at("2026-12-02 09:00")
    assert begin("approval", called, date(2026, 12, 9), time(14), SHANGHAI) == called
    assert begin("arrival", called, date(2026, 12, 9), time(14), SHANGHAI) == at("2026-12-09 14:00")
    assert begin("arrival", called, date(2026, 12, 9), None, SHANGHAI) == at("2026-12-09 00:00")
    assert begin("arrival", called, date(2026, 12, 1), None, SHANGHAI) == called == begin("arrival", called, None, None, SHANGHAI)


def test_the_limit_that_speaks_most_exactly_holds() -> None:
    about = About("repair", "urgent", "广东省深圳市龙岗区坂田街道", 1)
    wide = [Limit("arrival", 1440, "work"), Limit("arrival", 480, "work", "repair", "urgent"), Limit("approval", 60, "round")]
    assert limits_for(about, wide)["arrival"].minutes == 480
    branch = Limit("arrival", 900, "work", branch_id=1)
    assert limits_for(about, [*wide, branch])["arrival"] == branch
    area = Limit("arrival", 960, "work", area="龙岗区", branch_id=1)
    assert limits_for(about, [area, *wide, branch])["arrival"] == area
    elsewhere = [Limit("arrival", 1, "work", area="南山区"), Limit("arrival", 1, "work", branch_id=2)]
    assert limits_for(about, [*wide, *elsewhere])["arrival"].minutes == 480
    none = Limit("approval", 0, "work", branch_id=1)
    assert "approval" not in limits_for(about, [*wide, none]), "no minutes are no clock"


def test_how_a_clock_stands() -> None:
    assert state_of("waiting", met=False, paused=True) == "paused" and state_of("waiting", met=False, paused=False) == "running"
    assert state_of("cancelled", met=False, paused=False) == "stopped" == state_of("rejected", met=False, paused=True)
    assert state_of("cancelled", met=True, paused=False) == "met" and state_of("draft", met=False, paused=False) == "running"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("08:30-12:00,13:00-17:30", "08:30-12:00,13:00-17:30"),
        ("8：30–12:00，13:00-17:30", "08:30-12:00,13:00-17:30"),
        ("22:00-06:00", "22:00-06:00"),
        ("00:00-24:00", "00:00-24:00"),
        ("08:00-08:30", None),  # too short a day
        ("13:00-17:00,08:00-12:00", None),
        ("08:00-13:00,12:00-17:00", None),
        ("09:00-22:00,22:00-10:00", None),  # more than a day
        ("8-12", None),
        ("25:00-26:00", None),
        ("", None),
    ],
)
def test_working_hours_as_people_type_them(typed: str, kept: str | None) -> None:
    pieces = read_hours(typed)
    assert (show_hours(pieces) if pieces else None) == kept


@pytest.mark.parametrize(
    ("typed", "minutes"), [("90", 90), ("4h", 240), ("1h30", 90), ("2 小时", 120), ("30 min", 30), ("45分钟", 45), ("0", 0)]
)
def test_a_limit_as_people_type_it(typed: str, minutes: int) -> None:
    assert read_minutes(typed) == minutes


def test_a_limit_that_is_none_is_refused() -> None:
    for typed in ("", "soon", "-5", "100001", "9999h", "1.5"):
        assert not isinstance(read_minutes(typed), int), typed


def test_waiting_needs_a_day_to_come_and_words_where_the_list_has_none() -> None:
    today = date(2028, 2, 28)
    assert wrong_with(WaitFor("customer", date(2028, 2, 29)), today) == {}
    assert set(wrong_with(WaitFor("other", date(2028, 2, 28), " "), today)) == {"words", "next_on"}
    assert set(wrong_with(WaitFor("sun", date(2029, 3, 1)), today)) == {"why", "next_on"}
