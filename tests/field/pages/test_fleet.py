"""The pages of an installation of several vehicles that two technicians share."""

from __future__ import annotations

import re
import uuid

from sqlalchemy.orm import Session

from dispatch.devices.fitted import fittings_of
from dispatch.orders.models import Order
from tests.conftest import Cast, SignIn
from tests.field.building import DRAWN, arrived, carrying, do, fitted_long_ago, fresh
from tests.field.phone import Phone, at, fit_and_test


def test_a_sim_alone_does_not_make_an_installation(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> None:
    visit = arrived(db, cast, fleet, cast.su)
    [box], [card] = carrying(db, cast, cast.su)
    db.commit()
    phone = Phone(as_person(cast.su), visit.id)
    phone.open(at(fleet))
    assert phone.form(f"{at(fleet)}/fit")["pick_terminal"] == box.number
    phone.press(f"{at(fleet)}/fit", status=422, pick_terminal="", pick_sim=card.number)
    assert "Choose one from your bag" in phone.page
    assert not fittings_of(fresh(db), fleet.id)


def test_what_came_out_of_a_vehicle_is_not_proposed_for_another(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> None:
    visit = arrived(db, cast, fleet, cast.su)
    worn_box, worn_card = fitted_long_ago(db, cast, fleet.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    units = {"terminal": box.number, "sim": card.number}
    do(db, visit, "line.swap", cast.su, line=fleet.lines[0].id, **units)
    db.commit()
    phone = Phone(as_person(cast.su), visit.id)
    phone.open(at(fleet, 1))
    assert phone.page.count("was in a vehicle") == 2
    assert not {"pick_terminal", "pick_sim"} & phone.form(f"{at(fleet, 1)}/fit").keys()
    for worn in (worn_box, worn_card):
        assert f'value="{worn.number}"' in phone.page, "but he may choose it"


def test_four_vehicles_are_shared_by_two(db: Session, fleet: Order, both: tuple[Phone, Phone]) -> None:
    su, wei = both
    assert "0 of 4 done" in su.open("/vehicles") and "卫晨" in su.page
    fit_and_test(su, fleet, 0)
    assert f'action="{su.root}{at(fleet, 1)}/fit"' in su.page, "straight to the next vehicle"
    fit_and_test(su, fleet, 1)
    fit_and_test(wei, fleet, 2)
    assert "3 of 4 done" in su.open("/vehicles") and "2 by me" in su.page

    assert "planned for 卫晨" in su.open(at(fleet, 3))
    su.press(f"{at(fleet, 3)}/not-done", status=422)
    assert "Choose one of these." in su.page
    su.press(f"{at(fleet, 3)}/not-done", how="leave_over", reason="在外地")
    assert {line.status for line in fresh(db).get_one(Order, fleet.id).lines} == {"done", "residual"}

    for phone in both:
        phone.open("/signature")
        phone.press("/signature", points=DRAWN)
        phone.page = phone.open("/finish")
        phone.press("/finish", **({"done": [], "reason": "在外地"} if "Which vehicles" in phone.page else {}))
    order = fresh(db).get_one(Order, fleet.id)
    assert {visit.status for visit in order.visits} == {"finished"}
    assert [line.status for line in order.lines] == ["done", "done", "done", "residual"]
    assert len(fittings_of(db, order.id)) == 6


def test_a_vehicle_of_a_colleague_can_be_taken_over(db: Session, cast: Cast, fleet: Order, both: tuple[Phone, Phone]) -> None:
    su, wei = both
    fit_and_test(su, fleet, 3)
    assert re.search("1 of 4 done.*1 by me", su.open("/vehicles"), re.DOTALL)
    page = wei.open("/vehicles")
    assert "苏杰" in page
    assert wei.client.post(f"{wei.root}{at(fleet, 3)}/done", data={"fact": str(uuid.uuid4())}).status_code == 422
