"""What surrounds the order list: the filters somebody keeps, and all rows of one for a spreadsheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.orders.clock_queries import DUE
from dispatch.orders.filter_models import SavedFilter
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.queries import SORTS, Filter, conditions
from dispatch.orders.verbal_queries import has_open_word
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import Actor

MOST_ROWS = 20_000
"""A spreadsheet of more rows is no list to work on."""


def filters_of(session: Session, by: Actor) -> Sequence[SavedFilter]:
    """The filters that somebody keeps, by name."""
    return session.scalars(sa.select(SavedFilter).where(SavedFilter.person_id == by.id).order_by(SavedFilter.name)).all()


def rows_to_export(session: Session, chosen: Filter, by: Actor, *, at: datetime) -> Sequence[sa.Row[Any]]:
    """Every order that matches at a moment, in the list's order, MOST_ROWS + 1 of them at most."""
    plates = sa.func.string_agg(sa.func.coalesce(Vehicle.plate, Vehicle.vin), sa.text("', ' ORDER BY order_line.position"))
    vehicles = sa.select(plates).join_from(OrderLine, Vehicle, Vehicle.id == OrderLine.vehicle_id)
    owner = aliased(Person)
    query = sa.select(
        Order.number,
        Order.status,
        has_open_word().label("backfill"),
        Order.kind,
        Order.urgency,
        Customer.name.label("customer"),
        vehicles.where(OrderLine.order_id == Order.id).correlate(Order).scalar_subquery().label("vehicles"),
        Site.address,
        Order.wanted_on,
        owner.name.label("owner"),
        Branch.name.label("branch"),
        Order.received_at,
        DUE.c.due_at,
    )
    joined = (
        query.join(Order.customer).join(Order.site).join(Order.owner.of_type(owner)).join(Branch, Branch.id == Order.branch_id)
    ).outerjoin(DUE, DUE.c.order_id == Order.id)
    return session.execute(joined.where(*conditions(chosen, by, at)).order_by(*SORTS[chosen.sort]).limit(MOST_ROWS + 1)).all()
