"""A quotation from the first draft to the charges that take its prices; what is refused; two at once."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Quotation
from dispatch.fees.operations import (
    Agreement,
    Offer,
    agree_quotation,
    change_quotation,
    decide_favour,
    decline_quotation,
    draft_quotation,
    offer_quotation,
    take_back_charge,
    withdraw_favour,
    withdraw_quotation,
)
from dispatch.fees.queries import account_of, charges_of
from dispatch.fees.quote_queries import quotation_seen, quotations_of, quoted_prices
from dispatch.fees.quote_rules import Wanted
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, charged, price_list, repair, swapped, told
from tests.racing import at_once

UNTIL = date(2026, 12, 31)
MOVED = Wanted("S003", 2, Decimal(120))
BELOW = Offer([MOVED, Wanted("P001", 1, Decimal(600))], UNTIL, "老客户")
LISTED = Offer([Wanted("S003", 2)], UNTIL)


def drafted(db: Session, order_id: int, by: Actor, offer: Offer = BELOW, **facts: Any) -> Quotation:
    return draft_quotation(db, order_id, offer, **{"key": uuid.uuid4(), "by": by, "at": AT, **facts})


def yes(day: date, how: str = "phone", name: str = "刘经理") -> Agreement:
    return Agreement(name, how, day)


TODAY = AT.date()


def test_below_the_list_it_is_approved_then_offered_agreed_and_charged(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    add_rule(db, LevelRule("quotation", ("director",), Decimal(100)), key=uuid.uuid4(), by=cast.chen, at=AT)
    order, key = repair(db, cast), uuid.uuid4()
    made = drafted(db, order.id, cast.lin, key=key)
    assert drafted(db, order.id, cast.lin, key=key) is made  # pressed twice
    assert (made.number, made.total, made.given_away) == (f"BJ-SZ-{AT.year}-0001", 840, 140)
    offer_quotation(db, made.id, by=cast.lin, at=AT)
    with pytest.raises(Conflict, match="Awaiting approval"):
        offer_quotation(db, made.id, by=cast.lin, at=AT)
    asked = made.request
    assert asked is not None and (made.state, asked.amount) == ("waiting", 140)
    assert decide_favour(db, asked.id, Answer(yes=True), by=cast.wang, at=AT).state == "open" and made.state == "waiting"
    assert decide_favour(db, asked.id, Answer(yes=True), by=cast.chen, at=AT).state == "done" and made.state == "offered"
    assert added(db, order, "S003", cast.su).unit_price == 150  # an offer is no agreement
    agree_quotation(db, made.id, yes(TODAY), by=cast.lin, at=AT)
    with pytest.raises(Conflict, match="Agreed"):
        agree_quotation(db, made.id, yes(TODAY), by=cast.lin, at=AT)

    fact = uuid.uuid4()
    first = added(db, order, "S003", cast.su, quantity=3, fact_id=fact)
    assert added(db, order, "S003", cast.su, quantity=3, fact_id=fact) is first
    assert (first.quantity, first.amount, first.rule) == (2, 240, "quoted_price") and made.number in told(first)
    rest = charges_of(db, order.id)[-1]
    assert (rest.quantity, rest.amount, rest.rule, rest.fact_id) == (1, 150, "listed_price", fact)
    assert added(db, order, "S001", cast.su).amount == 0  # free stays free
    swapped(db, cast, order)
    (part,) = charged(db, cast, order)
    assert (part.unit_price, part.rule, quoted_prices(db, order.id)["P001"].left) == (600, "quoted_price", 0)
    back = take_back_charge(db, first.id, reason="没有移机", by=cast.qian, at=AT)
    assert (back.amount, quoted_prices(db, order.id)["S003"].left) == (-240, 2)
    withdraw_quotation(db, made.id, reason="客户改了主意", by=cast.wang, at=AT)
    assert added(db, order, "S003", cast.su).amount == 150 and account_of(db, order.id).charged == 150 * 3 + 600
    acts = [entry.action for entry in history(db, ("order", order.id)) if entry.action.startswith(("quote", "quotation"))]
    assert acts[::-1] == [
        "quote.draft",
        "quotation.ask",
        "quote.ask",
        "quotation.pass",
        "quotation.approve",
        "quote.pass",
        "quote.agree",
        "quote.withdraw",
    ]


def test_what_is_refused_changes_nothing(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    order = repair(db, cast)
    with pytest.raises(NotAllowed):
        drafted(db, order.id, cast.su)
    with pytest.raises(NotFound):
        drafted(db, 0, cast.lin)
    for until in (TODAY - timedelta(days=1), TODAY + timedelta(days=366)):
        with pytest.raises(Invalid):
            drafted(db, order.id, cast.lin, Offer([MOVED], until))
    with pytest.raises(Invalid) as silent:
        drafted(db, order.id, cast.lin, Offer([MOVED], UNTIL))
    assert list(silent.value.fields) == ["reason"]
    made = drafted(db, order.id, cast.lin, LISTED)
    change_quotation(db, made.id, BELOW, by=cast.lin, at=AT)
    offer_quotation(db, made.id, by=cast.lin, at=AT)
    with pytest.raises(Conflict):
        change_quotation(db, made.id, LISTED, by=cast.lin, at=AT)
    other = drafted(db, order.id, cast.lin, LISTED)
    with pytest.raises(Conflict, match="Another quotation"):
        offer_quotation(db, other.id, by=cast.lin, at=AT)
    decide_favour(db, made.request_id or 0, Answer(yes=False, reason="太低"), by=cast.wang, at=AT)
    assert made.state == "draft"
    offer_quotation(db, made.id, by=cast.lin, at=AT)
    withdraw_favour(db, made.request_id or 0, by=cast.lin, at=AT)
    with pytest.raises(Invalid):
        withdraw_quotation(db, made.id, reason=" ", by=cast.lin, at=AT)
    assert offer_quotation(db, other.id, by=cast.lin, at=AT).state == "offered"  # by the list: nobody is asked
    for wrong in (yes(TODAY + timedelta(days=1)), yes(TODAY, "dream"), yes(TODAY, name=" ")):
        with pytest.raises(Invalid):
            agree_quotation(db, other.id, wrong, by=cast.lin, at=AT)
    late = AT + timedelta(days=90)
    with pytest.raises(RuleBroken, match="valid until"):
        agree_quotation(db, other.id, yes(late.date()), by=cast.lin, at=late)
    third = drafted(db, order.id, cast.lin, Offer([Wanted("S003", 1)], late.date()), at=late)
    assert offer_quotation(db, third.id, by=cast.lin, at=late).state == "offered" and other.state == "expired"
    decline_quotation(db, third.id, reason="太贵", by=cast.lin, at=late)
    assert [one.state for one in quotations_of(db, order.id)] == ["declined", "expired", "draft"]
    with pytest.raises(NotFound):
        quotation_seen(db, made.id, cast.wei)


@pytest.mark.usefixtures("database")
def test_of_two_who_write_down_the_agreement_one_is_told(cast: Cast) -> None:
    with transaction() as session:
        price_list(session, cast)
        order = repair(session, cast)
        id_ = offer_quotation(session, drafted(session, order.id, cast.lin, LISTED).id, by=cast.lin, at=AT).id

    acts = [lambda db, by=by: agree_quotation(db, id_, yes(TODAY), by=by, at=AT).state for by in (cast.lin, cast.wang)]
    assert sorted(type(one).__name__ for one in at_once(*acts)) == ["Conflict", "str"]
