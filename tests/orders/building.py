"""Orders further on their way than the common builders take them, and what is fitted in their vehicles."""

from __future__ import annotations

import uuid
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from dispatch.approvals.models import ApprovalRule
from dispatch.approvals.operations.table import add_rule
from dispatch.approvals.rules import LevelRule
from dispatch.db import transaction
from dispatch.devices.models import Unit
from dispatch.devices.operations import move_units, slot_of
from dispatch.orders.models import Approval, Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.staff.rules import Actor
from tests.building import approved, visit
from tests.conftest import AT, Cast
from tests.devices.building import sims, terminals


def dispatched(session: Session, cast: Cast, order: Order, technician: Actor, *, hour: int = 1) -> Visit:
    """A visit of an order that was approved and sent out."""
    if not order.approved:
        approved(session, cast, order)
    made = visit(session, cast, order, technician, hour=hour)
    move_visit(session, made, "dispatch", by=cast.lin, at=AT)
    return made


def fit(session: Session, cast: Cast, vehicle_id: int, *, at: datetime = AT, order_id: int | None = None) -> tuple[Unit, Unit]:
    """A new terminal and a new SIM in a vehicle, out of the store."""
    (terminal,), (sim,) = terminals(session, cast), sims(session, cast)
    slot = slot_of(session, vehicle_id=vehicle_id, branch_id=cast.sz)
    move_units(session, [terminal.id, sim.id], to=slot, reason="fit", by=cast.su, at=at, order_id=order_id)
    return terminal, sim


def asks_above(session: Session, cast: Cast, *roles: str, kind: str = "repair", least: int = 1) -> ApprovalRule:
    """From now on these approve such orders after the manager."""
    return add_rule(session, LevelRule(kind, roles, Decimal(least)), key=uuid.uuid4(), by=cast.chen, at=AT)


# --- what the tests of pages look at


def waiting_id(order: Order) -> int:
    """The approval of an order that nobody has decided yet."""
    with transaction() as db:
        return db.scalars(sa.select(Approval.id).where(Approval.order_id == order.id, Approval.decision.is_(None))).one()


def stored(order: Order) -> Order:
    """The order as the database has it now."""
    with transaction() as db:
        return db.get_one(Order, order.id)


def a_phone(app: Flask) -> FlaskClient:
    """Nobody is signed in on it."""
    phone = app.test_client()
    phone.environ_base |= {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT_LANGUAGE": "en"}
    return phone
