"""A day as it happened, read back; and the page that shows it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from dispatch import paths
from dispatch.db import transaction
from dispatch.fees.ledger_queries import receipts_in_hand
from dispatch.fees.operations import confirm_hand_in, hand_in, take_back_hand_in
from dispatch.orders.models import Order
from dispatch.orders.operations.visits import cancel_order
from dispatch.reports.presenting import Seen, seen
from dispatch.reports.queries import figures
from dispatch.reports.rules import FORMULAE, Scope
from dispatch.web.frame import RAIL
from tests.board.building import TODAY, approved_order, take, visit_at
from tests.conftest import AT, Cast, SignIn
from tests.counting import queries
from tests.fees.building import added, paid, price_list
from tests.field.building import arrived, do, sign

MOST_QUERIES = 12
YESTERDAY = TODAY - timedelta(days=1)


def of_day(session: Session, cast: Cast, day: date = TODAY, *, branch_id: int | None = None, later: int = 0) -> Seen:
    """The figures of a day, looked at so many days after AT."""
    session.flush()
    return seen(figures(session, Scope(day, branch_id or cast.sz, "Asia/Shanghai", AT + timedelta(days=later))))


def worked_day(session: Session, cast: Cast) -> Order:
    """One repair done and paid, one planned, one approved, one waiting for approval, one cancelled."""
    price_list(session, cast)
    order = approved_order(session, cast)
    visit = arrived(session, cast, order, cast.su)
    added(session, order, "S003", cast.su, visit_id=visit.id)
    paid(session, order, "100.00", cast.su, visit_id=visit.id)
    paid(session, order, "50.00", cast.su, visit_id=visit.id, channel="account")
    do(session, visit, "test.run", cast.su, line=order.lines[0].id, results={"online": {"result": "passed"}})
    sign(session, visit, cast.su)
    do(session, visit, "visit.finish", cast.su)
    visit_at(session, cast, approved_order(session, cast), cast.wei, "15:00", day=TODAY)
    approved_order(session, cast)
    take(session, cast)
    cancel_order(session, take(session, cast).id, version=None, by=cast.lin, at=AT, reason="重复")
    session.refresh(order)
    return order


def test_a_day_is_told_as_it_was(db: Session, cast: Cast) -> None:
    order = worked_day(db, cast)
    shown = of_day(db, cast)
    assert shown.counted == {"received": 5, "approved": 3, "planned": 2, "done": 1, "closed": 0}
    assert (shown.open, shown.left_over) == (3, 1)
    assert (shown.charged, shown.collected, shown.on_account) == (Decimal("150.00"), Decimal("100.00"), Decimal("50.00"))
    assert [(str(c.label), c.amount) for c in shown.channels] == [("Cash", Decimal("100.00"))]
    assert (shown.first_time.part, shown.first_time.whole) == (1, 1)
    assert [(his.name, his.visits, his.vehicles, his.collected) for his in shown.technicians] == [
        ("苏杰", 1, 1, Decimal("100.00"))
    ]
    assert all(span is not None and span.worst_order == order.number for span in shown.spans.values())
    assert (shown.trend[-1].received, shown.trend[-1].collected) == (5, Decimal("100.00")) and not shown.empty


def test_what_happened_later_does_not_change_an_earlier_days_end(db: Session, cast: Cast) -> None:
    first = take(db, cast, at=AT - timedelta(days=1))
    assert of_day(db, cast, YESTERDAY).open == 1
    cancel_order(db, first.id, version=None, by=cast.lin, at=AT, reason="重复")
    before, after = of_day(db, cast, YESTERDAY), of_day(db, cast, later=1)
    assert (before.open, before.counted["received"], after.open, after.counted["received"]) == (1, 1, 0, 0)


def test_midnight_is_the_branchs(db: Session, cast: Cast) -> None:
    late = AT.replace(hour=15, minute=59)  # 23:59 in Shenzhen
    take(db, cast, at=late)
    take(db, cast, at=late + timedelta(minutes=1))
    assert of_day(db, cast).counted["received"] == 1
    assert of_day(db, cast, TODAY + timedelta(days=1)).counted["received"] == 1


def hands_of(shown: Seen) -> tuple[Decimal, Decimal, list[tuple[str, Decimal, Decimal]]]:
    """What was handed in and what is in hands; the same for each technician."""
    return shown.handed_in, shown.in_hands, [(his.name, his.handed_in, his.in_hands) for his in shown.technicians]


def test_cash_is_in_hands_until_finance_confirms_it_on_whichever_day(db: Session, cast: Cast) -> None:
    worked_day(db, cast)
    held = (Decimal(0), Decimal(100), [("苏杰", Decimal(0), Decimal(100))])
    assert hands_of(of_day(db, cast)) == held
    assert hands_of(of_day(db, cast, YESTERDAY)) == (Decimal(0), Decimal(0), []), "it was not taken then"
    made = hand_in(db, [receipt.id for receipt in receipts_in_hand(db, cast.su.id or 0)], by=cast.su, at=AT)
    assert hands_of(of_day(db, cast)) == held, "a declaration is no confirmation"
    told = {"counted": None, "reason": "少十元", "owner_id": cast.su.id}
    tomorrow = AT + timedelta(days=1)
    confirm_hand_in(db, made.id, counts={"50": 1, "20": 2}, by=cast.qian, at=tomorrow, **told)  # type: ignore[arg-type]
    assert hands_of(of_day(db, cast, later=2)) == held, "the day's end stays as it was"
    next_day = of_day(db, cast, TODAY + timedelta(days=1), later=1)
    assert hands_of(next_day) == (Decimal(90), Decimal(0), [("苏杰", Decimal(90), Decimal(0))])
    take_back_hand_in(db, made.id, reason="数错了", by=cast.qian, at=tomorrow + timedelta(days=1))
    assert hands_of(of_day(db, cast, TODAY + timedelta(days=1), later=3)) == hands_of(next_day), "that day stays as it was, too"
    third = hands_of(of_day(db, cast, TODAY + timedelta(days=2), later=2))
    assert third == (Decimal(-90), Decimal(100), [("苏杰", Decimal(-90), Decimal(100))]), "it counts on its own day"
    assert not next_day.empty and next_day.collected == 0


def test_another_branch_has_its_own_day(db: Session, cast: Cast) -> None:
    worked_day(db, cast)
    other = of_day(db, cast, branch_id=cast.gz)
    assert other.empty and other.open == 0 and other.technicians == []
    every = seen(figures(db, Scope(TODAY, None, "Asia/Shanghai", AT)))
    assert every.counted["received"] == 5


def test_an_empty_day_says_so(db: Session, cast: Cast) -> None:
    shown = of_day(db, cast, YESTERDAY)
    assert shown.empty and shown.first_time.percent is None and shown.spans["work"] is None


# --- the page


def test_the_page_links_the_worst_order_and_the_days_around(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        number = worked_day(session, cast).number
    wang = as_person(cast.wang)
    wang.get("/orders")
    with queries() as sent:
        page = wang.get(f"/figures?day={TODAY}").text
    assert f"/orders/{number}" in page and "¥100.00" in page and "100 %" in page
    for figure in ("handed_in", "in_hands"):
        assert all(str(word) in page for word in FORMULAE[figure]), "named, and explained"
    assert f"day={YESTERDAY}" in page and f"day={TODAY + timedelta(days=1)}" in page
    assert "All branches" not in page, "a manager has his own branch"
    assert len(sent) <= MOST_QUERIES
    assert "Nothing happened on this day." in wang.get("/figures?day=2026-10-05").text
    assert "This day is still to come." in wang.get("/figures?day=2027-05-01").text
    assert wang.get("/figures?day=nonsense&branch=all").status_code == 200


def test_a_director_chooses_a_branch_or_all(app: object, cast: Cast, as_person: SignIn) -> None:
    with transaction() as session:
        number = worked_day(session, cast).number
    chen = as_person(cast.chen)
    assert f"/orders/{number}" not in chen.get(f"/figures?day={TODAY}&branch={cast.gz}").text
    chen.get("/orders")
    with queries() as sent:
        every = chen.get(f"/figures?day={TODAY}&branch=all").text
    assert f"/orders/{number}" in every and 'value="all" selected' in every
    assert len(sent) <= MOST_QUERIES


@pytest.mark.parametrize("who", ["lin", "su", "qian"])
def test_the_figures_are_not_for_everybody(cast: Cast, as_person: SignIn, who: str) -> None:
    assert as_person(getattr(cast, who)).get("/figures").status_code == 404


def test_its_icon_in_the_rail_is_one_of_the_set_and_nobody_elses() -> None:
    icons = [entry.icon for entry in RAIL]
    [own] = [entry.icon for entry in RAIL if entry.endpoint == "reports.figures"]
    assert icons.count(own) == 1
    assert f'<symbol id="{own}"' in (paths.STATIC / "vendor/icons/icons.svg").read_text("utf-8")
