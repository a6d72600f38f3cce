"""On the phone: goodwill asked for from the price, a terminal lent for some days, one moved from another vehicle."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.fitted import slot_units
from dispatch.devices.models import Loan
from dispatch.fees.goodwill_queries import goodwill_of
from dispatch.fees.queries import account_of
from dispatch.field.forgiving import decide_goodwill
from dispatch.field.models import Photo
from dispatch.orders.models import Order
from tests.building import vehicle
from tests.conftest import AT, Cast
from tests.field.building import carrying, fitted_long_ago, fresh
from tests.field.phone import Phone, at, file, jpeg
from tests.orders.building import fit


@pytest.mark.usefixtures("prices", "on_site")
def test_goodwill_is_asked_for_from_the_price_and_free_once_approved(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", pick_terminal=box.number, lend="", lend_days="")
    phone.open("/price")
    phone.press("/goodwill", status=422, why="other", more="")
    phone.press("/goodwill", why="again")
    assert "Goodwill asked for" in phone.page and "others decide" in phone.page and "Ask a manager" not in phone.page
    (asked,) = goodwill_of(fresh(db), order.id).values()
    assert asked.asked_by_id == cast.su.id and account_of(db, order.id).charged > 0
    decide_goodwill(db, order.id, asked.id, approve=True, reason="", by=cast.wang, at=AT)
    db.commit()
    assert "counts as in warranty" in phone.open("/price") and account_of(fresh(db), order.id).charged == 0


@pytest.mark.usefixtures("prices", "on_site")
def test_a_loaner_is_put_in_for_some_days(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", status=422, pick_terminal=box.number, lend="1", lend_days="x")
    sent = phone.form(f"{at(order)}/fit") | {"pick_terminal": box.number, "lend": "1", "lend_days": "7"}
    for _press in range(2):
        labels = {"label_terminal": jpeg(), "label_old_terminal": file(b"no picture")}  # scanned; what is none is left out
        assert phone.client.post(f"{phone.root}{at(order)}/fit", data=sent | labels).status_code == 303
    phone.open(at(order))
    assert "on loan until 2026-12-09" in phone.page and account_of(fresh(db), order.id).charged == 0
    assert db.scalars(sa.select(Loan.unit_id)).all() == [box.id]
    assert [(photo.kind, photo.line_id) for photo in db.scalars(sa.select(Photo))] == [("imei", order.lines[0].id)]


@pytest.mark.usefixtures("on_site")
def test_terminal_and_sim_are_moved_from_another_vehicle(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    customer = order.customer.name
    other = vehicle(db, cast, plate="粤B8M8M8", customer=customer)
    box, card = fit(db, cast, other.id)
    db.commit()
    move = f"{at(order)}/move"
    assert "8M8M8" in phone.open(move)
    phone.press(move, status=422, units=["terminal", "sim"])
    phone.press(move, vehicle=other.id, units=["terminal", "sim"])
    assert "moved in from" in phone.page and "Both vehicles have it on record" in phone.page
    assert slot_units(fresh(db), order.lines[0].vehicle_id) == {"terminal": box, "sim": card}
    assert slot_units(db, other.id) == {}
