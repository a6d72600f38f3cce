"""Proving that who is listed as silent is still where he fell silent, that outages are what they say, and remote help, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Vehicle
from dispatch.customers.rules import show_plate
from dispatch.devices.models import CustodyPosition, Holder, Terminal
from dispatch.intake.models import Outage, Silence
from dispatch.intake.remote_models import RemoteHelp
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.models import Order, OrderLine
from dispatch.words import Text, say

PATIENCE = timedelta(hours=1)
"""The worker ends a silence within minutes after the terminal was taken out."""


def broken_silences(session: Session) -> Iterator[Text]:
    """One sentence for each open silence whose terminal has been out of that vehicle for a while, or is nowhere.

    That one which has ended says when and why, and that a terminal is listed once, the database sees to.
    """
    position = CustodyPosition
    query = sa.select(Silence.id, Terminal.serial, Vehicle.plate, Vehicle.vin).join(Terminal, Terminal.unit_id == Silence.unit_id)
    query = query.join(Vehicle, Vehicle.id == Silence.vehicle_id).outerjoin(position, position.unit_id == Silence.unit_id)
    query = query.outerjoin(Holder, Holder.id == position.holder_id)
    out = sa.and_(Holder.vehicle_id.is_distinct_from(Silence.vehicle_id), position.since < sa.func.now() - PATIENCE)
    gone = query.where(Silence.ended_at.is_(None), sa.or_(position.unit_id.is_(None), out)).order_by(Silence.id)
    for id_, serial, plate, vin in session.execute(gone):
        vehicle = show_plate(plate) if plate else vin or "—"
        yield say(
            "Silence %(id)s is open, though terminal %(serial)s is not in %(vehicle)s any more",
            id=id_,
            serial=serial,
            vehicle=vehicle,
        )


def broken_outages(session: Session) -> Iterator[Text]:
    """One sentence for each outage without terminals, and for each silence that is none of its outage.

    That both are of one branch, and that an outage which has ended says why, the database sees to.
    """
    empty = ~sa.exists().where(Silence.outage_id == Outage.id)
    for id_ in session.scalars(sa.select(Outage.id).where(empty).order_by(Outage.id)):
        yield say("Outage %(id)s has no terminals", id=id_)
    other = sa.and_(Outage.kind == "carrier", Silence.carrier.is_distinct_from(Outage.carrier))
    late = ~Silence.last_heard_at.between(Outage.from_at, Outage.to_at)
    query = sa.select(Silence.id, Outage.id).join(Outage, Outage.id == Silence.outage_id).where(sa.or_(other, late))
    for silence, id_ in session.execute(query.order_by(Silence.id)):
        yield say("Silence %(silence)s belongs to outage %(id)s, but is of another carrier or time", silence=silence, id=id_)


def broken_help(session: Session) -> Iterator[Text]:
    """One sentence for each remote help that is about another vehicle than its contact, or that ended nothing and left no order;
    and for each contact that is about nothing.

    That somebody at the customer's agreed before, and how, the database sees to.
    """
    h, c = RemoteHelp, OwnedContact
    in_order = sa.exists().where(OrderLine.order_id == c.order_id, OrderLine.vehicle_id == h.vehicle_id)
    other = sa.and_(c.vehicle_id.is_distinct_from(h.vehicle_id), ~in_order)
    query = sa.select(h.id, Order.number).join(c, c.id == h.contact_id).outerjoin(Order, Order.id == c.order_id).order_by(h.id)
    for id_, number in session.execute(query.where(other)):
        yield say("Remote help %(id)s (order %(number)s) is about another vehicle than its contact", id=id_, number=number or "—")
    unhelped = sa.select(h.id).join(c, c.id == h.contact_id).where(h.result == "not_solved", c.order_id.is_(None))
    for id_ in session.scalars(unhelped.order_by(h.id)):
        yield say("Remote help %(id)s did not help, and there is no order", id=id_)
    nothing = sa.and_(c.order_id.is_(None), ~sa.exists().where(h.contact_id == c.id))
    for id_ in session.scalars(sa.select(c.id).where(nothing).order_by(c.id)):
        yield say("Contact %(contact)s is about neither an order nor remote help", contact=id_)
