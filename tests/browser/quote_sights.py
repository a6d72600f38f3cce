"""The pages of quotations, with addresses out of the demonstration company."""

from __future__ import annotations

import uuid
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.clock import local_day, now
from dispatch.fees.models import Quotation
from dispatch.fees.operations import Offer, draft_quotation
from dispatch.fees.quote_rules import Wanted
from dispatch.orders.models import Order
from dispatch.staff.models import Person
from dispatch.staff.queries import actor_of

Pages = dict[str, tuple[str, str, str]]
"""Name -> endpoint, address and who opens it."""


def quote_pages(session: Session) -> Pages:
    """Those of an order, one in every state that there is, the forms, and the request behind one that waits."""
    draft = _draft(session)
    number = session.scalar(sa.select(Order.number).where(Order.id == draft.order_id))
    shown = {
        f"a quotation, {state}": ("fees.quotation", f"/quotations/{id_}", "lin")
        for state, id_ in session.execute(sa.select(Quotation.state, sa.func.max(Quotation.id)).group_by(Quotation.state))
    }
    asked = session.scalar(sa.select(sa.func.max(Request.id)).where(Request.kind == "quotation", Request.state == "open"))
    return shown | {
        "quotations of an order": ("fees.quotations", f"/orders/{number}/quotations", "lin"),
        "making a quotation": ("fees.new_quotation", f"/orders/{number}/quotations/new", "lin"),
        "changing a quotation": ("fees.edit_quotation", f"/quotations/{draft.id}/change", "lin"),
        "a quotation to be approved": ("orders.approvals_request", f"/approvals/requests/{asked}", "wang"),
    }


def _draft(session: Session) -> Quotation:
    """Another draft for the order whose quotation is agreed."""
    agreed = session.scalars(sa.select(Quotation).where(Quotation.state == "agreed")).first()
    by = session.scalars(sa.select(Person).where(Person.username == "lin")).one()
    assert agreed is not None
    at = now()
    offer = Offer([Wanted("S003", 3)], local_day(at, actor_of(by).zone) + timedelta(days=30))
    return draft_quotation(session, agreed.order_id, offer, key=uuid.uuid4(), by=actor_of(by), at=at)
