"""What closing asks for besides: photos by kind of order, and the firmware of a model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import config
from dispatch.config_values import PHOTOS, SettingError
from dispatch.devices.models import ModelRequirement
from dispatch.field import points
from dispatch.field.correcting import waive_photo
from dispatch.field.papers import field_papers_missing
from dispatch.field.photographed import waivers_of
from dispatch.field.point_rules import PHOTO_ITEMS, REMOVAL, WORKS, delivered_with, in_force, items_of
from dispatch.field.points import decide_points, point_lists
from dispatch.field.rules import PHOTO_KINDS, PHOTOS_TO_ASK, TEST_ITEMS
from dispatch.orders.models import Order, Visit
from dispatch.sheets.printing import PHOTO_ORDER
from tests.conftest import AT, Cast, SignIn
from tests.field.building import carrying, do, fitted_long_ago, fresh, sign, take_photo
from tests.field.phone import Phone, jpeg


@dataclass
class Then:
    """A decision that says nothing of photos."""

    must: tuple[str, ...]
    may: tuple[str, ...] = ()
    photos: None = None
    photos_may: tuple[str, ...] = ()
    service: str = "sim"
    at: datetime = AT


PASSED = {item: {"result": "passed"} for item in TEST_ITEMS}


@pytest.fixture
def asked() -> Iterator[None]:
    points.configure({"repair": ("plate", "imei", "wiring")})
    yield
    points.configure({})


def missing(session: Session, order: Order) -> list[str]:
    """The photos that closing misses."""
    return [str(text) for text in field_papers_missing(session, order) if "photo" in str(text)]


def test_photos_are_asked_for_on_the_phone_and_hold_back_closing_but_not_finishing(
    db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone, asked: None, as_person: SignIn
) -> None:
    line = order.lines[0].id
    take_photo(db, visit, cast.su, line=line)
    db.commit()
    assert "0 of 2 photos" in phone.open("") and "IMEI label" not in phone.open(f"/photos?kind=plate&line={line}"), (
        "nothing fitted"
    )
    sent = f"/photos?kind=plate&line={line}"
    phone.press(sent, photo=jpeg())
    assert "Go on: Wiring" in phone.open(sent)
    do(db, visit, "test.run", cast.su, line=line, results=PASSED)
    sign(db, visit, cast.su)
    do(db, visit, "visit.finish", cast.su)
    db.commit()
    done = fresh(db).get_one(Order, order.id)
    [sentence] = missing(db, done)
    assert sentence.startswith("苏杰: the photo “Wiring” of ")
    points.configure({"repair": ("plate", "imei", "wiring", "place")})
    waive_photo(db, order.id, line, reason="已装饰板，不便拆", by=cast.wang, at=AT)
    assert missing(db, done) == [] and waivers_of(db, order.id)[line].kinds == {"wiring", "place"}
    db.commit()
    page = as_person(cast.wang).get(f"/orders/{order.number}/on-site").text
    assert "No photo: Where the terminal sits, No photo: Wiring" in page and "Do without it" not in page


def test_what_shows_a_number_is_asked_for_where_such_a_unit_was_fitted(
    db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone, asked: None
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    assert box.terminal is not None
    for kind in ("plate", "imei", "wiring"):
        take_photo(db, visit, cast.su, kind=kind, line=order.lines[0].id)
    do(db, visit, "line.swap", cast.su, line=order.lines[0].id, terminal=box.terminal.serial)
    db.commit()
    assert "1 of 3 photos" in phone.open(""), "label and wiring were of what is there no more"
    take_photo(db, visit, cast.su, kind="imei", line=order.lines[0].id)
    db.commit()
    assert "2 of 3 photos" in phone.open("")


def test_what_is_asked_for_is_decided_by_work_and_from_a_moment_on(
    db: Session, cast: Cast, order: Order, visit: Visit, phone: Phone, asked: None, as_person: SignIn
) -> None:
    wang, line = as_person(cast.wang), order.lines[0].id
    take_photo(db, visit, cast.su, line=line)
    db.commit()
    needs = {work: dict.fromkeys(items_of(work), "must") | dict.fromkeys(PHOTO_ITEMS, "not") for work in WORKS}
    needs["repair"] |= {"photo_place": "must", "photo_wiring": "may"}
    decide_points(db, needs, seen=0, by=cast.wang, at=AT - timedelta(hours=1))
    db.commit()
    needs[REMOVAL]["photo_plate"] = "must"
    cells = {f"{work}-{item}": need for work, asked_for in needs.items() for item, need in asked_for.items()}
    seen = max(one.id for one in point_lists(db))
    assert 'name="removal-fix"' not in wang.get("/test-points").text, "what is taken out is not tested"
    assert wang.post("/test-points", data=cells | {"seen": str(seen)}).status_code == 303
    page = phone.open(f"/photos?kind=place&line={line}")
    assert "0 of 2 photos" in phone.open("") and "May take" in page and "Plate" not in page
    do(db, visit, "test.run", cast.su, line=line, results=PASSED)
    sign(db, visit, cast.su)
    do(db, visit, "visit.finish", cast.su)
    db.commit()
    done = fresh(db).get_one(Order, order.id)
    [sentence] = missing(db, done)
    assert "Where the terminal sits" in sentence, "what is optional is not missed"
    seen = max(one.id for one in point_lists(db))
    later = {work: dict.fromkeys(items_of(work), "must") for work in WORKS}
    decide_points(db, later, seen=seen, by=cast.wang, at=AT + timedelta(days=1))
    assert missing(db, done) == [sentence], "nor what came to be asked for later"
    assert in_force(point_lists(db), REMOVAL).photos == PHOTOS_TO_ASK


def test_the_setting_names_known_photos() -> None:
    given = config.load({"REQUIRED_PHOTOS": "installation:plate+imei, repair:wiring"}).required_photos
    assert [str(one) for one in given] == ["installation:plate+imei", "repair:wiring"] and PHOTOS == PHOTOS_TO_ASK
    by_work = delivered_with({"installation": ("plate", "imei"), "repair": ("wiring",)})
    assert [by_work[one].photos for one in ("installation", "sim", REMOVAL)] == [("plate", "imei"), ("wiring",), ("wiring",)]
    silent = [Then(("online",))]
    assert in_force(silent, "sim", delivered=by_work).photos == ("wiring",), "a decision from before photos could be decided"
    assert set(PHOTO_ORDER) == set(PHOTO_KINDS), "each has its place on the sheet"
    for wrong in ("installation", "sale:plate", "repair:cat", "repair:plate,repair:imei"):
        with pytest.raises(SettingError):
            config.load({"REQUIRED_PHOTOS": wrong})


def test_the_manager_asks_for_a_firmware(db: Session, cast: Cast, as_person: SignIn) -> None:
    carrying(db, cast, cast.su)
    db.commit()
    wang, lin = as_person(cast.wang), as_person(cast.lin)
    given = {"model": "BD-808A", "firmware": " V2.1 ", "seen": "0"}
    assert lin.post("/stock/models", data=given).status_code == 404
    assert wang.post("/stock/models", data={**given, "firmware": "neu"}).status_code == 422
    assert wang.post("/stock/models", data={**given, "model": "X"}).status_code == 404
    for _ in range(2):
        assert wang.post("/stock/models", data=given).status_code == 303, "pressed twice it is asked for once"
    assert wang.post("/stock/models", data={**given, "firmware": "V3"}).status_code == 409, "somebody was faster"
    assert [row.least_firmware for row in db.scalars(sa.select(ModelRequirement))] == ["V2.1"]
    assert "V2.1" in wang.get("/stock/models").text and "Change" not in lin.get("/stock/models").text
