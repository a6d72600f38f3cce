"""The demonstration company: alive in every state, whole in every ledger, and the same each time."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains
from dispatch.customers.models import Vehicle
from dispatch.demo import fill
from dispatch.devices.models import CustodyEntry, CustodyPosition
from dispatch.files.gateway import configure
from dispatch.orders.lifecycle import LINE_STATUSES, ORDER_STATUSES, VISIT_STATUSES
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.permissions import ROLES
from dispatch.staff.models import Person, PersonRole
from tests.conftest import AT

FIRST_PLATES = ["粤BF56278", "粤BK2P59", "粤BUFU92", "粤B5QR67"]


@pytest.fixture(scope="module")
def company(empty_db: Session, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A database in which only the demonstration company lives, built around three in the afternoon."""
    configure(tmp_path_factory.mktemp("demo"), "a secret for tests")
    fill(empty_db, now=AT + timedelta(hours=6), password_hash="none", zone="Asia/Shanghai")
    return empty_db


def test_it_shows_every_state_and_every_role(company: Session) -> None:
    statuses = set(company.scalars(sa.select(Order.status).distinct()))
    assert statuses == set(ORDER_STATUSES) - {"draft", "closed"}
    assert set(company.scalars(sa.select(Visit.status).distinct())) == set(VISIT_STATUSES) - {"abandoned"}
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


def test_nothing_in_it_happens_after_it_was_built(company: Session) -> None:
    late = AT + timedelta(hours=6, minutes=31)
    assert company.scalar(sa.select(sa.func.max(Order.created_at))) <= late  # type: ignore[operator]
    assert company.scalar(sa.select(sa.func.max(Visit.finished_at))) <= late  # type: ignore[operator]


def test_the_same_seed_gives_the_same_company(company: Session) -> None:
    plates = company.scalars(sa.select(Vehicle.plate).order_by(Vehicle.id).limit(4)).all()
    assert plates == FIRST_PLATES
    assert company.scalar(sa.select(sa.func.count()).select_from(Person)) == 22
