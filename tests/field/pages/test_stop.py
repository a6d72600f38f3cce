"""The pages of one stop, from the photo to the end; whose they are, and what they cost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.fitted import fittings_of
from dispatch.fees.queries import account_of
from dispatch.field.models import Signature, TestResult
from dispatch.field.rules import TEST_ITEMS
from dispatch.orders.models import Order, Visit
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.field.building import DRAWN, carrying, fitted_long_ago, fresh
from tests.field.phone import Phone, at, fit_and_test, jpeg

# --- a repair, from the photo to the end


@pytest.mark.usefixtures("prices")
def test_a_repair_is_walked_from_the_photo_to_the_end(db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone) -> None:
    old_box, old_card = fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    db.commit()
    assert 'aria-current="step"' in phone.open() and "Photo before the work" in phone.big()

    photos = f"/photos?kind=condition&line={order.lines[0].id}"
    phone.open(photos)
    phone.press(photos, photo=jpeg())
    assert "Swap terminal or SIM" in phone.open() and "Photos: 1" in phone.page

    phone.open(f"{at(order)}/swap?what=both")
    assert old_box.number in phone.page.replace("<b>", "").replace("</b>", "").replace("</span><span>", "")
    phone.press(f"{at(order)}/fit", pick_terminal=box.number, sim=card.number[-6:])
    assert "Changed" in phone.page and "<del>" in phone.page and "Go on: test-run" in phone.big()
    assert {f.old_unit_id for f in fittings_of(fresh(db), order.id)} == {old_box.id, old_card.id}

    phone.open(f"{at(order)}/test")
    assert "All passed" in phone.big() and "No terminal is heard here: each point is judged by eye" in phone.page
    phone.press(f"{at(order)}/test", **{"result-power": "not_available", "reason-power": "没有断电开关", "rest": "passed"})
    assert "Go on: price" in phone.big()
    results = {row.item: (row.result, row.reason) for row in db.scalars(sa.select(TestResult))}
    assert results == dict.fromkeys(TEST_ITEMS, ("passed", None)) | {"power": ("not_available", "没有断电开关")}

    phone.open("/price")
    assert "Out of warranty" in phone.page or "the part is charged" in phone.page
    assert "¥695.00" in phone.page and "Take ¥695.00" in phone.big()
    phone.press("/price/add", code="S003")
    assert "¥845.00" in phone.page and "移机费" in phone.page

    phone.open("/payment")
    assert phone.form("/payment")["amount"] == "845.00"
    phone.press("/payment", channel="cash", amount="800", invoice_number="12345678")
    assert "RSZ000001" in phone.page and "¥45.00" in phone.page
    phone.press("/payment", channel="wechat", reference="4200001", invoice_number="12345679")
    assert "RSZ000002" in phone.page and "Everything is paid." in phone.page
    assert account_of(fresh(db), order.id).due == 0

    phone.open("/signature")
    phone.press("/signature", points=DRAWN, lat="22.5", lon="113.9", accuracy_m="8")
    assert "Nothing is missing." in phone.page
    signed = db.scalars(sa.select(Signature)).one()
    assert (signed.signer, signed.refused, signed.lat) == (order.contact_name, False, 22.5)

    phone.press("/finish")
    assert fresh(db).get_one(Visit, visit.id).status == "finished"
    assert db.get_one(Order, order.id).status == "done"
    page = phone.open()
    assert "Sheets" in page and "phone-big" not in page


# --- whose it is, and what it costs


def test_pages_of_a_stop_are_his_own(cast: Cast, visit: Visit, order: Order, as_person: SignIn) -> None:
    paths = ("", "/vehicles", at(order), f"{at(order)}/swap", f"{at(order)}/test", "/photos", "/price", "/payment", "/signature")
    for path in (*paths, "/finish"):
        assert as_person(cast.wei).get(f"/my-day/visits/{visit.id}{path}").status_code == 404, path
        assert as_person(cast.lin).get(f"/my-day/visits/{visit.id}{path}").status_code == 404, path
    su = as_person(cast.su)
    assert su.get(f"/my-day/visits/{visit.id}/vehicles/999999").status_code == 404
    assert su.get(f"/my-day/visits/{visit.id}{at(order)}/swap?what=engine").status_code == 404


def test_what_is_over_can_be_read_but_not_changed(db: Session, order: Order, phone: Phone) -> None:
    phone.open("/finish")
    phone.press("/finish")
    for path in (
        "",
        at(order),
        f"{at(order)}/swap",
        f"{at(order)}/test",
        "/photos",
        "/price",
        "/payment",
        "/signature",
        "/finish",
    ):
        assert "<form" not in phone.open(path) or path.endswith("/test"), path


def test_the_pages_take_few_queries(db: Session, fleet: Order, both: tuple[Phone, Phone]) -> None:
    su, _ = both
    fit_and_test(su, fleet, 0)
    for path in ("", "/vehicles", at(fleet), f"{at(fleet, 1)}", f"{at(fleet)}/test", "/photos", "/price", "/payment", "/finish"):
        with queries() as seen:
            su.open(path)
        assert len(seen) <= 12, (path, len(seen))
