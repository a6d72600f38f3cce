"""The demonstration company: alive in every state, whole in every ledger, and the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import broken_chains
from dispatch.customers.models import Vehicle
from dispatch.devices.models import CustodyEntry, CustodyPosition, Fitting, Holder, Observation, Terminal
from dispatch.fees.models import Charge, HandIn, Receipt
from dispatch.fees.settling_queries import open_parts
from dispatch.field.models import FieldFact, Signature, TestResult
from dispatch.field.rules import TEST_ITEMS
from dispatch.files.gateway import configure
from dispatch.host.checking import problems
from dispatch.orders.lifecycle import LINE_STATUSES, ORDER_STATUSES, VISIT_STATUSES
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.permissions import ROLES
from dispatch.staff.models import Person, PersonRole
from tests.company import FILES_KEY, DemoCompany
from tests.databases import engine

FIRST_PLATES = ["粤BF56278", "粤BK2P59", "粤BUFU92", "粤B5QR67"]


@pytest.fixture(scope="module")
def company(demo_company: DemoCompany) -> Iterator[Session]:
    """An open session on the database in which only the demonstration company lives."""
    configure(demo_company.folder, FILES_KEY)
    with Session(engine(demo_company.url)) as session:
        yield session


def test_it_shows_every_state_and_every_role(company: Session) -> None:
    statuses = set(company.scalars(sa.select(Order.status).distinct()))
    assert statuses == set(ORDER_STATUSES) - {"draft", "closed"}
    assert set(company.scalars(sa.select(Visit.status).distinct())) == set(VISIT_STATUSES)
    assert set(company.scalars(sa.select(OrderLine.status).distinct())) <= set(LINE_STATUSES)
    assert set(company.scalars(sa.select(PersonRole.role).distinct())) == set(ROLES)


def test_its_ledgers_add_up(company: Session) -> None:
    assert not list(broken_chains(company))
    newest = sa.select(CustodyEntry.unit_id, sa.func.max(CustodyEntry.seq).label("seq")).group_by(CustodyEntry.unit_id).subquery()
    last = sa.select(CustodyEntry.to_holder_id, CustodyEntry.hash, CustodyEntry.unit_id).join(
        newest, sa.and_(CustodyEntry.unit_id == newest.c.unit_id, CustodyEntry.seq == newest.c.seq)
    )
    told = {row.unit_id: (row.to_holder_id, row.hash) for row in company.execute(last)}
    assert told == {p.unit_id: (p.holder_id, p.hash) for p in company.scalars(sa.select(CustodyPosition))}


def test_a_check_is_content_with_it(company: Session) -> None:
    assert [f"{problem.area}: {problem.said}" for problem in problems(company)] == []


def test_work_went_wrong_here_and_there(company: Session) -> None:
    assert set(company.scalars(sa.select(TestResult.result).distinct())) >= {"passed", "failed", "overruled"}
    assert company.scalars(sa.select(Signature).where(Signature.refused, Signature.photo_id.is_not(None))).first()
    disputed = company.scalars(sa.select(FieldFact).where(FieldFact.state == "disputed")).all()
    assert [(fact.kind, "settled" in (fact.outcome or {})) for fact in disputed] == [("line.swap", False)]
    undone = company.scalars(sa.select(Fitting).where(Fitting.kind == "undo")).one()
    again = sa.select(Fitting).where(Fitting.line_id == undone.line_id, Fitting.kind == "swap", Fitting.id > undone.id)
    assert company.scalars(again).first()


def test_terminals_proved_what_was_tested_and_report_where_somebody_stands(company: Session) -> None:
    by_terminal = TestResult.observation_id.is_not(None)
    proven = set(company.scalars(sa.select(TestResult.item).where(by_terminal).distinct()))
    assert proven == set(TEST_ITEMS)
    told = sa.select(Observation.id).where(Observation.unit_id == CustodyPosition.unit_id).exists()
    there = sa.select(CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    there = there.join(OrderLine, OrderLine.vehicle_id == Holder.vehicle_id).join(Visit, Visit.order_id == OrderLine.order_id)
    assert company.scalars(there.where(Visit.status == "on_site", told)).first()


def test_money_came_by_all_ways_from_many_people(company: Session) -> None:
    rows = company.execute(sa.select(Receipt.channel, Receipt.by_id, Receipt.branch_id).where(Receipt.amount > 0)).all()
    assert {channel for channel, _, _ in rows} == {"cash", "wechat", "alipay", "account"}
    assert len({by_id for _, by_id, _ in rows}) >= 8 and len({branch_id for _, _, branch_id in rows}) == 2
    assert len({by_id for channel, by_id, _ in rows if channel == "cash"}) >= 4
    back = company.scalars(sa.select(Receipt).where(Receipt.amount < 0)).one()
    assert back.reason and back.refunds_id
    assert company.scalars(sa.select(Charge).where(Charge.reverses_id.is_not(None), Charge.order_id == back.order_id)).one()
    taken = sa.select(Receipt).where(Receipt.amount > 0, Receipt.channel != "account")
    assert company.scalars(taken.where(Receipt.invoice_number.is_(None))).first()


def test_hand_ins_are_counted_short_and_waiting(company: Session) -> None:
    handed = company.scalars(sa.select(HandIn)).all()
    counted = [each for each in handed if each.status == "confirmed"]
    assert len({each.person_id for each in counted}) >= 4 and len(handed) > len(counted) + 1
    short = sorted((each for each in counted if each.difference), key=lambda each: each.difference or 0)
    assert [each.difference for each in short] == [Decimal("-20.00"), Decimal("-5.00")]
    assert all(each.difference_reason and each.difference_owner_id == each.person_id for each in short)
    assert list(open_parts(company, short).values()) == [0, -5], "one was paid in, one is open"
    (back,) = (each for each in counted if each.back)
    again = [each for each in counted if each.declared == back.declared and each.person_id == back.person_id and not each.back]
    assert again and back.back and back.back.reason


def test_an_installation_is_under_way_with_a_vehicle_that_did_not_come(company: Session) -> None:
    order = company.scalars(sa.select(Order).where(Order.kind == "installation", Order.status == "working")).one()
    assert sorted(line.status for line in order.lines) == [*["done"] * 6, "residual"]
    finished = [visit for visit in order.visits if visit.status == "finished"]
    assert len({visit.technician_id for visit in finished}) == 2 and len(order.visits) == 3


def test_nothing_in_it_happens_after_it_was_built(company: Session, demo_company: DemoCompany) -> None:
    late = demo_company.built
    assert company.scalar(sa.select(sa.func.max(AuditEntry.at))) <= late  # type: ignore[operator]
    assert company.scalar(sa.select(sa.func.max(Order.created_at))) <= late  # type: ignore[operator]
    assert company.scalar(sa.select(sa.func.max(Visit.finished_at))) <= late  # type: ignore[operator]


def test_the_same_seed_gives_the_same_company(company: Session) -> None:
    plates = company.scalars(sa.select(Vehicle.plate).order_by(Vehicle.id).limit(4)).all()
    assert plates == FIRST_PLATES
    assert company.scalar(sa.select(sa.func.count()).select_from(Person).where(~Person.outside)) == 22


def test_a_repair_is_about_a_terminal_of_the_vehicle(company: Session) -> None:
    fitted = sa.select(Holder.vehicle_id, Terminal.model).join(CustodyEntry, CustodyEntry.to_holder_id == Holder.id)
    models: dict[int, set[str]] = {}
    for vehicle_id, model in company.execute(fitted.join(Terminal, Terminal.unit_id == CustodyEntry.unit_id)):
        models.setdefault(vehicle_id, set()).add(model)
    repairs = sa.select(Order.branch_id, Order.product_model, OrderLine.vehicle_id).join(Order.lines)
    told = [row for row in company.execute(repairs.where(Order.kind == "repair")) if row.vehicle_id in models]
    assert len({row.branch_id for row in told}) == 2
    assert [row for row in told if row.product_model not in models[row.vehicle_id]] == []
