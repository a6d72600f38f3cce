"""A time for the caller: offered, held, promised; never twice, never what nobody can keep, and a sentence for everything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.board.hold_models import WindowHold
from dispatch.board.operations.promising import Wish, hold_window, let_go, take_window
from dispatch.board.pages import blueprint
from dispatch.board.promise_forms import read_first, read_wished
from dispatch.board.promise_rules import Manners, first_lines, is_window, left_of, why_not_promised
from dispatch.board.promises import offers_of
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.orders.models import Order
from dispatch.orders.operations.acting import act
from dispatch.staff.rules import Actor
from tests.board.building import TODAY, TOMORROW, WAYS, approved_order, at_clock, of_day, take, visit_at
from tests.conftest import AT, Cast, SignIn
from tests.racing import at_once

HTMX = {"HX-Request": "true"}
MORNING = (at_clock("08:30"), at_clock("12:30"))
HALF_DAYS = Manners(window_s=4 * 3600)


def picks(page: str) -> list[str]:
    return re.findall(r'name="pick" value="([^"]+)"', page)


def span(opens: str, closes: str) -> tuple[int, int]:
    return at_clock(opens), at_clock(closes)


# --- rules


def test_of_today_only_what_is_left_is_promised() -> None:
    windows = (span("08:30", "10:30"), span("10:30", "12:30"), span("12:30", "14:30"))
    assert left_of(windows, None) == windows
    assert left_of(windows, at_clock("10:40")) == (span("11:00", "12:30"), span("12:30", "14:30"))
    assert left_of(windows, at_clock("13:31")) == ()


def test_the_first_visit_does_what_fits_into_half_a_day() -> None:
    assert [first_lines(count, 30, 10) for count in (1, 5, 40)] == [1, 5, 7]
    assert first_lines(3, 500, 10) == 1


def test_who_is_planned_or_gone_is_promised_nothing() -> None:
    free = [
        status for status in ("draft", "awaiting_approval", "approved", "planned", "cancelled") if not why_not_promised(status)
    ]
    assert free == ["draft", "awaiting_approval", "approved"]
    assert "Cancelled" in str(why_not_promised("cancelled"))


def test_days_and_windows_are_read_with_a_sentence_for_what_cannot_be() -> None:
    assert read_wished({"day": ""}, TODAY) is None and read_wished({"day": "2026-12-03"}, TODAY) == TOMORROW
    for day in ("2026-12-01", "2027-12-01", "yesterday"):
        with pytest.raises(Invalid):
            read_wished({"day": day}, TODAY)
    assert read_first("nonsense", TODAY, None) == read_first("2020-01-01", TODAY, None) == TODAY
    assert read_first(None, TODAY, TOMORROW) == TOMORROW
    assert not is_window(5, 5) and not is_window(-1, 5) and not is_window(0, 86_400)


# --- the pages


def test_from_the_call_to_the_promise(
    db: Session, cast: Cast, lin: FlaskClient, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = take(db, cast)
    db.commit()
    url, shown = f"/plan/orders/{order.number}/times", f"/orders/{order.number}"
    assert "Offer a time…" in lin.get(shown).text
    page = lin.get(url, headers=HTMX).text
    assert len(picks(page)) == 3 and "costs least" in page and "His day is still free." in page
    later = lin.get(re.search(r'hx-get="([^"]*skip=3[^"]*)"', page)[1].replace("&amp;", "&"), headers=HTMX).text  # type: ignore[index]
    assert len(picks(later)) == 3 and not set(picks(later)) & set(picks(page))
    tomorrow = lin.get(f"{url}?day={TOMORROW}", headers=HTMX).text
    assert {pick[:10] for pick in picks(tomorrow)} == {str(TOMORROW)}
    past = lin.get(f"{url}?day=2026-12-01", headers=HTMX)
    assert past.status_code == 422 and "This day is over" in past.text and len(picks(past.text)) == 3
    assert "Choose one of the times." in lin.post(url, data={"pick": "x"}, headers=HTMX).text

    pick = picks(tomorrow)[0]
    assert "Meanwhile somebody has put" in lin.post(url, data={"pick": pick, "was": "2026-12-09"}, headers=HTMX).text
    held = lin.post(url, data={"pick": pick, "was": ""}, headers=HTMX).text
    assert 'data-left="300"' in held and "Does that suit you?" in held
    assert "is on the phone about this order" in as_person(cast.wang).get(url, headers=HTMX).text
    promise = re.search(r'action="([^"]*/promise)"', held)[1]  # type: ignore[index]
    assert "holds a time for it" in as_person(cast.wang).post(promise, data={"was": ""}, headers=HTMX).text
    monkeypatch.setattr(blueprint, "now", lambda: AT + timedelta(minutes=6))
    late = lin.post(promise, data={"was": ""}, headers=HTMX)
    assert late.status_code == 422 and "has run out" in late.text and len(picks(late.text)) == 3

    again = lin.post(url, data={"pick": pick, "was": ""}, headers=HTMX).text
    promise = re.search(r'action="([^"]*/promise)"', again)[1]  # type: ignore[index]
    done = lin.post(promise, data={"was": ""}, headers=HTMX)
    assert done.status_code == 204 and done.headers["HX-Redirect"].endswith(shown)
    page = lin.get(shown).text
    assert f"{order.number} is promised for" in page and "Promised to the customer: 2026-12-0" in page
    db.expire_all()
    opens, closes = (int(number) for number in pick[11:].split("-"))
    assert (order.wanted_on, order.window_from) == (date.fromisoformat(pick[:10]), time(opens // 3600, opens % 3600 // 60))
    assert order.window_to is not None and closes - opens == 7200 and order.status == "awaiting_approval"
    assert lin.post(promise, data={"was": ""}, headers=HTMX).status_code == 204  # pressed twice
    assert [one.state for one in db.scalars(sa.select(WindowHold).order_by(WindowHold.id))] == ["lapsed", "taken"]
    assert lin.get("/plan/orders/WX-none/times").status_code == 404


def test_what_cannot_be_is_told(db: Session, cast: Cast, lin: FlaskClient) -> None:
    nowhere, gone, dear = take(db, cast, place=None), take(db, cast), approved_order(db, cast, symptom="fuel")
    busy = approved_order(db, cast)
    visit_at(db, cast, busy, cast.su, "09:00")
    act(db, gone.id, "cancel", version=gone.version, reason="sold", by=cast.lin, at=AT)
    db.commit()
    told = {one.number: lin.get(f"/plan/orders/{one.number}/times").text for one in (nowhere, gone, dear, busy)}
    assert "no place on the map" in told[nowhere.number] and "Set the pin" in told[nowhere.number]
    assert "The order is Cancelled: no time is promised for it." in told[gone.number]
    assert "nobody can come" in told[dear.number] and "lack skill" in told[dear.number]
    assert "A visit is planned already" in told[busy.number]


# --- the last room


def full_but_for_one(db: Session, cast: Cast) -> list[int]:
    """Tomorrow there is room for one more in the morning and for nobody in the afternoon; and two orders that want it."""
    for who, until in ((cast.su, 130), (cast.wei, 200)):
        visit_at(db, cast, approved_order(db, cast), who, "12:00", minutes=300)
        visit_at(db, cast, approved_order(db, cast), who, "08:30", minutes=until)
    orders = [take(db, cast).id for _ in range(2)]
    db.commit()
    return orders


def test_two_callers_are_never_both_given_the_last_room(db: Session, cast: Cast) -> None:
    orders = full_but_for_one(db, cast)
    of = of_day(cast)

    def holding(order: int, by: Actor, at: datetime = AT) -> Callable[[Session], WindowHold]:
        wish = Wish(order, MORNING, "")
        return lambda session: hold_window(session, replace(of, at=at), WAYS, HALF_DAYS, wish, by=by)

    offered = offers_of(db, of, WAYS, HALF_DAYS, order_id=orders[0], days=1).offered
    assert [(one.opens, one.closes) for one in offered] == [MORNING]
    both = zip(orders, (cast.lin, cast.wang), strict=True)
    answers = at_once(*(holding(order, by) for order, by in both))
    (hold,) = (one for one in answers if isinstance(one, WindowHold))
    assert [type(one) for one in answers if one is not hold] == [RuleBroken], answers
    other, his = (orders[1], cast.wang) if hold.order_id == orders[0] else (orders[0], cast.lin)
    mine = cast.lin if his == cast.wang else cast.wang
    db.rollback()
    assert not offers_of(db, of, WAYS, HALF_DAYS, order_id=other, days=1).offered
    with pytest.raises(Conflict):
        let_go(db, hold.id, by=his, at=AT)
    later = AT + timedelta(minutes=6)  # what has run out keeps nobody away
    assert holding(other, his, later)(db).is_live(later)
    with pytest.raises(RuleBroken):
        take_window(db, replace(of, at=later), WAYS, HALF_DAYS, hold.id, was="", by=mine)
    let_go(db, hold.id, by=mine, at=later)
    assert db.get_one(WindowHold, hold.id).state == "lapsed"


def test_a_time_that_somebody_filled_by_hand_is_not_promised(db: Session, cast: Cast) -> None:
    order_id, _ = full_but_for_one(db, cast)
    of = of_day(cast)
    hold = hold_window(db, of, WAYS, HALF_DAYS, Wish(order_id, MORNING, ""), by=cast.lin)
    visit_at(db, cast, approved_order(db, cast), cast.su, "10:45", minutes=60)
    db.commit()
    with pytest.raises(RuleBroken, match="somebody has filled this time"):
        take_window(db, of, WAYS, HALF_DAYS, hold.id, was="", by=cast.lin)
    db.rollback()
    assert db.get_one(Order, order_id).wanted_on is None and db.get_one(WindowHold, hold.id).state == "held"
