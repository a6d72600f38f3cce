"""The work itself: a contractor's worker sends the facts that a technician sends, and somebody of ours accepts what he did."""

from __future__ import annotations

import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.board.problem import day_problem
from dispatch.board.work import DayOfBranch
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.checks import broken_custody
from dispatch.devices.contracting import Signed, give
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.devices.models import Fitting, Holder
from dispatch.devices.operations import move_units, slot_of
from dispatch.devices.part_checks import wrong_parts
from dispatch.devices.part_moves import Move, Why, move_parts
from dispatch.devices.part_queries import parts_carried
from dispatch.devices.part_use import parts_used
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Receipt
from dispatch.fees.operations import hand_in
from dispatch.field.acting import act
from dispatch.field.models import FieldFact, Photo, TestResult
from dispatch.field.rules import TEST_ITEMS
from dispatch.files.gateway import configure
from dispatch.orders.facts import missing_papers
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.asking import decide
from dispatch.outside.operations.checking import accept_work, object_to_work, settle
from dispatch.outside.operations.ending import take_back
from dispatch.outside.operations.offering import renew
from dispatch.permissions import OUTSIDE
from dispatch.routing import plan
from dispatch.staff.models import Branch, Person
from dispatch.staff.operations import NewPerson, add_person
from dispatch.staff.queries import actor_of, people, technicians
from dispatch.staff.rules import SYSTEM, Actor
from tests.board.building import TODAY, WAYS, approved_order
from tests.building import ZONE
from tests.conftest import AT, TRAINED, Cast
from tests.devices.building import sims, store, terminals, where
from tests.devices.test_parts import cable, has
from tests.fees.building import price_list
from tests.field.building import SWUNG, carrying, do, fact, fitted_long_ago, sign, take_photo
from tests.orders.said import also
from tests.outside.building import asked, at_work, lent


@pytest.fixture(autouse=True)
def files(tmp_path: Path, db: Session, cast: Cast) -> None:
    """A store of files for this test alone, and the price list."""
    configure(tmp_path, "a secret for tests")
    price_list(db, cast)


def swap(db: Session, visit: Visit, by: Actor, number: str, **more: str) -> FieldFact:
    return do(db, visit, "line.swap", by, line=visit.order.lines[0].id, terminal=number, why="broken", **more)


