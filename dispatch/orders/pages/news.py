"""Whether anything has happened to an order since its page was made: an open page asks all the time, so it costs little."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Response, request

from dispatch.audit.models import AuditHead
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.orders.models import Order
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.queries import visible
from dispatch.typed import number_in
from dispatch.web.access import current, signed_in


@pages.get("/orders/<number>/news")
@signed_in
def news(number: str) -> Response:
    """Nothing while the order's history ends at the entry that was `seen`; else the number of its newest entry."""
    ends_at = sa.select(AuditHead.seq).join(Order, sa.and_(AuditHead.subject_kind == "order", AuditHead.subject_id == Order.id))
    with transaction() as db:
        newest = db.scalar(ends_at.where(Order.number == number, visible(current())))
    if newest is None:
        raise NotFound
    if newest == number_in(request.args.get("seen")):
        return Response(status=204)
    return Response(str(newest), mimetype="text/plain")
