"""Counted parts on site: out of the own bag, onto the order, into the price by P10, and back."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.checks import broken_custody
from dispatch.devices.models import Part, PartEntry
from dispatch.devices.operations import bag_of
from dispatch.devices.part_moves import counts_at
from dispatch.devices.part_stock import PartFacts, add_part, hand_over, receive
from dispatch.errors import Conflict, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Charge
from dispatch.field.acting import act
from dispatch.field.queries import word_of
from dispatch.field.using import take_back_use
from dispatch.orders.models import Order, Visit
from dispatch.sheets.facts import record_of, sheet_facts
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import say_yes, store
from tests.field.building import do, fact, fitted_long_ago, fresh, sign
from tests.field.phone import Phone, at, set_clock


def stocked(db: Session, cast: Cast, code: str = "P003", *, bag: int = 3) -> Part:
    """An antenna of the price list (or another part), so many in Su's bag."""
    part = add_part(db, code, PartFacts("GNSS 天线", "根"), by=cast.lin, at=AT)
    place, form = store(db, cast), {"note": "", "by": cast.lin, "at": AT}
    receive(db, place, {part.id: 10}, key=uuid.uuid4(), **form)  # type: ignore[arg-type]
    if bag:
        his = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
        hand_over(db, place, his, {part.id: bag}, key=uuid.uuid4(), **form)  # type: ignore[arg-type]
        say_yes(db, cast)
    return part


def left(db: Session, cast: Cast, part: Part) -> int:
    """How many Su has of it."""
    return counts_at(db, bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz).id).get(part.id, 0)


def charged(db: Session, order: Order) -> list[tuple[str, int, Decimal]]:
    """The charges of an order, what was taken back too."""
    rows = db.scalars(sa.select(Charge).where(Charge.order_id == order.id).order_by(Charge.id))
    return [(row.rule, row.quantity, row.amount) for row in rows]


def used(db: Session, order: Order) -> PartEntry:
    """The newest use on an order."""
    query = sa.select(PartEntry).where(PartEntry.order_id == order.id, PartEntry.reason == "use")
    return db.scalars(query.order_by(PartEntry.id.desc()).limit(1)).one()


@pytest.mark.parametrize(("days", "rule", "amount"), [(900, "part_out_of_warranty", "90.00"), (30, "in_warranty", "0.00")])
def test_a_part_costs_what_the_warranty_says(
    db: Session, cast: Cast, prices: None, order: Order, on_site: Visit, days: int, rule: str, amount: str
) -> None:
    part = stocked(db, cast)
    fitted_long_ago(db, cast, order.lines[0], days=days)
    use: dict[str, Any] = {"line": order.lines[0].id, "code": "P003", "quantity": 2}
    sent = fact(on_site, "part.use", **use)
    for _press in range(2):
        assert act(db, sent, by=cast.su, at=AT).state == "applied"
    assert left(db, cast, part) == 1 and charged(db, order) == [(rule, 2, Decimal(amount))]
    [told] = sheet_facts(record_of(db, order.id), None)["lines"]
    assert told["parts"] == [{"code": "P003", "name": "GNSS 天线", "unit": "根", "quantity": 2}]
    sign(db, on_site, cast.su)
    do(db, on_site, "part.put_back", cast.su, line=order.lines[0].id, entry=used(db, order).id, reason="点错了")
    assert left(db, cast, part) == 3 and sum(row[2] for row in charged(db, order)) == 0
    assert "parts" not in sheet_facts(record_of(db, order.id), None)["lines"][0]
    signed = word_of(db, on_site.id)
    assert signed is not None and signed[1], "what was signed is not what stands now"
    for entry, refusal in ((used(db, order).id, Conflict), (999_999, NotFound)):
        with pytest.raises(refusal):
            do(db, on_site, "part.put_back", cast.su, line=order.lines[0].id, entry=entry, reason="又点错")
    assert list(broken_custody(db)) == []


def test_what_has_no_price_is_used_all_the_same(db: Session, cast: Cast, prices: None, order: Order, on_site: Visit) -> None:
    """Neither a code that the list does not know nor one that it has as a service makes a charge."""
    for code in ("P999", "S003"):
        part = stocked(db, cast, code)
        do(db, on_site, "part.use", cast.su, line=order.lines[0].id, code=code, quantity=1)
        assert left(db, cast, part) == 2
    assert charged(db, order) == []


def test_more_than_the_bag_has_is_told_and_kept_as_disputed_if_he_insists(
    db: Session, cast: Cast, prices: None, order: Order, on_site: Visit
) -> None:
    part = stocked(db, cast, bag=1)
    use: dict[str, Any] = {"line": order.lines[0].id, "code": "P003", "quantity": 2}
    with pytest.raises(RuleBroken, match="there are 1 根 of GNSS 天线 in your bag"):
        do(db, on_site, "part.use", cast.su, **use)
    assert do(db, on_site, "part.use", cast.su, insist=True, **use).state == "disputed"
    assert left(db, cast, part) == 1 and charged(db, order) == []


def test_the_office_takes_a_wrong_use_back(db: Session, cast: Cast, prices: None, order: Order, on_site: Visit) -> None:
    part = stocked(db, cast)
    do(db, on_site, "part.use", cast.su, line=order.lines[0].id, code="P003", quantity=1)
    entry = used(db, order).id
    for who, refusal in ((cast.lin, NotAllowed), (cast.su, NotAllowed)):
        with pytest.raises(refusal):
            take_back_use(db, entry, reason="没装", by=who, at=AT)
    take_back_use(db, entry, reason="客户说没装", by=cast.wang, at=AT)
    assert left(db, cast, part) == 3 and sum(row[2] for row in charged(db, order)) == 0
    with pytest.raises(Conflict):
        take_back_use(db, entry, reason="客户说没装", by=cast.wang, at=AT)


def test_on_the_phone_and_at_the_desk(
    db: Session, cast: Cast, prices: None, order: Order, on_site: Visit, as_person: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    part, other = stocked(db, cast), stocked(db, cast, "P100", bag=0)
    db.commit()
    phone = Phone(as_person(cast.su), on_site.id)
    set_clock(monkeypatch)
    page = phone.open(at(order))
    assert "3 根 in the bag" in page and "Not in your bag by the record" in page and other.code in page
    path = f"{at(order)}/parts"
    phone.press(path, status=422)
    assert "Choose a part." in phone.page
    phone.press(path, status=422, code="P100", quantity="2")
    assert "there are 0 根" in phone.page and "let the dispatcher decide" in phone.page
    phone.open(at(order))
    phone.press(path, code="P003", quantity="2")
    assert "Noted: it is out of your bag." in phone.page and "× 2 根" in phone.page and "1 根 in the bag" in phone.page
    assert "GNSS 天线 × 2 根" in phone.open("/signature")
    wang = as_person(cast.wang)
    seen = wang.get(f"/orders/{order.number}/on-site").text
    assert "GNSS 天线" in seen and "× 2 根" in seen
    assert "GNSS 天线 × 2 used" in wang.get(f"/orders/{order.number}").text
    assert order.number in wang.get(f"/stock/parts/{part.id}").text
    phone.open(at(order))
    phone.press(f"{path}/back", status=422)
    phone.press(f"{path}/back", reason="点错了")
    assert "It is in the bag again." in phone.page and left(fresh(db), cast, part) == 3
    phone.press(path, code="P003", quantity="1")
    back = {"entry": used(fresh(db), order).id, "reason": "没装上"}
    told = wang.post(f"/stock/parts/{part.id}/take-back", data=back, follow_redirects=True).text
    assert "Taken back." in told and left(fresh(db), cast, part) == 3