def test_the_whole_of_it(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    line = order.lines[0]
    old, _ = fitted_long_ago(db, cast, line)
    ours, [theirs, other], [card] = carrying(db, cast, cast.su)[0][0], terminals(db, cast, 2), sims(db, cast, 1)
    offer, visit, by = at_work(db, cast, order)
    lent(db, cast, offer, [theirs, card])
    with pytest.raises(RuleBroken, match="Arrived"):
        swap(db, visit, by, theirs.number)
    do(db, visit, "visit.depart", by, checks={})
    do(db, visit, "visit.arrive", by)
    for not_his in (ours, other):
        with pytest.raises(Invalid) as wrong:
            swap(db, visit, by, not_his.number)
        assert "not in your bag" in str(wrong.value.fields["terminal"])
    swap(db, visit, by, theirs.number)
    assert where(db, theirs).kind == "slot" and where(db, old).id == offer.contractor_id
    assert db.scalars(sa.select(UnitReturn.status)).one() == "owed"
    undone = db.scalars(sa.select(Fitting).where(Fitting.kind == "swap")).one()
    do(db, visit, "line.undo", by, line=line.id, fitting=undone.id, reason="装错车")
    assert where(db, theirs).id == offer.contractor_id and where(db, old).kind == "slot"
    swap(db, visit, by, theirs.number)
    assert list(broken_custody(db)) == []
    with pytest.raises(IntegrityError, match="without a paper"), db.begin_nested():
        move_units(db, [card.id], to=store(db, cast), reason="return", by=cast.lin, at=AT, order_id=order.id)
    do(db, visit, "test.run", by, line=line.id, results={item: {"result": "passed"} for item in TEST_ITEMS})
    take_photo(db, visit, by, line=line.id)
    do(db, visit, "payment.take", by, amount="680.00", channel="cash", payer="张超敏", invoice_number="12345678")
    sign(db, visit, by)
    for kind, said in (("word.record", {}), ("goodwill.ask", {"line": line.id, "reason": "x"})):
        with pytest.raises((NotAllowed, KeyError)):
            act(db, fact(visit, kind, **said), by=by, at=AT)
    do(db, visit, "visit.finish", by)
    assert (visit.status, order.status) == ("finished", "done")
    for table in (Photo, TestResult, Receipt):
        assert set(db.scalars(sa.select(table.by_id))) == {by.id}, table
    closing_waits_for_our_own_word(db, cast, order, offer)


def test_he_uses_only_the_parts_that_his_contractor_was_given(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    part = cable(db, cast)
    offer, visit, by = at_work(db, cast, order)
    facts: dict[str, Any] = {"due_on": TODAY, "signed": Signed("老周", SWUNG), "key": uuid.uuid4()}
    give(db, offer.contractor_id, [], parts={part.id: 3}, store=store(db, cast), **facts, by=cast.lin, at=AT)
    assert [(row.part.code, row.quantity) for row in parts_carried(db, by.id or 0)] == [("P101", 3)]
    for step in ("depart", "arrive"):
        do(db, visit, f"visit.{step}", by)
    line = order.lines[0].id
    do(db, visit, "part.use", by, line=line, code="P101", quantity=2)
    with pytest.raises(RuleBroken, match="there are 1"):
        do(db, visit, "part.use", by, line=line, code="P101", quantity=2)
    [used] = parts_used(db, order.id)
    do(db, visit, "part.put_back", by, line=line, entry=used.id, reason="装错")
    do(db, visit, "part.use", by, line=line, code="P101", quantity=1)
    there = db.get_one(Holder, offer.contractor_id)
    assert has(db, there, part) == 2 and list(wrong_parts(db)) == []
    move = Move(part.id, 1, there, slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz))
    other = approved_order(db, cast)
    with pytest.raises(IntegrityError, match="without a paper"), db.begin_nested():
        why = Why("use", by, AT, order_id=other.id, line_id=other.lines[0].id)
        move_parts(db, [move], why)


def closing_waits_for_our_own_word(db: Session, cast: Cast, order: Order, offer: OutsideOffer) -> None:
    """What is missing, who says that the work is good, and who pays it."""

    def owed() -> list[str]:
        return [text for text in map(str, missing_papers(db, order)) if "深圳快修" in text]

    assert owed() == ["Somebody of ours has still to accept the work of the contractor 深圳快修."]
    with pytest.raises(RuleBroken):
        move_order(db, locked_order(db, order.id), "close", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="His visit has ended"):
        take_back(db, offer.id, reason="太晚", by=cast.lin, at=AT)
    with pytest.raises(NotAllowed):
        accept_work(db, offer.id, amount=Decimal(150), note="", by=cast.lin, at=AT)
    with pytest.raises(NotFound):
        accept_work(db, offer.id, amount=Decimal(150), note="", by=also(db, cast.he, "manager"), at=AT)
    with pytest.raises(RuleBroken, match="Nobody has accepted"):
        settle(db, offer.id, reference="付款1", by=cast.qian, at=AT)
    with pytest.raises(Invalid):
        object_to_work(db, offer.id, reason="", by=cast.wang, at=AT)
    object_to_work(db, offer.id, reason="线束没有固定", by=cast.wang, at=AT)
    assert owed() == ["The work of the contractor 深圳快修 is not accepted yet: 线束没有固定"]
    for amount, note, field in ((None, "", "amount"), (Decimal(151), "", "amount"), (Decimal(120), " ", "note")):
        with pytest.raises(Invalid) as wrong:
            accept_work(db, offer.id, amount=amount, note=note, by=cast.wang, at=AT)
        assert list(wrong.value.fields) == [field]
    with pytest.raises(RuleBroken, match="of the customer's cash"):
        accept_work(db, offer.id, amount=Decimal(150), note="", by=cast.wang, at=AT)
    assert offer.worker is not None
    worker = actor_of_worker(offer.worker, db.get_one(Branch, cast.sz))
    hand_in(db, db.scalars(sa.select(Receipt.id)).all(), by=worker, at=AT)
    both = also(db, cast.wang, "finance")
    accept_work(db, offer.id, amount=Decimal(120), note="返工一次", by=both, at=AT)
    assert owed() == []
    with pytest.raises(Conflict):
        accept_work(db, offer.id, amount=Decimal(150), note="", by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="somebody else has to settle"):
        settle(db, offer.id, reference="付款1", by=both, at=AT)
    with pytest.raises(Invalid):
        settle(db, offer.id, reference="", by=cast.qian, at=AT)
    settle(db, offer.id, reference="付款1", by=cast.qian, at=AT)
    with pytest.raises(RuleBroken, match="Nobody has the order"):
        renew(db, offer.id, by=cast.lin, at=AT)
    with pytest.raises(Conflict):
        settle(db, offer.id, reference="付款2", by=cast.qian, at=AT)


def test_who_comes_from_outside_is_none_of_us(db: Session, cast: Cast) -> None:
    offer, visit, by = at_work(db, cast, approved_order(db, cast))
    assert by.roles == {OUTSIDE} and not any(map(by.may, ("order.see", "stock.see", "word.record", "bag.hand_over")))
    person = db.get_one(Person, by.id)
    assert person not in technicians(db, cast.sz) and person not in people(db, cast.root).rows
    other = approved_order(db, cast)
    with pytest.raises(NotFound):
        act(db, fact(visit, "visit.depart"), by=cast.su, at=AT)
    take_back(db, offer.id, reason="自己人有空了", by=cast.lin, at=AT)
    assert visit.status == "abandoned" and visit.order.status == "approved"
    with pytest.raises(RuleBroken):
        act(db, fact(visit, "visit.depart"), by=by, at=AT)
    assert other.status == "approved"


def technician_of_guangzhou(db: Session, cast: Cast) -> Actor:
    new = NewPerson("JS201", "广州小王", frozenset({"technician"}), trained_on=TRAINED, home=(23.1, 113.3))
    person = add_person(db, branch=db.get_one(Branch, cast.gz), new=new, by=SYSTEM, at=AT)
    person.branch = db.get_one(Branch, cast.gz)
    return actor_of(person)


def test_a_colleague_of_another_branch_is_sent_and_works_there(db: Session, cast: Cast) -> None:
    wang, order = technician_of_guangzhou(db, cast), approved_order(db, cast)
    fitted_long_ago(db, cast, order.lines[0])
    request = asked(db, cast, order, whom="colleague", ceiling=None, colleague_id=wang.id)
    decide(db, request.id, yes=True, by=cast.wang, at=AT)
    visit = db.scalars(sa.select(Visit)).one()
    assert (visit.status, visit.technician_id, visit.branch_id) == ("dispatched", wang.id, cast.sz)
    [box], _ = carrying(db, cast, wang)
    do(db, visit, "visit.depart", wang, checks={})
    do(db, visit, "visit.arrive", wang)
    swap(db, visit, wang, box.number)
    assert where(db, box).kind == "slot"
    do(db, visit, "payment.take", wang, amount="680.00", channel="cash", payer="张超敏")
    sign(db, visit, wang)
    do(db, visit, "visit.finish", wang)
    assert order.status == "done" and list(broken_custody(db)) == []
    second = approved_order(db, cast)
    late = asked(db, cast, second, whom="colleague", ceiling=None, colleague_id=wang.id)
    db.execute(sa.update(Person).where(Person.id == wang.id).values(active=False))
    with pytest.raises(NotFound), db.begin_nested():
        decide(db, late.id, yes=True, by=cast.wang, at=AT)
    assert late.decision is None, "nothing half-done"


def test_the_planner_knows_who_is_busy_elsewhere_and_whom_it_cannot_plan(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast)
    offer, visit, _ = at_work(db, cast, order)
    another = approved_order(db, cast)
    request = asked(db, cast, another, whom="colleague", ceiling=None, colleague_id=technician_of_guangzhou(db, cast).id)
    decide(db, request.id, yes=True, by=cast.wang, at=AT)
    away = db.scalars(sa.select(Visit).where(Visit.order_id == another.id)).one()
    elsewhere = day_problem(db, DayOfBranch(cast.gz, TODAY, ZONE, AT), WAYS)
    assert list(elsewhere.fixed.values()) == [away], "his own branch knows that he is not free"
    with pytest.raises(IntegrityError, match="ex_visit_no_overlap"), db.begin_nested():
        same = {name: getattr(away, name) for name in ("order_id", "technician_id", "starts_at", "ends_at")}
        db.add(Visit(**same, branch_id=cast.gz))
        db.flush()
    here = day_problem(db, DayOfBranch(cast.sz, TODAY, ZONE, AT), WAYS)
    assert set(here.fixed.values()) == {visit, away} and here.lines == {}
    third = approved_order(db, cast)
    found = day_problem(db, DayOfBranch(cast.sz, TODAY, ZONE, AT), WAYS)
    given = plan(found.problem, 1)
    assert {line.order_id for line in found.lines.values()} == {third.id}
    assert offer.worker_id not in {route.technician for route in given.routes}
