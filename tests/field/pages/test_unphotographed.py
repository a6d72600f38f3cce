"""The phone says which vehicles lack a photo, before the visit is finished."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import Cast, SignIn
from tests.field.building import arrived, carrying, take_photo
from tests.field.phone import Phone, at, fit_and_test, jpeg

LACKS = "Vehicles without a photo: "


def plate(order: Order, index: int) -> str:
    plate = str(order.lines[index].vehicle.plate)
    return f"{plate[:2]}·{plate[2:]}"


def test_the_forgotten_one_is_named_before_finishing(fleet: Order, both: tuple[Phone, Phone]) -> None:
    su, wei = both
    assert LACKS not in su.open("/finish"), "nothing was begun"
    for index in (0, 1):
        fit_and_test(su, fleet, index)
    assert f"{LACKS}2 ({plate(fleet, 0)} · {plate(fleet, 1)})" in su.open("/finish") and "Finish all the same" in su.big()
    assert LACKS not in wei.open("/finish"), "a colleague's vehicles are a colleague's"
    sent = f"/photos?kind=work&line={fleet.lines[0].id}"
    su.open(sent)
    su.press(sent, photo=jpeg())
    assert f"{LACKS}1 ({plate(fleet, 1)})" in su.open("/finish")
    assert su.open("/vehicles").count("no photo") == 1
    assert "There is no photo of the vehicle." in su.open(at(fleet, 1))
    assert "There is no photo of the vehicle." not in su.open(at(fleet, 0))
    assert "There is no photo of the vehicle." not in wei.open(at(fleet, 2)), "not begun"


def test_many_are_not_all_named(db: Session, cast: Cast, as_person: SignIn) -> None:
    order = approved_order(db, cast, lines=7, kind="installation", symptom=None, model="BD-808A")
    visit = arrived(db, cast, order, cast.su)
    carrying(db, cast, cast.su, 7)
    db.commit()
    phone = Phone(as_person(cast.su), visit.id)
    for index in range(7):
        fit_and_test(phone, order, index)
    page = phone.open("/finish")
    assert f"{LACKS}7 (" in page and f"{plate(order, 5)} · …)" in page and plate(order, 6) not in page


def test_a_repair_is_shown_where_to_take_it(db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone) -> None:
    assert "There is no photo of the vehicle before the work." in phone.open("/finish")
    take_photo(db, visit, cast.su, kind="work", line=order.lines[0].id)
    db.commit()
    assert "There is no photo of the vehicle before the work." in phone.open("/finish")
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", rest="passed")
    assert f"/photos?kind=condition&amp;line={order.lines[0].id}" in phone.open(at(order))
    take_photo(db, visit, cast.su, line=order.lines[0].id)
    db.commit()
    assert "There is no photo" not in phone.open("/finish") and "There is no photo" not in phone.open(at(order))
