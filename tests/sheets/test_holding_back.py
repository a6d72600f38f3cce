"""Papers: what has to be there before an order can be closed (P8)."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from dispatch.errors import RuleBroken
from dispatch.orders.facts import facts_of
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import move_order
from dispatch.sheets.jobs import carry_out
from dispatch.sheets.models import Sheet
from tests.board.building import approved_order
from tests.conftest import AT, Cast
from tests.field.building import arrived, do
from tests.sheets.house import BASE, installed

pytestmark = pytest.mark.usefixtures("house")


def missing(db: Session, order: Order, cast: Cast) -> str:
    db.expire_all()
    return "\n".join(str(text) for text in facts_of(db, db.get_one(Order, order.id), cast.wang).missing)


def test_an_order_without_its_sheet_cannot_be_closed(
    db: Session, cast: Cast, done: tuple[Order, Sheet], quick: list[str]
) -> None:
    order, sheet = done
    assert "The office owes the sheet" in missing(db, order, cast)
    with pytest.raises(RuleBroken):
        move_order(db, db.get_one(Order, order.id), "close", by=cast.wang, at=AT)
    carry_out(sheet.id, BASE)
    assert "The office owes the sheet" not in missing(db, order, cast)
    db.get_one(Order, order.id).diagnosis = "改正"
    db.commit()
    assert "The office owes the sheet" in missing(db, order, cast)


def test_the_desk_cannot_close_what_nobody_signed_or_tested(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=1, kind="installation", symptom=None)
    visit = arrived(db, cast, order, cast.su)
    do(db, visit, "line.done", cast.su, line=order.lines[0].id)
    do(db, visit, "visit.finish", cast.su)
    told = missing(db, order, cast)
    assert "苏杰: the customer's signature is missing" in told
    assert "no terminal was entered" in told
    assert "has no test-run" in told


def test_an_order_that_is_not_done_asks_nobody_for_papers(db: Session, cast: Cast) -> None:
    order, _ = installed(db, cast)
    assert missing(db, order, cast) == ""
