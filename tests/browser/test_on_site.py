"""What happens at the vehicle, on phones: a repair paid and signed, an installation shared by two, and what is refused."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Route, expect

from dispatch.db import transaction
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Unit
from dispatch.fees.models import Receipt
from dispatch.field.models import Arrival, FieldFact, Photo, Signature
from dispatch.orders.models import Order, Visit
from dispatch.sheets.models import SheetVersion
from tests.board.building import approved_order
from tests.browser.papers import assert_proven, assert_sound, fetch_sheets, printed
from tests.browser.roadside import PLACE, TOUCH, big, camera_picture, depart, finish, install, sign, take
from tests.browser.walking import LISTENING, SitDown
from tests.conftest import Cast, Served
from tests.fees.building import price_list
from tests.field.building import arrived, carrying, fitted_long_ago, sent_out
from tests.sheets.engine import needs_poppler

pytestmark = [pytest.mark.browser, needs_poppler]


@pytest.fixture
def prices(database: str, cast: Cast) -> None:
    """The price list."""
    with transaction() as db:
        price_list(db, cast)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photo as a camera makes it."""
    return camera_picture(tmp_path / "photo.jpg")


def names(units: list[Unit]) -> list[str]:
    return [unit.number for unit in units]


# --- a repair


def test_a_repair_out_of_warranty_is_swapped_tested_paid_and_signed(
    cast: Cast, prices: None, sit_down: SitDown, served: Served, picture: Path, database: str, tmp_path: Path
) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        old = names(list(fitted_long_ago(db, cast, order.lines[0])))
        boxes, cards = carrying(db, cast, cast.su, 3)
        new = [boxes[1].number, cards[2].number]
        visit = sent_out(db, cast, order, cast.su).id
    su = sit_down("su", **TOUCH).go(f"/my-day/visits/{visit}")
    depart(su)
    big(su, "Photo before the work")
    take(su, picture)
    big(su, "Go on")

    su.follow("Swap both")
    su.page.get_by_label(re.compile(re.escape(new[0][-4:]))).first.check()
    su.page.locator("#f-sim").fill(new[1][-6:])
    expect(su.page.locator("#bag-sim label:visible")).to_have_count(1)
    big(su, "Swap")
    changed = su.page.locator(".change")
    for number in (*old, *new):
        expect(changed.filter(has_text=number)).to_have_count(1)
    big(su, "Go on: test-run")
    big(su, "All passed")
    expect(su.page.locator("input[type=radio][value=passed]:checked")).to_have_count(9)
    big(su, "Go on: price")
    su.sees("¥695.00")
    big(su, "Take ¥695.00")
    su.page.get_by_label("Cash").check()
    su.fill("Invoice number", "12345678")
    big(su, "Money received")
    su.sees("RSZ000001")
    big(su, "Go on: signature")
    expect(su.page.locator(LISTENING)).to_be_visible()  # with its script the page says it at once
    big(su, "I agree and sign")
    su.sees("Please sign in the field first.")
    sign(su)
    su.sees("Nothing is missing.")
    finish(su)

    with transaction() as db:
        assert db.get_one(Visit, visit).status == "finished"
        order = db.get_one(Visit, visit).order
        assert order.status == "done"
        made = fittings_of(db, order.id)
        assert [(f.old_unit.number, f.new_unit.number) for f in made if f.old_unit and f.new_unit] == list(
            zip(old, new, strict=True)
        )
        receipt = db.scalars(sa.select(Receipt)).one()
        assert (receipt.channel, receipt.amount, receipt.invoice_number) == ("cash", Decimal("695.00"), "12345678")
        assert db.scalars(sa.select(Arrival)).one().accuracy_m == PLACE["accuracy"]
        signed = db.scalars(sa.select(Signature)).one()
        assert not signed.refused and signed.lat == PLACE["latitude"] and len(signed.points or []) == 2
        assert db.scalars(sa.select(Photo)).one().width == 1600

    [sheet] = fetch_sheets(sit_down("wang"), order.id, 1, tmp_path)
    with transaction() as db:
        assert db.scalars(sa.select(SheetVersion.version)).all() == [1]  # made once
    text = printed(sheet)
    for word in ("维修服务单", order.number, "¥695.00", "RSZ000001", *old, *new):
        assert word in text, word
    assert_proven(sheet, database, served.folder)


# --- an installation of four vehicles by two technicians


