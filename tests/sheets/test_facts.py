"""What a sheet says: the same facts give the same bytes, each sheet tells its part, strangers learn no whole name."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlalchemy.orm import Session

from dispatch.audit.rules import canonical
from dispatch.customers.masking import mask_customer, mask_plate, mask_vehicle
from dispatch.devices.fitting import undo
from dispatch.sheets.drawing import seal_svg, signature_svg
from dispatch.sheets.facts import record_of, sheet_facts
from dispatch.sheets.printing import MOST_PHOTOS, printed_photos
from dispatch.sheets.queries import wanted_sheets
from dispatch.sheets.rules import file_name, missing_warning, print_missing, vehicle_name
from tests.conftest import AT, Cast
from tests.counting import queries
from tests.sheets.building import facts, photo_facts
from tests.sheets.house import finish_leaving, installed, repaired, swapped

pytestmark = pytest.mark.usefixtures("house")


def test_a_repair_names_old_and_new_numbers_the_test_run_and_who_signed(db: Session, cast: Cast) -> None:
    order = repaired(db, cast)
    told = sheet_facts(record_of(db, order.id), None)
    [line] = told["lines"]
    assert told["kind"] == "repair"
    assert [(f["kind"], f["unit_kind"]) for f in line["fittings"]] == [("swap", "terminal"), ("swap", "sim")]
    assert all(f["old"] and f["new"] and f["old"] != f["new"] for f in line["fittings"])
    assert {test["result"] for test in line["tests"]} == {"passed"}
    assert len(line["tests"]) == 9
    assert [(s["signer"], s["refused"], len(s["summary_hash"])) for s in told["signatures"]] == [("张超敏", False, 64)]
    assert told["visits"][0]["technician"] == "苏杰"
    assert told["visits"][0]["arrived_at"].endswith("+08:00")
    assert len(told["photos"]) == 1


def test_the_same_facts_are_the_same_bytes(db: Session, cast: Cast) -> None:
    order = repaired(db, cast)
    first = canonical(sheet_facts(record_of(db, order.id), None))
    db.expire_all()
    assert canonical(sheet_facts(record_of(db, order.id), None)) == first
    assert canonical(json.loads(first)) == first


def test_the_record_of_many_vehicles_takes_no_more_statements(db: Session, cast: Cast) -> None:
    few, visit = installed(db, cast, lines=2, left=0)
    finish_leaving(db, visit, cast.su)
    many, _ = installed(db, cast, lines=6, left=0, start="13:30")
    counts = []
    for order in (few, many):
        db.flush()
        db.expunge_all()
        with queries() as seen:
            record_of(db, order.id)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 15


def test_an_installation_has_a_summary_and_a_sheet_for_each_vehicle_worked_on(db: Session, cast: Cast) -> None:
    order, visit = installed(db, cast, lines=3, left=1)
    first, second, third = order.lines
    assert [w.line_id for w in wanted_sheets(db, order)] == [None]  # he is still working on them
    finish_leaving(db, visit, cast.su, third.id)
    assert [(w.kind, w.line_id) for w in wanted_sheets(db, order)] == [
        ("installation", None),
        ("vehicle", first.id),
        ("vehicle", second.id),
    ]
    record = record_of(db, order.id)
    own = sheet_facts(record, second)
    assert [line["position"] for line in own["lines"]] == [2]
    assert own["due"] is None
    assert len(sheet_facts(record, None)["lines"]) == 3


def test_what_was_undone_is_not_on_the_sheet(db: Session, cast: Cast) -> None:
    order, _ = swapped(db, cast)
    wrong = record_of(db, order.id).fittings[-1]
    undo(db, wrong.id, order_id=order.id, reason="号码抄错", by=cast.su, at=AT)
    db.expire_all()
    assert [f["unit_kind"] for f in sheet_facts(record_of(db, order.id), None)["lines"][0]["fittings"]] == ["terminal"]


def test_names_hold_branch_order_vehicle_day_and_version() -> None:
    told = {"branch": "SZ", "number": "WX-20261202-0001", "day": date(2026, 12, 2), "version": 1}
    assert file_name(vehicle="粤BQ5T88", **told) == "SZ_WX-20261202-0001_粤BQ5T88_20261202_v1.pdf"
    assert file_name(vehicle=None, **told) == "SZ_WX-20261202-0001_20261202_v1.pdf"
    assert file_name(vehicle=vehicle_name(None, "LGAG3DV24LA012345"), **told) == "SZ_WX-20261202-0001_VIN012345_20261202_v1.pdf"
    assert "/" not in file_name(vehicle="../x", **told)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("恒通物流有限公司", "恒通**公司"),
        ("深圳市前海国际供应链股份有限公司", "前海**公司"),
        ("张超敏", "张**"),
        ("DHL Shenzhen", "DH***"),
    ],
)
def test_strangers_learn_no_whole_name(name: str, masked: str) -> None:
    assert mask_customer(name) == masked


def test_strangers_learn_no_whole_plate() -> None:
    assert mask_plate("粤BQ5T88") == "粤B·Q5**8"
    assert mask_plate("粤BD12345") == "粤B·D12**5"
    assert mask_vehicle(None, "LGAG3DV24LA012345") == "VIN ***2345"


def test_signs_that_the_font_lacks_are_printed_by_their_code() -> None:
    printed = print_missing({"name": "𠮷祥", "all": ["𠮷", 3, None]}, "𠮷")
    assert printed == {"name": "〓(U+20BB7)祥", "all": ["〓(U+20BB7)", 3, None]}
    assert "𠮷 (U+20BB7)" in str(missing_warning("𠮷"))


def test_at_most_six_photos_are_printed_and_every_kind_has_one() -> None:
    kinds = ["work"] * 8 + ["condition", "unit", "paper", "refusal"]
    given = facts(photos=[photo_facts(bytes([n]), kind, f"10:{10 + n}") for n, kind in enumerate(kinds)])
    chosen = printed_photos(given)
    assert len(chosen) == MOST_PHOTOS
    assert {photo["kind"] for photo in chosen} == set(kinds)
    assert [photo["at"] for photo in chosen] == sorted(photo["at"] for photo in chosen)


def test_a_signature_keeps_its_shape_and_stays_inside() -> None:
    drawn = signature_svg([[[0.1, 0.1, 0], [0.5, 0.2, 8], [0.9, 0.1, 16]], [[0.3, 0.3]]], 240, 84)
    assert 'viewBox="0 0 240 84"' in drawn
    assert drawn.count("<path") == 1
    assert drawn.count("<circle") == 1
    assert signature_svg([], 240, 84).count("<path") == 0


def test_a_seal_bears_any_name() -> None:
    for name in ("深圳服务网点", "A<b>&c", "很长很长很长很长很长很长很长很长很长的服务网点"):
        assert seal_svg(name, "服务专用章").startswith("<svg")
    assert "<b>" not in seal_svg("A<b>", "x")
