"""What never worked goes to the bench though no vehicle had it; what was done there by mistake is taken back (P6, P12)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import transaction
from dispatch.devices import benching
from dispatch.devices.bench_models import ReturnStep, UnitReturn
from dispatch.devices.bench_rules import faults_of, reasons_of
from dispatch.devices.bench_undoing import undo_step
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import offer
from dispatch.devices.models import CustodyEntry, TakenBack, Unit
from dispatch.devices.operations import move_units
from dispatch.devices.places import place_of
from dispatch.devices.setting_aside import Faulty, set_aside
from dispatch.devices.taking_back import take_back
from dispatch.devices.tooling import NewTool, receive_tool
from dispatch.devices.usable import parts_in_stores
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import AT, Cast, SignIn
from tests.devices.benches import ACTS, case_in, seen, whole
from tests.devices.building import carried, carry, sentence, store, terminals, where


def tool(db: Session, cast: Cast) -> Unit:
    new = NewTool(f"WYB-{uuid.uuid4().hex[:6].upper()}", "万用表")
    return db.get_one(Unit, receive_tool(db, new, store=store(db, cast), by=cast.lin, at=AT))


def aside(db: Session, cast: Cast, unit: Unit, why: str = "found_dead", words: str = "", **more: Any) -> UnitReturn:
    given: dict[str, Any] = {"by": cast.lin, "at": AT} | more
    return set_aside(db, unit.id, Faulty(why, words, uuid.uuid4()), **given)


def test_each_kind_has_its_reasons_and_faults() -> None:
    assert "found_no_fix" in reasons_of("terminal") and "found_no_fix" not in reasons_of("tool")
    assert "inexact" in faults_of("tool") and "gnss" not in faults_of("tool") and "inexact" not in faults_of("sim")


def test_dead_on_arrival_it_is_stock_no_more_and_comes_back_repaired(db: Session, cast: Cast) -> None:
    unit, place = terminals(db, cast, 1)[0], store(db, cast)
    case = aside(db, cast, unit)
    assert (case.status, case.from_holder_id, case.due_at > AT) == ("owed", place.id, True)
    assert parts_in_stores(db, [place.id]) == {}, "nobody counts on it"
    for action in ("receive", "diagnose", "send", "take_back"):
        ACTS[action](db, case, cast)
    with pytest.raises(Invalid):
        benching.repair(db, seen(case), back=Back(None), remark="", by=cast.lin, at=AT)
    ACTS["repair"](db, case, cast)
    assert where(db, unit).kind == "store" and parts_in_stores(db, [place.id])[place.id]["terminal"] == 1
    whole(db)


def test_a_technician_owes_what_does_not_work_in_his_bag(db: Session, cast: Cast) -> None:
    (unit,) = carried(db, cast, cast.su, cards=1)
    with pytest.raises(NotFound):
        aside(db, cast, unit, by=cast.wei)
    case = aside(db, cast, unit, "found_offline", by=cast.su)
    assert "already" in sentence(aside, db, cast, unit, by=cast.su, refusal=Conflict)
    ACTS["receive"](db, case, cast)
    undo_step(db, seen(case), reason="卡还在包里", by=cast.wang, at=AT)
    assert (case.status, where(db, unit).person_id) == ("owed", cast.su.id)
    undo_step(db, seen(case), reason="点错了，卡是好的", by=cast.lin, at=AT)
    assert (case.status, case.ended_at) == ("void", AT)
    assert "went on meanwhile" in sentence(undo_step, db, seen(case), reason="再来", by=cast.lin, at=AT, refusal=Conflict)
    whole(db)


def test_a_tool_is_repaired_replaced_or_scrapped_by_two(db: Session, cast: Cast) -> None:
    unit = tool(db, cast)
    case = aside(db, cast, unit, "found_inexact")
    ACTS["receive"](db, case, cast)
    with pytest.raises(Invalid):
        benching.diagnose(db, seen(case), fault="gnss", remark="", by=cast.lin, at=AT)
    for action in ("diagnose", "send", "replace"):
        ACTS[action](db, case, cast)
    assert case.replacement is not None and case.replacement.tool is not None and case.replacement.tool.name == "万用表"
    undo_step(db, seen(case), reason="只是修好了", by=cast.lin, at=AT)
    for action in ("take_back", "propose_scrap"):
        ACTS[action](db, case, cast)
    with pytest.raises(NotAllowed):
        benching.scrap(db, seen(case), by=cast.lin, at=AT)
    ACTS["scrap"](db, case, cast)
    assert where(db, unit).kind == "scrapped"
    whole(db)


def test_what_two_decided_a_manager_takes_back(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "scrapped")
    with pytest.raises(NotAllowed):
        undo_step(db, seen(case), reason="不该报废", by=cast.lin, at=AT)
    with pytest.raises(Invalid):
        undo_step(db, seen(case), reason=" ", by=cast.wang, at=AT)
    page = seen(case)
    undo_step(db, page, reason="不该报废", by=cast.wang, at=AT)
    undo_step(db, page, reason="不该报废", by=cast.wang, at=AT)
    wrong, mend = db.scalars(sa.select(ReturnStep).where(ReturnStep.action == "scrap").order_by(ReturnStep.id)).all()
    assert (mend.corrects_id, mend.reason, case.status, case.approved_by_id) == (wrong.id, "不该报废", "scrap_proposed", None)
    taken = db.scalars(sa.select(TakenBack).where(TakenBack.wrong_id == wrong.entry_id)).one()
    assert (taken.entry_id, taken.reason) == (mend.entry_id, "不该报废")
    whole(db)
    db.execute(sa.text("ALTER TABLE return_step DISABLE TRIGGER append_only"))
    db.execute(sa.update(ReturnStep).where(ReturnStep.id == mend.id).values(action="keep"))
    assert "does not agree with what it names" in " ".join(str(each) for each in broken_custody(db))


def test_steps_are_kept_as_they_were_done(db: Session, cast: Cast) -> None:
    aside(db, cast, terminals(db, cast, 1)[0])
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        db.execute(sa.update(ReturnStep).values(reason="x"))


def test_what_has_moved_on_is_not_taken_back(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "repaired")
    bag = carried(db, cast, cast.su, boxes=1)[0].position
    assert bag is not None
    carry(db, cast, [case.unit_id], bag.holder)
    assert "moved on" in sentence(undo_step, db, seen(case), reason="错", by=cast.lin, at=AT)
    aside(db, cast, case.unit)
    assert "moved on" in sentence(undo_step, db, seen(case), reason="错", by=cast.lin, at=AT)


def test_only_what_lies_free_in_a_store_or_bag_is_set_aside(db: Session, cast: Cast) -> None:
    (unit,) = carried(db, cast, cast.su, boxes=1)
    with pytest.raises(Invalid) as refused:
        aside(db, cast, unit, "found_other")
    assert list(refused.value.fields) == ["words"]
    offer(db, [unit.id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
    assert "has offered" in sentence(aside, db, cast, unit)
    lost = place_of(db, kind="lost", branch_id=cast.sz)
    move_units(db, [unit.id], to=lost, reason="lose", by=cast.wang, at=AT)
    assert "store or bag" in sentence(aside, db, cast, unit)


def test_a_lost_unit_that_is_found_names_the_loss(db: Session, cast: Cast) -> None:
    unit, place = terminals(db, cast, 1)[0], store(db, cast)
    lost = place_of(db, kind="lost", branch_id=cast.sz)
    [loss] = move_units(db, [unit.id], to=lost, reason="lose", by=cast.wang, at=AT)
    with pytest.raises(NotAllowed):
        take_back(db, unit.id, loss, reason="货架后", store_id=place.id, by=cast.lin, at=AT)
    with pytest.raises(Invalid):
        take_back(db, unit.id, loss, reason="货架后", by=cast.wang, at=AT)
    entry: CustodyEntry = take_back(db, unit.id, loss, reason="货架后", store_id=place.id, by=cast.wang, at=AT)
    assert (entry.corrects_id, where(db, unit).id) == (loss, place.id)
    whole(db)


def test_the_pages_of_what_does_not_work(database: str, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        unit = tool(db, cast)
        unit_id, number = unit.id, unit.number
        boxes = carried(db, cast, cast.su, boxes=1)[0].id
    lin, su = as_person(cast.lin), as_person(cast.su)
    assert "Does it not work?" in lin.get(f"/units/{unit_id}").text
    said = {"why": "", "words": "读数差两伏", "key": str(uuid.uuid4())}
    half = lin.post(f"/units/{unit_id}/set-aside", data=said)
    assert half.status_code == 422 and "Choose what is wrong with it." in half.text and "读数差两伏" in half.text
    assert lin.post(f"/units/{unit_id}/set-aside", data=said | {"why": "found_inexact"}).location == "/bench"
    assert lin.post(f"/units/{unit_id}/set-aside", data=said | {"why": "found_inexact"}).status_code == 302, "pressed twice"
    assert number in lin.get("/bench").text and "Measures wrongly" in lin.get("/bench").text
    with transaction() as db:
        case = db.scalars(sa.select(UnitReturn)).one()
        return_id, form = case.id, {"step": case.step, "key": str(uuid.uuid4()), "reason": "是好的"}
    page = lin.get(f"/bench/{return_id}").text
    assert "Was the last step a mistake?" in page and "Set aside because it does not work" in page
    assert lin.post(f"/bench/{return_id}/undo", data=form).status_code == 302
    assert "Taken back: Set aside for the bench" in lin.get(f"/bench/{return_id}").text
    assert "Faulty?" in su.get("/my-bag").text and "Does it not work?" in su.get(f"/units/{boxes}").text
    assert su.post(f"/units/{boxes}/set-aside", data=said | {"why": "found_dead"}).location == "/my-bag"
    assert "faulty: bring it back" in su.get("/my-bag").text
