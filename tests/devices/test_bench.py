"""Returns for repair: what comes out of a vehicle is owed, is received at the bench, and ends with an outcome (P6, P12, P16)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices import benching
from dispatch.devices.bench_asking import papers_of
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_places import bench_place
from dispatch.devices.bench_rules import CLOSED, PLACES_OF, STATUSES, STEPS
from dispatch.devices.bench_steps import Seen
from dispatch.devices.bench_undoing import undo_step
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.handing_over import accept
from dispatch.devices.models import CustodyPosition, Holder
from dispatch.devices.operations import move_units
from dispatch.devices.setting_aside import Faulty, set_aside
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import AT, Cast
from tests.devices.benches import ACTS, WAYS, case_in, handed_in, seen, whole
from tests.devices.building import carried, sentence, store, where

# --- the table


def stands(case: UnitReturn) -> dict[str, Any]:
    """What a return says of its unit, but for how often and when it changed."""
    counted = ("step", "last_key", "changed_at")
    return {column.key: getattr(case, column.key) for column in UnitReturn.__table__.c if column.key not in counted}


@pytest.mark.parametrize(("action", "status"), sorted((action, status) for action in ACTS for status in STEPS[action].sources))
def test_what_the_table_allows_is_done(db: Session, cast: Cast, status: str, action: str) -> None:
    case = case_in(db, cast, status)
    before = (where(db, case.unit).id, stands(case))
    ACTS[action](db, case, cast)
    assert case.status == STEPS[action].target and (case.ended_at is not None) == (case.status in CLOSED)
    kinds = PLACES_OF.get(case.status, ("store",))
    assert where(db, case.unit).kind in kinds
    told = history(db, ("return", case.id))[0]
    assert (told.action, told.at) == (f"return.{action}", AT)
    undo_step(db, seen(case), reason="按错了", by=cast.wang, at=AT)
    assert (case.status, where(db, case.unit).id, stands(case)) == (status, *before), "a mistake is taken back"
    assert history(db, ("return", case.id))[0].detail["action"] == action
    whole(db)


@pytest.mark.parametrize("status", sorted(WAYS))
def test_what_the_table_does_not_allow_is_refused(db: Session, cast: Cast, status: str) -> None:
    case = case_in(db, cast, status)
    for action in sorted(action for action in ACTS if status not in STEPS[action].sources):
        with pytest.raises(Conflict, match="Please look again"):
            ACTS[action](db, case, cast)
    assert case.status == status
    whole(db)


def test_every_status_is_reached() -> None:
    assert {*WAYS, "void"} == set(STATUSES)
    assert {step.action for step in STEPS.values() if step.permission} == set(ACTS)


def test_no_fault_takes_a_fault_back(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "diagnosed")
    ACTS["no_fault"](db, case, cast)
    assert (case.status, case.fault) == ("no_fault_found", None)


def test_back_to_the_customer(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "diagnosed")
    benching.repair(db, seen(case), back=Back(None), remark="", by=cast.lin, at=AT)
    place = where(db, case.unit)
    assert (place.kind, place.name) == ("customer", case.vehicle.customer.name)
    whole(db)


def test_what_the_supplier_sends_instead_is_on_record_in_the_store(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "replaced")
    assert case.replacement is not None and case.replacement.terminal is not None
    assert where(db, case.replacement).kind == "store" and where(db, case.unit).kind == "supplier"
    assert case.unit.terminal is not None and case.replacement.terminal.model == case.unit.terminal.model
    whole(db)


def test_a_sim_is_replaced_by_its_iccid(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "at_supplier", kind="sim")
    given: dict[str, Any] = {"store_id": store(db, cast).id, "by": cast.lin, "at": AT}
    with pytest.raises(Invalid) as refused:
        benching.replace(db, seen(case), number="12345", **given)
    assert "19 or 20 characters" in str(refused.value.fields["number"])
    benching.replace(db, seen(case), number="8986 0624 2912 3456 7890", **given)
    assert case.replacement is not None and case.replacement.sim is not None


@pytest.mark.parametrize(
    ("status", "act", "facts", "field"),
    [
        ("received", "diagnose", {"fault": "", "remark": ""}, "fault"),
        ("received", "diagnose", {"fault": "ghost", "remark": ""}, "fault"),
        ("received", "find_no_fault", {"back": Back(0), "remark": ""}, "back"),
        ("diagnosed", "send", {"supplier": " ", "rma": "R1", "tracking": ""}, "supplier"),
        ("diagnosed", "send", {"supplier": "博实结", "rma": "", "tracking": ""}, "rma_number"),
        ("diagnosed", "propose_scrap", {"reason": " "}, "reason"),
        ("scrap_proposed", "keep", {"reason": ""}, "reason"),
        ("at_supplier", "replace", {"number": "中", "store_id": "store"}, "number"),
        ("at_supplier", "replace", {"number": "N12345", "store_id": None}, "store"),
    ],
)
def test_what_is_missing_is_asked_for(db: Session, cast: Cast, status: str, act: str, facts: dict[str, Any], field: str) -> None:
    case = case_in(db, cast, status)
    given = {name: store(db, cast).id if value == "store" else value for name, value in facts.items()}
    with pytest.raises(Invalid) as refused:
        getattr(benching, act)(db, seen(case), by=cast.lin, at=AT, **given)
    assert list(refused.value.fields) == [field]


# --- who may


def test_two_people_decide_that_a_unit_is_given_up(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "diagnosed")
    benching.propose_scrap(db, seen(case), reason="烧毁", by=cast.wang, at=AT)
    assert "proposed this yourself" in sentence(benching.scrap, db, seen(case), by=cast.wang, at=AT)
    with pytest.raises(NotAllowed):
        benching.scrap(db, seen(case), by=cast.lin, at=AT)
    benching.scrap(db, seen(case), by=cast.chen, at=AT)
    assert (case.scrap_by_name, case.approved_by_name) == (cast.wang.name, cast.chen.name)


def test_technicians_and_other_branches_have_no_business_at_the_bench(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "owed")
    with pytest.raises(NotAllowed):
        benching.receive(db, seen(case), by=cast.su, at=AT)
    with pytest.raises(NotFound):
        benching.receive(db, seen(case), by=cast.he, at=AT)


def test_a_stale_page_gets_a_sentence_and_a_form_that_comes_twice_counts_once(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "owed")
    page = seen(case)
    benching.receive(db, page, by=cast.lin, at=AT)
    benching.receive(db, page, by=cast.lin, at=AT)
    handed_in(db, case)
    assert case.step == 2
    told = sentence(benching.receive, db, seen(case), by=cast.lin, at=AT, refusal=Conflict)
    assert told == "This return went on meanwhile: On the bench. Please look again."
    ACTS["diagnose"](db, case, cast)
    late = Seen(case.id, 2, uuid.uuid4())
    assert "went on meanwhile" in sentence(
        benching.diagnose, db, late, fault="board", remark="", by=cast.lin, at=AT, refusal=Conflict
    )


# --- out of a bag


def test_out_of_a_bag_nothing_comes_without_its_owners_yes(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "owed")
    benching.receive(db, seen(case), by=cast.lin, at=AT)
    asked = papers_of(db, [case.unit_id])[case.unit_id]
    assert (case.status, where(db, case.unit).person_id, asked.kind) == ("owed", cast.su.id, "bench")
    with pytest.raises(NotFound):
        accept(db, asked.id, by=cast.wei, at=AT)
    accept(db, asked.id, by=cast.su, at=AT)
    assert (case.status, case.received_by_name, where(db, case.unit).kind) == ("received", cast.lin.name, "bench")
    with pytest.raises(NotAllowed):
        undo_step(db, seen(case), reason="按错了", by=cast.lin, at=AT)
    whole(db)


def test_the_bench_waits_no_more_for_what_was_no_debt(db: Session, cast: Cast) -> None:
    (unit,) = carried(db, cast, cast.su, cards=1)
    case = set_aside(db, unit.id, Faulty("found_dead", "", uuid.uuid4()), by=cast.su, at=AT)
    benching.receive(db, seen(case), by=cast.lin, at=AT)
    asked = papers_of(db, [unit.id])[unit.id].id
    undo_step(db, seen(case), reason="卡是好的", by=cast.lin, at=AT)
    assert "does not wait for this unit any more" in sentence(accept, db, asked, by=cast.su, at=AT)


@pytest.mark.parametrize("reason", ["bench", "correct"])
def test_the_database_lets_nothing_out_of_a_bag_to_the_bench_on_one_word(db: Session, cast: Cast, reason: str) -> None:
    case = case_in(db, cast, "owed")
    with pytest.raises(IntegrityError, match="goes over without a paper"):
        move_units(db, [case.unit_id], to=bench_place(db, case, "bench"), reason=reason, by=cast.lin, at=AT)


def test_a_check_names_what_came_to_the_bench_without_a_paper(db: Session, cast: Cast) -> None:
    case_in(db, cast, "received")
    case = case_in(db, cast, "received")
    db.execute(sa.text("UPDATE hand_over_unit SET entry_id = NULL WHERE unit_id = :id"), {"id": case.unit_id})
    assert "of its custody is on nobody's paper" in " ".join(str(each) for each in broken_custody(db))


# --- the database's own word


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("owed", "status = 'received'"),
        ("owed", "status = 'void'"),
        ("owed", "due_at = opened_at - interval '1 day'"),
        ("received", "status = 'diagnosed'"),
        ("received", "fault = 'ghost'"),
        ("diagnosed", "status = 'at_supplier'"),
        ("diagnosed", "status = 'scrap_proposed'"),
        ("at_supplier", "status = 'replaced', ended_at = now()"),
        ("at_supplier", "rma_number = NULL"),
        ("scrap_proposed", "status = 'scrapped', ended_at = now()"),
        ("scrap_proposed", "status = 'scrapped', ended_at = now(), approved_by_id = scrap_by_id"),
        ("repaired", "ended_at = NULL"),
        ("repaired", "status = 'no_fault_found'"),
        ("owed", "status = 'lost'"),
    ],
)
def test_the_database_refuses_a_half_step(db: Session, cast: Cast, status: str, change: str) -> None:
    case = case_in(db, cast, status)
    with pytest.raises(IntegrityError, match="unit_return"):
        db.execute(sa.text(f"UPDATE unit_return SET {change} WHERE id = :id"), {"id": case.id})


def test_a_unit_has_one_open_return(db: Session, cast: Cast) -> None:
    first, second = case_in(db, cast, "owed"), case_in(db, cast, "received")
    with pytest.raises(IntegrityError, match="uq_unit_return_open"):
        db.execute(sa.update(UnitReturn).where(UnitReturn.id == second.id).values(unit_id=first.unit_id))


@pytest.mark.parametrize("status", sorted(PLACES_OF))
def test_a_check_names_a_return_whose_unit_is_elsewhere(db: Session, cast: Cast, status: str) -> None:
    case = case_in(db, cast, status)
    lost = Holder(kind="lost", branch_id=cast.sz, name="lost")
    db.add(lost)
    db.flush()
    place = db.get_one(CustodyPosition, case.unit_id)
    place.holder_id, place.holder_kind = lost.id, "lost"
    db.flush()
    told = [str(each) for each in broken_custody(db)]
    assert any(each.startswith(f"Return {case.id} of T") and "the unit is elsewhere: lost" in each for each in told)


def test_a_check_names_a_unit_on_the_bench_without_a_return(db: Session, cast: Cast) -> None:
    case = case_in(db, cast, "received")
    db.execute(sa.text("UPDATE unit_return SET status = 'no_fault_found', ended_at = now() WHERE id = :id"), {"id": case.id})
    assert "is on the repair bench, but no return says why" in " ".join(str(each) for each in broken_custody(db))
