"""The pages of help from outside, with addresses out of the demonstration company."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.orders.models import Order, Visit
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.operations.offering import make_offers
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

Pages = dict[str, tuple[str, str, str]]
"""Name -> endpoint, address and who opens it."""


def outside_pages(session: Session) -> Pages:
    """Orders that went outside, as the desk, the manager and a contractor see them."""
    asked = sa.select(Order.number).join(OutsideRequest, OutsideRequest.order_id == Order.id).order_by(OutsideRequest.id.desc())
    taken = sa.select(Order.number).join(OutsideOffer, OutsideOffer.order_id == Order.id)
    taken = taken.join(Visit, Visit.id == OutsideOffer.visit_id)
    nobody = ~sa.exists().where(OutsideRequest.order_id == Order.id)
    free = sa.select(Order.number).where(Order.status == "approved", nobody).order_by(Order.number)
    found = {
        "asking for help from outside": (free, "lin"),
        "help from outside to be decided": (asked.where(OutsideRequest.decision.is_(None)), "wang"),
        "an order on offer to contractors": (asked.where(OutsideRequest.approved, Order.status == "approved"), "lin"),
        "an order that a contractor is at": (taken.where(Visit.status == "on_site"), "lin"),
        "a contractor's work to be accepted": (taken.where(Visit.status == "finished", OutsideOffer.work_at.is_(None)), "wang"),
    }
    numbers = {name: (session.scalars(query.limit(1)).one(), who) for name, (query, who) in found.items()}
    pages = {name: ("outside.order", f"/orders/{number}/outside", who) for name, (number, who) in numbers.items()}
    return pages | {
        "help from outside": ("outside.index", "/outside", "wang"),
        "a contractor's link": ("outside.link", f"/c/{_offer(session)}", ""),
    }


def _offer(session: Session) -> str:
    """The token of a link by which a contractor could accept what is on offer."""
    lin = session.scalars(sa.select(Person).where(Person.username == "lin")).one()
    open_ = sa.select(OutsideOffer).join(Order, Order.id == OutsideOffer.order_id).where(Order.status == "approved")
    offer = session.scalars(open_.order_by(OutsideOffer.id.desc()).limit(1)).one()
    facts = {"lasts": timedelta(hours=2), "by": actor_of(lin), "at": now()}
    return make_offers(session, offer.request_id, [offer.contractor_id], **facts)[0].token  # type: ignore[arg-type]