def test_four_vehicles_are_installed_by_two_and_one_does_not_come(
    cast: Cast, prices: None, sit_down: SitDown, served: Served, picture: Path, database: str, tmp_path: Path
) -> None:
    with transaction() as db:
        order = approved_order(db, cast, lines=4, kind="installation", symptom=None, model="BD-808A")
        number, ids = order.id, [line.id for line in order.lines]
        plates = [line.vehicle.plate or "" for line in order.lines]
        carrying(db, cast, cast.su, 2)
        carrying(db, cast, cast.wei, 2)
        halves = ((cast.su, tuple(ids[:2])), (cast.wei, tuple(ids[2:])))
        visits = [sent_out(db, cast, order, who, lines=part).id for who, part in halves]
    su, wei = (sit_down(who, **TOUCH) for who in ("su", "wei"))
    for phone, visit in zip((su, wei), visits, strict=True):
        phone.go(f"/my-day/visits/{visit}")
        phone.page.get_by_text("Something is missing").click()
        phone.fill("What is missing?", "发票")
        big(phone, "Depart")
        big(phone, "Arrived")
        big(phone, "Vehicles")
    big(su, re.compile("Next"))
    install(su, picture)
    su.sees("Vehicle done.")
    install(su, picture)
    big(wei, re.compile("Next"))
    install(wei, picture)

    wei.go(f"/my-day/visits/{visits[1]}/vehicles")
    wei.sees("3 of 4 done")
    wei.sees("1 by me")
    wei.page.locator(".fleet a", has_text=plates[3][2:]).click()
    wei.page.get_by_text("It did not come, or cannot be done").click()
    wei.page.get_by_label("It did not come", exact=True).check()
    wei.page.locator("#not-done-reason").fill("在外地,周五回来")
    wei.press("Go on without it")
    for phone in (su, wei):
        phone.sees("Noted. The office knows." if phone is wei else "Vehicle done.")
        big(phone, "Signature")
        sign(phone)
        finish(phone)
    with transaction() as db:
        whole = db.get_one(Order, number)
        assert [line.status for line in whole.lines] == ["done", "done", "done", "residual"]
        assert {visit.status for visit in whole.visits} == {"finished"}
        made = fittings_of(db, number)
        assert len(made) == 6
        fitted = {line.id: [f.new_unit.number for f in made if f.line_id == line.id and f.new_unit] for line in whole.lines}
        assert len(db.scalars(sa.select(Photo)).all()) == 3
        assert len(db.scalars(sa.select(Signature)).all()) == 2
    summary, *each = fetch_sheets(sit_down("wang"), number, 4, tmp_path)
    for sheet, line, plate in zip(each, ids, plates, strict=False):
        text = printed(sheet)
        assert all(word in text for word in ("车辆安装单", plate[2:], *fitted[line])), text
    text = printed(summary)
    assert "安装任务派工单" in text and "在外地" in text and all(plate[2:] in text for plate in plates)
    assert_proven(summary, database, served.folder)
    for sheet in each:
        assert_sound(sheet, served.folder)


# --- what is refused


def test_what_cannot_be_gets_a_sentence_and_loses_nothing(cast: Cast, sit_down: SitDown, tmp_path: Path) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        line = order.lines[0].id
        fitted_long_ago(db, cast, order.lines[0])
        [others], _ = carrying(db, cast, cast.wei)
        carrying(db, cast, cast.su)
        visit = sent_out(db, cast, order, cast.su).id
        elsewhere = others.number
    su = sit_down("su", **{**TOUCH, "permissions": []}).go(f"/my-day/visits/{visit}")
    big(su, "Depart")
    su.sees("Tick all four, or write what is missing.")
    su.fill("What is missing?", "工具")
    big(su, "Depart")
    big(su, "Arrived")
    su.sees("You have arrived.")

    text = tmp_path / "text.jpg"
    text.write_text("这不是照片", "utf-8")
    su.go(f"/my-day/visits/{visit}/photos?kind=condition&line={line}")
    su.page.set_input_files("#camera", text)
    su.sees("This is no photo that can be read.")

    su.go(f"/my-day/visits/{visit}/vehicles/{line}/swap?what=terminal")
    su.page.locator("#f-terminal").fill(elsewhere)
    big(su, "Swap")
    su.sees(re.compile("is not in your bag.*卫晨"))
    expect(su.page.locator("#f-terminal")).to_have_value(elsewhere)
    su.press("It is so: let the dispatcher decide")
    su.sees("the dispatcher will sort it out")

    su.go(f"/my-day/visits/{visit}/signature")
    field = su.page.locator("canvas.pad")
    field.scroll_into_view_if_needed()
    field.click()
    big(su, "I agree and sign")
    su.sees("This is not a signature yet.")
    with transaction() as db:
        assert db.scalars(sa.select(FieldFact.kind).where(FieldFact.state == "disputed")).all() == ["line.swap"]
        assert not db.scalars(sa.select(Signature)).all() and not db.scalars(sa.select(Photo)).all()
        assert not fittings_of(db, order.id)


def test_a_photo_taken_before_the_script_has_come_is_sent(cast: Cast, sit_down: SitDown, picture: Path) -> None:
    with transaction() as db:
        order = approved_order(db, cast)
        visit, line = arrived(db, cast, order, cast.su).id, order.lines[0].id
    su = sit_down("su", **TOUCH)
    held: list[Route] = []
    su.page.route("**/photos.js*", lambda route: held.append(route))
    su.page.goto(f"{su.address}/my-day/visits/{visit}/photos?kind=condition&line={line}", wait_until="commit")
    su.page.set_input_files("#camera", picture)
    held[0].continue_()
    expect(su.page.locator("[data-shots] a")).to_have_count(1)
    with transaction() as db:
        assert len(db.scalars(sa.select(Photo)).all()) == 1
