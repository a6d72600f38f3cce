"""How far below the list somebody may quote without being asked: the rule, the limits, what they change, who gave how much."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.fees.discount_queries import depth_of, discount_of
from dispatch.fees.discount_rules import DatedDiscount, deepest, discount_for
from dispatch.fees.operations import NewDiscount, Offer, agree_quotation, end_discount_limit, offer_quotation, set_discount_limit
from dispatch.fees.quote_rules import Wanted
from dispatch.finance.merit_queries import rates
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast, SignIn
from tests.fees.building import added, price_list, repair
from tests.fees.test_quoting import TODAY, UNTIL, drafted, yes

DAY = date(2026, 7, 1)
ROLES = ("specialist", "supervisor")


def kept(id_: int, percent: int, *, begins: int = 0, ends: int | None = None, **whose: Any) -> DatedDiscount:
    last = None if ends is None else DAY + timedelta(days=ends)
    place = {"branch_id": None, "role": None, "person_id": None} | whose
    return DatedDiscount(id_, Decimal(percent), **place, valid_from=DAY + timedelta(days=begins), valid_to=last)


@pytest.mark.parametrize(
    ("rows", "percent"),
    [
        ([], 3),
        ([kept(1, 5, role="specialist")], 5),
        (
            [
                kept(1, 5, role="manager"),
                kept(2, 9, role="specialist", begins=1),
                kept(3, 9, role="specialist", begins=-9, ends=-1),
            ],
            3,
        ),
        ([kept(1, 5, role="specialist"), kept(2, 0, role="specialist", branch_id=1)], 0),
        ([kept(1, 5, role="specialist"), kept(2, 8, role="specialist", branch_id=2)], 5),
        ([kept(1, 5, role="specialist"), kept(2, 8, role="supervisor")], 8),
        ([kept(1, 5, role="specialist", begins=-5), kept(2, 4, role="specialist", begins=-1)], 4),
        ([kept(1, 50, role="specialist"), kept(2, 2, person_id=7), kept(3, 60, person_id=8)], 2),
    ],
)
def test_whose_limit_counts(rows: list[DatedDiscount], percent: int) -> None:
    assert discount_for(7, ROLES, 1, DAY, rows, Decimal(3)) == percent
    assert discount_for(7, ROLES, 1, DAY, reversed(rows), Decimal(3)) == percent


def test_the_line_that_goes_furthest_decides() -> None:
    assert deepest([(Decimal(95), Decimal(100)), (Decimal(2), Decimal(3)), (Decimal(0), Decimal(0))]) == Decimal("33.34")
    assert deepest([]) == 0 == deepest([(Decimal(45), Decimal(45))])


def new(whom: str | int, percent: int, branch_id: int | None = None, **facts: Any) -> NewDiscount:
    role, person_id = (whom, None) if isinstance(whom, str) else (None, whom)
    return NewDiscount(role, branch_id, person_id, Decimal(percent), **{"valid_from": TODAY, **facts})


def set_(db: Session, by: Actor, limit: NewDiscount, key: uuid.UUID | None = None) -> int:
    return set_discount_limit(db, limit, key=key or uuid.uuid4(), by=by, at=AT).id


def test_within_his_limit_nobody_is_asked_and_it_is_told_whose_discount_it_was(db: Session, cast: Cast) -> None:
    price_list(db, cast)
    for by, limit, refused in (
        (cast.qian, new("specialist", 9), NotAllowed),
        (cast.wang, new("manager", 9, cast.sz), NotAllowed),
        (cast.wang, new("specialist", 9), NotAllowed),
        (cast.wang, new("specialist", 9, cast.gz), NotFound),
        (cast.wang, new(cast.wang.id or 0, 9, reason="x"), NotAllowed),
        (cast.wang, new(cast.he.id or 0, 9, reason="x"), NotFound),
        (cast.wang, new(cast.lin.id or 0, 9), Invalid),
        (cast.chen, new("technician", 9), Invalid),
    ):
        with pytest.raises(refused):
            set_(db, by, limit)
    key = uuid.uuid4()
    first = set_(db, cast.chen, new("specialist", 20), key)
    assert set_(db, cast.chen, new("specialist", 20), key) == first
    own = set_(db, cast.wang, new(cast.lin.id or 0, 10, reason="新人"))
    assert discount_of(db, cast.lin, TODAY) == 10 and discount_of(db, replace(cast.lin, id=cast.he.id), TODAY) == 20

    order, offer = repair(db, cast), Offer([Wanted("S003", 2, Decimal(135)), Wanted("P003", 1)], UNTIL, "老客户")
    made = offer_quotation(db, drafted(db, order.id, cast.lin, offer).id, by=cast.lin, at=AT)
    assert (made.state, made.request_id, depth_of(made)) == ("offered", None, 10)
    deeper = Offer([Wanted("S003", 1, Decimal("134.99")), Wanted("P001", 9)], UNTIL, "老客户")
    waits = offer_quotation(db, drafted(db, repair_order(db, cast).id, cast.lin, deeper).id, by=cast.lin, at=AT)
    assert waits.state == "waiting" and waits.offered_by_id == cast.lin.id
    end_discount_limit(db, own, by=cast.wang, at=AT)
    assert discount_of(db, cast.lin, TODAY) == 20
    with pytest.raises(Conflict):
        end_discount_limit(db, own, by=cast.wang, at=AT)

    agree_quotation(db, made.id, yes(TODAY), by=cast.lin, at=AT)
    added(db, order, "S003", cast.su, quantity=2)
    (rate,) = rates(db, branch_id=cast.sz, since=AT - timedelta(days=1), until=AT + timedelta(days=1))
    assert (rate.name, rate.discounts, rate.discounted, rate.given_away) == (cast.lin.name, 1, 30, 0)


@pytest.mark.usefixtures("database")
def test_the_page_sets_and_ends_them(as_person: SignIn, cast: Cast) -> None:
    client, page = as_person(cast.wang), "/prices/discounts"
    sent = {"whom": "specialist", "branch": cast.sz, "percent": "12.5%", "request_key": str(uuid.uuid4())}
    assert client.post(page, data=sent).status_code == 302 == client.post(page, data=sent).status_code
    for wrong, sentence in (
        ({"percent": "101"}, "From 0 to 100"),
        ({"whom": "x"}, "Choose whom"),
        ({"branch": ""}, "by a director"),
    ):
        answer = client.post(page, data={**sent, "request_key": str(uuid.uuid4()), **wrong})
        assert answer.status_code in (403, 422) and sentence in answer.text, sentence
        assert f'value="{wrong.get("percent", "12.5%")}"' in answer.text, "what was typed is kept"
    assert client.get(page).text.count("12.5 %") == 1
    assert client.post(f"{page}/1/end").status_code == 302 and "Limits that held before" in client.get(page).text
    assert as_person(cast.lin).post(page, data=sent).status_code == 404
