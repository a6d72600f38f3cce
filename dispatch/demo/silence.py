"""Terminals of the demonstration that fell silent: an outage of a carrier in one area, and a few by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

import sqlalchemy as sa

from dispatch.customers.models import Customer, Vehicle
from dispatch.customers.operations import CustomerFacts, change_customer
from dispatch.demo.company import Company
from dispatch.demo.reporting import STRONG
from dispatch.devices.jt808.observations import Observation
from dispatch.devices.models import CustodyPosition, Holder, Sim
from dispatch.devices.observing import keep
from dispatch.intake.models import Silence
from dispatch.intake.operations.dismissing import dismiss
from dispatch.intake.outages import find_outages
from dispatch.intake.silence_rules import Together
from dispatch.intake.silences import missed, propose
from dispatch.orders.models import OrderLine

HOURS = 24
OUTAGE, ALONE = 6, 4


def build(company: Company, moment: datetime) -> None:
    """Their owners want to know after a day; they were heard last at these times and places."""
    fleet = _fleet(company)
    places = sorted((site.lat, site.lon) for site in company.sites.values() if site.lat and site.lon)
    same, others = fleet[:OUTAGE], fleet[OUTAGE : OUTAGE + ALONE]
    for nth, unit_id in enumerate(same):
        _tell(company, unit_id, moment - timedelta(hours=31, minutes=3 * nth), (places[0][0] + nth * 0.004, places[0][1]))
    for nth, unit_id in enumerate(others, 1):
        _tell(company, unit_id, moment - timedelta(hours=30 + 23 * nth), places[nth % len(places)])
    _want_to_know(company, [*same, *others], moment)
    propose(company.session, missed(company.session, at=moment, only=[*same, *others]), at=moment)
    find_outages(company.session, Together(), at=moment)
    last = company.session.scalars(sa.select(Silence.id).order_by(Silence.last_heard_at).limit(1)).all()
    dismiss(company.session, last, reason="车辆进厂大修", days=7, by=company.desk("SZ"), at=moment)


def _fleet(company: Company) -> Sequence[int]:
    """Terminals in vehicles that nobody has worked on, those with the commonest carrier beside them first."""
    session, card = company.session, sa.orm.aliased(CustodyPosition)
    query = sa.select(Sim.carrier, CustodyPosition.unit_id).join(Holder, Holder.id == CustodyPosition.holder_id)
    query = query.join(card, sa.and_(card.holder_id == Holder.id, card.unit_kind == "sim")).join(Sim, Sim.unit_id == card.unit_id)
    idle = ~sa.exists().where(OrderLine.vehicle_id == Holder.vehicle_id)
    inside = (CustodyPosition.unit_kind == "terminal", Holder.kind == "slot", Holder.branch_id == company.branches["SZ"].id)
    rows = session.execute(query.where(*inside, idle).order_by(Sim.carrier, CustodyPosition.unit_id)).all()
    groups = [[unit_id for _, unit_id in found] for _, found in groupby(rows, key=lambda row: row[0])]
    return [unit_id for group in sorted(groups, key=len, reverse=True) for unit_id in group]


def _tell(company: Company, unit_id: int, at: datetime, place: tuple[float, float]) -> None:
    there = {"positioned": True, "lat": place[0], "lon": place[1], "satellites": 10, "signal": STRONG, "acc": False}
    phone = f"{13_900_000_000 + unit_id:012d}"
    keep(company.session, [Observation(unit_id, "position", phone, 1, at, "", device_time=at, **there)])  # type: ignore[arg-type]


def _want_to_know(company: Company, unit_ids: Sequence[int], at: datetime) -> None:
    """Whoever owns these vehicles."""
    session = company.session
    slots = sa.select(Holder.vehicle_id).join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
    inside = slots.where(CustodyPosition.unit_id.in_(unit_ids))
    owners = sa.select(Customer).where(Customer.id.in_(_owner_ids(inside))).order_by(Customer.id)
    for owner in session.scalars(owners).all():
        facts = CustomerFacts(owner.name, owner.tier, owner.note, HOURS)
        change_customer(session, owner.id, version=owner.version, facts=facts, by=company.desk("SZ"), at=at)


def _owner_ids(vehicle_ids: sa.Select[int | None]) -> sa.Select[int]:
    return sa.select(Vehicle.customer_id).where(Vehicle.id.in_(vehicle_ids))
