"""Returns for repair: what comes out of a vehicle is owed, is received at the bench, and ends with an outcome (P6, P12, P16)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.db import transaction
from dispatch.devices import bench_following, benching
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import CLOSED, PLACES_OF, STATUSES, STEPS
from dispatch.devices.benching import Back
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitting import install, remove, undo
from dispatch.devices.handing_over import accept, offer
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import CustodyPosition, Fitting, Holder, Unit
from dispatch.devices.operations import move_units, store_named
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.devices.benches import ACTS, WAYS, case_in, return_of, seen, swapped
from tests.devices.building import bag_of, carried, fitted_by, ledger_faults, sentence, store, terminals, where, work
from tests.racing import at_once


def opened(db: Session) -> list[UnitReturn]:
    return list(db.scalars(sa.select(UnitReturn).order_by(UnitReturn.id).execution_options(populate_existing=True)))


def whole(db: Session) -> None:
    assert ledger_faults(db) == [] and list(broken_custody(db)) == [] and list(broken_chains(db)) == []


# --- how a return begins, and ends without the bench


@pytest.mark.parametrize("kind", ["terminal", "sim"])
def test_what_is_swapped_out_is_owed_from_that_moment(db: Session, cast: Cast, kind: str) -> None:
    order = repair_order(db, cast)
    case = return_of(db, swapped(db, cast, kind=kind, order=order))
    assert (case.status, case.order_id, case.unit.kind, case.branch_id) == ("owed", order.id, kind, cast.sz)
    assert case.plate == order.lines[0].vehicle.plate and case.symptom == order.symptom
    assert (case.opened_at, case.due_at, case.opened_by_name) == (AT, AT + timedelta(days=3), "苏杰")
    assert where(db, case.unit).person_id == cast.su.id
    whole(db)


def test_what_is_taken_out_for_nothing_is_owed_too_and_the_days_are_the_companys(
    db: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_following, "_days", 7)
    order = repair_order(db, cast)
    box, _ = fitted_by(db, cast, cast.su, order)
    case = return_of(db, remove(db, work(order), box.id, by=cast.su, at=AT))
    assert case.due_at - case.opened_at == timedelta(days=7)


def test_what_is_put_in_is_nobodys_debt(db: Session, cast: Cast) -> None:
    fitted_by(db, cast, cast.su, repair_order(db, cast))
    assert opened(db) == []


def test_an_undone_swap_ends_the_return(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    undo(db, fitting.id, reason="看错了", by=cast.su, at=AT)
    (case,) = opened(db)
    assert (case.status, case.ended_at) == ("void", AT)
    assert [entry.action for entry in history(db, ("return", case.id))] == ["return.void", "return.open"]
    whole(db)


def test_what_is_fitted_again_is_not_owed_and_is_again_when_that_was_wrong(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    assert fitting.old_unit_id is not None
    again = install(db, work(repair_order(db, cast)), fitting.old_unit_id, by=cast.su, at=AT)
    assert return_of(db, fitting).status == "void"
    undo(db, again.id, reason="装错车", by=cast.su, at=AT)
    case = return_of(db, fitting)
    assert (case.status, case.ended_at, case.ended_entry_id) == ("owed", None, None)
    assert len(opened(db)) == 1, "it is the first debt that stands again"
    whole(db)


def test_the_debt_goes_with_the_unit(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    assert fitting.old_unit_id is not None
    made = offer(db, [fitting.old_unit_id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT)
    accept(db, made.id, by=cast.wei, at=AT)
    case = return_of(db, fitting)
    assert case.status == "owed" and where(db, case.unit).person_id == cast.wei.id
    ACTS["receive"](db, case, cast)
    assert where(db, case.unit).kind == "bench"
    whole(db)


def test_in_a_store_it_still_waits_for_the_bench_and_is_not_issued_by_count(db: Session, cast: Cast) -> None:
    fitting, place = swapped(db, cast), store(db, cast)
    assert fitting.old_unit_id is not None
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    hand_over(db, [fitting.old_unit_id], source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT)
    assert return_of(db, fitting).status == "owed"
    (good,) = terminals(db, cast)
    drawn = {"store": place, "person_id": cast.wei.id or 0, "by": cast.lin, "at": AT}
    with pytest.raises(Invalid):
        issue(db, wanted=Wanted(terminals={"BD-808A": 2}), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    issue(db, wanted=Wanted(terminals={"BD-808A": 1}), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    assert where(db, good).person_id == cast.wei.id
    whole(db)
    old = db.get_one(Unit, fitting.old_unit_id).terminal
    assert old is not None
    issue(db, wanted=Wanted((old.serial,)), key=uuid.uuid4(), **drawn)  # type: ignore[arg-type]
    assert return_of(db, fitting).status == "void", "whoever names it takes it for a good one"
    whole(db)


@pytest.mark.parametrize(
    ("kind", "status"), [("lost", "void"), ("customer", "void"), ("transit", "owed"), ("contractor", "owed")]
)
def test_elsewhere_it_is_owed_as_long_as_it_can_still_come(db: Session, cast: Cast, kind: str, status: str) -> None:
    fitting = swapped(db, cast)
    place = Holder(kind=kind, branch_id=cast.sz, name=kind)
    db.add(place)
    db.flush()
    (entry,) = move_units(db, [fitting.old_unit_id or 0], to=place, reason="correct", by=cast.lin, at=AT)
    assert return_of(db, fitting).status == status
    whole(db)
    bag = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz)
    facts = {"reason": "correct", "by": cast.lin, "at": AT, "corrects_id": entry}
    move_units(db, [fitting.old_unit_id or 0], to=bag, **facts)  # type: ignore[arg-type]
    assert return_of(db, fitting).status == "owed", "found again, it is owed again"
    whole(db)


def test_the_branch_that_has_it_receives_it(db: Session, cast: Cast) -> None:
    fitting = swapped(db, cast)
    there = store_named(db, branch_id=cast.gz, name="广州仓")
    move_units(db, [fitting.old_unit_id or 0], to=there, reason="return", by=cast.lin, at=AT)
    case = return_of(db, fitting)
    with pytest.raises(NotFound):
        benching.receive(db, seen(case), by=cast.lin, at=AT)
    benching.receive(db, seen(case), by=cast.he, at=AT)
    assert where(db, case.unit).branch_id == cast.gz
    whole(db)


# --- the table


@pytest.mark.parametrize("status", sorted(WAYS))
@pytest.mark.parametrize("action", sorted(ACTS))
def test_the_table_and_nothing_else_says_what_can_be_done(db: Session, cast: Cast, status: str, action: str) -> None:
    case = case_in(db, cast, status)
    step = STEPS[action]
    if status not in step.sources:
        with pytest.raises(Conflict, match="Please look again"):
            ACTS[action](db, case, cast)
        return
    ACTS[action](db, case, cast)
    assert case.status == step.target and (case.ended_at is not None) == (case.status in CLOSED)
    kinds = PLACES_OF.get(case.status, ("store",))
    assert where(db, case.unit).kind in kinds
    told = history(db, ("return", case.id))[0]
    assert (told.action, told.at) == (f"return.{action}", AT)
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
    assert case.step == 2
    told = sentence(benching.receive, db, seen(case), by=cast.lin, at=AT, refusal=Conflict)
    assert told == "This return went on meanwhile: On the bench. Please look again."
    ACTS["diagnose"](db, case, cast)
    late = benching.Seen(case.id, 2, uuid.uuid4())
    assert "went on meanwhile" in sentence(
        benching.diagnose, db, late, fault="board", remark="", by=cast.lin, at=AT, refusal=Conflict
    )


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


# --- at the same moment


@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("rival", ["receiving", "the same form", "undoing", "handing over", "fitting", "returning"])
def test_received_while_somebody_else_has_plans_for_it(database: str, cast: Cast, rival: str, attempt: int) -> None:
    with transaction() as db:
        fitting = swapped(db, cast)
        case, unit_id, fitting_id = return_of(db, fitting), fitting.old_unit_id or 0, fitting.id
        page, other_page, return_id = seen(case), seen(case), case.id
        offered = offer(db, [unit_id], to_person_id=cast.wei.id, note="", key=uuid.uuid4(), by=cast.su, at=AT).id
        elsewhere = work(repair_order(db, cast))
        bag, place = bag_of(db, person_id=cast.su.id or 0, branch_id=cast.sz), store(db, cast)
    rivals = {
        "receiving": lambda db: benching.receive(db, other_page, by=cast.wang, at=AT),
        "the same form": lambda db: benching.receive(db, page, by=cast.lin, at=AT),
        "undoing": lambda db: undo(db, fitting_id, reason="看错了", by=cast.su, at=AT),
        "handing over": lambda db: accept(db, offered, by=cast.wei, at=AT),
        "fitting": lambda db: install(db, elsewhere, unit_id, by=cast.su, at=AT),
        "returning": lambda db: hand_over(db, [unit_id], source=bag, to=place, key=uuid.uuid4(), by=cast.lin, at=AT),
    }
    mine, other = at_once(lambda db: benching.receive(db, page, by=cast.lin, at=AT), rivals[rival])
    with transaction() as db:
        whole(db)
        now = db.get_one(UnitReturn, return_id)
        assert now.status in ("received", "void", "owed")
        refused = [isinstance(each, Conflict | RuleBroken) for each in (mine, other)]
        if rival == "the same form":
            assert refused == [False, False] and now.step == 2
        elif rival == "receiving":
            assert refused.count(True) == 1 and now.step == 2
        else:
            assert refused[0] == (now.status != "received"), (mine, other)


@pytest.mark.parametrize("attempt", range(3))
def test_a_unit_is_given_up_once(database: str, cast: Cast, attempt: int) -> None:
    with transaction() as db:
        case = case_in(db, cast, "scrap_proposed")
        pages, return_id = (seen(case), seen(case)), case.id
    answers = at_once(
        lambda db: benching.scrap(db, pages[0], by=cast.wang, at=AT), lambda db: benching.scrap(db, pages[1], by=cast.chen, at=AT)
    )
    assert [isinstance(answer, Conflict) for answer in answers].count(True) == 1
    with transaction() as db:
        assert db.get_one(UnitReturn, return_id).approved_by_id in (cast.wang.id, cast.chen.id)
        assert len([e for e in history(db, ("return", return_id)) if e.action == "return.scrap"]) == 1
        whole(db)


def test_a_swap_is_not_undone_once_its_unit_is_at_the_bench(db: Session, cast: Cast) -> None:
    fitting: Fitting = swapped(db, cast)
    ACTS["receive"](db, return_of(db, fitting), cast)
    assert "on the repair bench now" in sentence(undo, db, fitting.id, reason="看错了", by=cast.su, at=AT)


def test_carried_units_that_never_were_in_a_vehicle_are_not_owed(db: Session, cast: Cast) -> None:
    carried(db, cast, cast.su, boxes=1, cards=1)
    assert opened(db) == []
