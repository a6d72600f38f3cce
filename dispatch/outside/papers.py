"""A contractor's work among an order's papers (P8, P14): until somebody of ours has accepted it, the order is not closed."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order, Visit
from dispatch.outside.queries import standing_offer
from dispatch.words import Text, say


@register_missing("office", "outside")
def work_to_accept(session: Session, order: Order) -> Iterator[Text]:
    """The work of the contractor who has the order, naming him and what was found wrong with it."""
    offer = standing_offer(session, order.id) if order.status == "done" else None
    visit = session.get(Visit, offer.visit_id) if offer else None
    if offer is None or visit is None or visit.status == "abandoned" or visit.technician_id != offer.worker_id:
        return
    name = offer.contractor.name
    if offer.objection:
        yield say("The work of the contractor %(name)s is not accepted yet: %(what)s", name=name, what=offer.objection)
    else:
        yield say("Somebody of ours has still to accept the work of the contractor %(name)s.", name=name)
