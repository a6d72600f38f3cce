"""The pages of one stop: photos, swaps, test-run, money, signature; what is refused there, and what is kept all the same."""

from __future__ import annotations

import io
import json
import re
import uuid

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from dispatch.devices.fitted import fittings_of, unit_name
from dispatch.fees.queries import account_of, receipts_of
from dispatch.field.models import FieldFact, Photo, Signature, TestResult
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import latest_tests
from dispatch.orders.models import Order, Visit
from tests.board.building import approved_order
from tests.conftest import Cast, SignIn
from tests.counting import queries
from tests.field.building import SWUNG, arrived, carrying, do, fitted_long_ago
from tests.field.phone import Phone, file, jpeg, set_clock

DRAWN = json.dumps(SWUNG)


@pytest.fixture(autouse=True)
def fixed_clock(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is 09:00 on the day of the visits. The application comes first: it opens the database anew."""
    set_clock(monkeypatch)


@pytest.fixture
def su(as_person: SignIn, cast: Cast) -> FlaskClient:
    """Su's browser."""
    return as_person(cast.su)


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """A repair of one vehicle."""
    return approved_order(db, cast)


@pytest.fixture
def visit(db: Session, cast: Cast, order: Order) -> Visit:
    """Su is there."""
    made = arrived(db, cast, order, cast.su)
    db.commit()
    return made


@pytest.fixture
def phone(su: FlaskClient, visit: Visit) -> Phone:
    """Su's phone at the repair."""
    return Phone(su, visit.id)


def at(order: Order, index: int = 0) -> str:
    """The path of a vehicle's page."""
    return f"/vehicles/{order.lines[index].id}"


def fresh(db: Session) -> Session:
    """The session as the database is now."""
    db.rollback()
    db.expire_all()
    return db


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
    assert unit_name(old_box) in phone.page.replace("<b>", "").replace("</b>", "").replace("</span><span>", "")
    phone.press(f"{at(order)}/fit", pick_terminal=unit_name(box), sim=unit_name(card)[-6:])
    assert "Changed" in phone.page and "<del>" in phone.page and "Go on: test-run" in phone.big()
    assert {f.old_unit_id for f in fittings_of(fresh(db), order.id)} == {old_box.id, old_card.id}

    phone.open(f"{at(order)}/test")
    assert "All passed" in phone.big()
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
    phone.press("/payment", channel="wechat", reference="4200001")
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


# --- swaps that cannot be


def test_a_unit_in_a_colleagues_bag_gets_a_sentence_and_the_dispatcher_if_he_insists(
    db: Session, cast: Cast, order: Order, phone: Phone
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.wei)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    assert "There is no terminal in your bag." in phone.page
    phone.press(f"{at(order)}/fit", status=422, terminal=unit_name(box))
    assert "卫晨" in phone.page and f'value="{unit_name(box)}"' in phone.page
    assert "It is so: let the dispatcher decide" in phone.page
    assert not db.scalars(sa.select(FieldFact).where(FieldFact.kind == "line.swap")).all()
    phone.press(f"{at(order)}/fit", insist="1")
    assert "the dispatcher will sort it out" in phone.page
    assert db.scalars(sa.select(FieldFact.state).where(FieldFact.kind == "line.swap")).all() == ["disputed"]
    assert not fittings_of(fresh(db), order.id)


def test_nothing_chosen_is_asked_for_beside_the_field(db: Session, order: Order, phone: Phone) -> None:
    for what, sentence in (("terminal", "f-terminal-error"), ("sim", "f-sim-error")):
        phone.open(f"{at(order)}/swap?what={what}")
        phone.press(f"{at(order)}/fit", status=422)
        assert sentence in phone.page and "Choose one from your bag" in phone.page
        assert "let the dispatcher decide" not in phone.page


def test_what_the_record_does_not_know_is_typed_or_said_to_be_none(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    [box], [card] = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=both")
    phone.press(f"{at(order)}/fit", status=422, pick_terminal=unit_name(box), pick_sim=unit_name(card))
    assert "The record knows of none in this vehicle. Enter the number of the old one." in phone.page
    phone.press(f"{at(order)}/fit", status=422, old_terminal="OLD12345", none_sim="1")
    assert "Enter the model of the old terminal." in phone.page
    phone.press(f"{at(order)}/fit", old_model="BD-808A")
    made = {row.unit_kind: row.kind for row in fittings_of(fresh(db), order.id)}
    assert made == {"terminal": "swap", "sim": "install"}


def test_a_wrong_swap_is_undone_with_a_reason(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", pick_terminal=unit_name(box))
    phone.press(f"{at(order)}/undo", status=422)
    assert "Please give a reason." in phone.page
    phone.press(f"{at(order)}/undo", reason="拿错了")
    assert "Undone." in phone.page and not fittings_of(fresh(db), order.id)


def test_a_unit_is_taken_out_without_a_new_one(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    db.commit()
    phone.open(at(order))
    phone.press(f"{at(order)}/remove", status=422)
    assert "Choose one of these." in phone.page
    phone.press(f"{at(order)}/remove", units=["terminal"])
    assert "Taken out." in phone.page
    assert [row.kind for row in fittings_of(fresh(db), order.id)] == ["remove"]


# --- the test-run


def test_after_a_swap_the_test_run_is_to_be_done_again(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", rest="passed")
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", pick_terminal=unit_name(box))
    assert "To do again after the change" in phone.page
    assert "please do it again" in phone.open(f"{at(order)}/test") and "All passed" in phone.big()


def test_single_points_are_put_right_and_overruling_needs_a_word(db: Session, order: Order, phone: Phone) -> None:
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", **{"result-acc": "failed"})
    assert "The rest passed" in phone.big()
    phone.press(f"{at(order)}/test", rest="passed")
    assert len(db.scalars(sa.select(TestResult)).all()) == len(TEST_ITEMS)
    phone.press(f"{at(order)}/test", status=422, **{"result-acc": "overruled"})
    assert "Say why this counts as passed." in phone.page
    phone.press(f"{at(order)}/test", **{"reason-acc": "客户未接ACC线"})
    latest = latest_tests(fresh(db), order.id, [])[order.lines[0].id]
    assert (latest["acc"].result, latest["acc"].reason) == ("overruled", "客户未接ACC线")
    count = len(db.scalars(sa.select(TestResult)).all())
    phone.press(f"{at(order)}/test")
    assert len(fresh(db).scalars(sa.select(TestResult)).all()) == count, "what stands is not written again"
    nonsense = phone.client.post(f"{phone.root}{at(order)}/test", data=phone.form(f"{at(order)}/test") | {"result-acc": "x"})
    assert nonsense.status_code == 404


# --- money


@pytest.mark.usefixtures("prices")
def test_a_charge_is_taken_back_with_a_reason(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003", quantity="2")
    assert "¥300.00" in phone.page
    phone.press("/price/take-back", status=422)
    assert "Please give a reason." in phone.page
    phone.press("/price/take-back", reason="客户不移了")
    assert "Nothing to pay: signature" in phone.big()
    assert account_of(fresh(db), order.id).charged == 0


@pytest.mark.usefixtures("prices")
def test_an_odd_payment_is_asked_back_and_an_odd_invoice_number_can_stand(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    phone.press("/payment", status=422, channel="cash", amount="0")
    assert "An amount above zero, please." in phone.page
    phone.press("/payment", status=422, channel="cash", amount="151")
    assert "is more than the ¥150.00 that is due" in phone.page and "let the dispatcher decide" in phone.page
    phone.press("/payment", status=422, channel="cash", amount="150", invoice_number="123")
    assert "An invoice number has" in phone.page
    phone.press("/payment", invoice_number="123", invoice_anyway="1")
    assert [row.invoice_number for row in receipts_of(fresh(db), order.id)] == ["123"]


@pytest.mark.usefixtures("prices")
def test_a_payment_pressed_twice_is_one_receipt(db: Session, order: Order, phone: Phone) -> None:
    db.commit()
    phone.open("/price")
    phone.press("/price/add", code="S003")
    phone.open("/payment")
    content = phone.form("/payment") | {"channel": "cash"}
    for _press in range(2):
        assert phone.client.post(phone.root + "/payment", data=content).status_code == 303
    assert len(receipts_of(fresh(db), order.id)) == 1


# --- signature


@pytest.mark.parametrize(
    "points", ["[[[0.5,0.5,0],[0.5,0.5,3]]]", "[]", "", "no json", "{}", "[[1]]", "[" * 99_999, '[["\\ud800"]]']
)
def test_a_dot_is_no_signature(db: Session, phone: Phone, points: str) -> None:
    phone.open("/signature")
    phone.press("/signature", status=422, points=points)
    assert "This is not a signature yet." in phone.page and "let the dispatcher decide" not in phone.page
    assert not db.scalars(sa.select(Signature)).all()


@pytest.mark.usefixtures("prices")
def test_a_summary_that_changed_meanwhile_is_shown_again(db: Session, phone: Phone) -> None:
    db.commit()
    phone.open("/signature")
    content = phone.form("/signature") | {"points": DRAWN}
    phone.open("/price")
    phone.press("/price/add", code="S003")
    refused = phone.client.post(phone.root + "/signature", data=content)
    assert refused.status_code == 409
    assert "Something was changed after the summary was shown." in refused.text and "移机费" in refused.text
    assert content["summary_hash"] not in refused.text
    phone.page = refused.text
    phone.press("/signature", points=DRAWN)
    assert len(fresh(db).scalars(sa.select(Signature)).all()) == 1


def test_a_refusal_needs_reason_and_photo(db: Session, phone: Phone) -> None:
    phone.open("/signature")
    phone.press("/signature/refused", status=422)
    assert "Please give a reason." in phone.page and "Take a photo first." in phone.page
    phone.press("/signature/refused", status=422, reason="嫌贵", photo=file(b"no photo"))
    assert "This is no photo that can be read." in phone.page and "嫌贵" in phone.page
    phone.press("/signature/refused", reason="嫌贵", photo=jpeg())
    row = db.scalars(sa.select(Signature)).one()
    assert (row.refused, row.reason) == (True, "嫌贵")
    assert db.get_one(Photo, row.photo_id).kind == "refusal"
    assert "Refused: 嫌贵" in phone.open()


# --- photos


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height of a picture."""
    with Image.open(io.BytesIO(content)) as seen:
        return seen.size


def send(
    phone: Phone, photo: object, *, key: uuid.UUID | None = None, query: str = "?kind=condition", **headers: str
) -> TestResponse:
    """Send a photo as the page does."""
    content = {"fact": str(key or uuid.uuid4()), "photo": photo}
    return phone.client.post(f"{phone.root}/photos{query}", data=content, headers=headers)


def test_a_photo_sent_again_is_the_same_and_comes_back_as_jpeg(db: Session, phone: Phone, cast: Cast, as_person: SignIn) -> None:
    key = uuid.uuid4()
    for _sent in range(2):
        answer = send(phone, jpeg(size=(900, 600)), key=key, **{"X-Photo": "1"})
        assert answer.status_code == 201 and answer.json == {"url": f"/photos/{key}"}
    assert [row.id for row in db.scalars(sa.select(Photo))] == [key]
    whole = phone.client.get(f"/photos/{key}")
    assert whole.mimetype == "image/jpeg" and "immutable" in whole.headers["Cache-Control"]
    assert size_of(whole.data) == (900, 600)
    assert max(size_of(phone.client.get(f"/photos/{key}?small=1").data)) == 320
    assert as_person(cast.lin).get(f"/photos/{key}").status_code == 200
    for stranger in (cast.wei, cast.he):
        assert as_person(stranger).get(f"/photos/{key}").status_code == 404
    assert phone.client.get(f"/photos/{uuid.uuid4()}").status_code == 404


def test_several_photos_of_one_form_are_several(db: Session, phone: Phone) -> None:
    content = {"fact": str(uuid.uuid4()), "photo": [jpeg(), jpeg(colour="red")]}
    for _sent in range(2):
        content["photo"] = [jpeg(), jpeg(colour="red")]
        assert phone.client.post(f"{phone.root}/photos?kind=condition", data=content).status_code == 303
    assert len(db.scalars(sa.select(Photo)).all()) == 2


@pytest.mark.parametrize(
    ("photo", "sentence"),
    [
        (file("这是一个文本".encode()), "This is no photo that can be read."),
        (file(b""), "The photo is empty."),
        (file(b"", ""), "Take a photo first."),
    ],
    ids=["text", "empty", "none"],
)
def test_what_is_no_photo_gets_a_sentence(db: Session, phone: Phone, photo: object, sentence: str) -> None:
    refused = send(phone, photo)
    assert refused.status_code == 422 and sentence in refused.text and "Take a photo" in refused.text
    assert not db.scalars(sa.select(Photo)).all()


def test_a_photo_that_is_too_large_gets_a_sentence(phone: Phone) -> None:
    # As bytes: the test client would leave a temporary file open.
    head = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    whole = {"data": head + b"\xff" * (21 << 20) + b"\r\n--x--\r\n", "content_type": "multipart/form-data; boundary=x"}
    refused = phone.client.post(f"{phone.root}/photos", headers={"X-Photo": "1"}, **whole)
    assert refused.status_code == 413 and "larger than 20 MB" in refused.json["error"]


def test_photos_of_unknown_kinds_and_vehicles_lead_nowhere(phone: Phone) -> None:
    for query in ("?kind=selfie", "?kind=refusal", "?kind=work&line=999999"):
        assert phone.client.get(f"{phone.root}/photos{query}").status_code == 404
        assert send(phone, jpeg(), query=query).status_code == 404


# --- an installation of several vehicles by two technicians


@pytest.fixture
def fleet(db: Session, cast: Cast) -> Order:
    """An installation of four vehicles."""
    return approved_order(db, cast, lines=4, kind="installation", symptom=None, model="BD-808A")


@pytest.fixture
def both(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> tuple[Phone, Phone]:
    """Su has the first two vehicles, Wei the others; both are there with full bags."""
    ids = [line.id for line in fleet.lines]
    first = arrived(db, cast, fleet, cast.su, lines=tuple(ids[:2]))
    second = arrived(db, cast, fleet, cast.wei, lines=tuple(ids[2:]))
    carrying(db, cast, cast.su, 3)
    carrying(db, cast, cast.wei, 2)
    db.commit()
    return Phone(as_person(cast.su), first.id), Phone(as_person(cast.wei), second.id)


def fit_and_test(phone: Phone, order: Order, index: int) -> None:
    """One vehicle as proposed: fit, all passed, done."""
    phone.open(at(order, index))
    assert "Fit these" in phone.big()
    phone.press(f"{at(order, index)}/fit")
    assert "Test-run: all passed" in phone.big()
    phone.press(f"{at(order, index)}/test", rest="passed")
    assert "Vehicle done" in phone.big()
    phone.press(f"{at(order, index)}/done")


def test_a_sim_alone_does_not_make_an_installation(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> None:
    visit = arrived(db, cast, fleet, cast.su)
    [box], [card] = carrying(db, cast, cast.su)
    db.commit()
    phone = Phone(as_person(cast.su), visit.id)
    phone.open(at(fleet))
    assert phone.form(f"{at(fleet)}/fit")["pick_terminal"] == unit_name(box)
    phone.press(f"{at(fleet)}/fit", status=422, pick_terminal="", pick_sim=unit_name(card))
    assert "Choose one from your bag" in phone.page
    assert not fittings_of(fresh(db), fleet.id)


def test_what_came_out_of_a_vehicle_is_not_proposed_for_another(db: Session, cast: Cast, fleet: Order, as_person: SignIn) -> None:
    visit = arrived(db, cast, fleet, cast.su)
    worn_box, worn_card = fitted_long_ago(db, cast, fleet.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    units = {"terminal": unit_name(box), "sim": unit_name(card)}
    do(db, visit, "line.swap", cast.su, line=fleet.lines[0].id, **units)
    db.commit()
    phone = Phone(as_person(cast.su), visit.id)
    phone.open(at(fleet, 1))
    assert phone.page.count("was in a vehicle") == 2
    assert not {"pick_terminal", "pick_sim"} & phone.form(f"{at(fleet, 1)}/fit").keys()
    for worn in (worn_box, worn_card):
        assert f'value="{unit_name(worn)}"' in phone.page, "but he may choose it"


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
