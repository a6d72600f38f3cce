"""The whole history of an order, page by page: its own page shows the newest of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask import render_template
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import history_part
from dispatch.db import transaction
from dispatch.orders.models import OrderLine
from dispatch.orders.order_queries import lines_named, order_numbered
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.presenting.history import Happening, lines_in, naming_of, people_in, told
from dispatch.orders.queries import names_of
from dispatch.staff.models import Person
from dispatch.web.access import current, signed_in
from dispatch.web.listing import Leaf, cut_asked


@pages.get("/orders/<number>/history")
@signed_in
def whole_history(number: str) -> str:
    """Everything that was ever done to an order, the newest first."""
    with transaction() as db:
        order = order_numbered(db, number, current())
        part = history_part(db, ("order", order.id), cut_asked({"newest": ()}, "newest"))
        return render_template("orders/history.html", order=order, history=told_entries(db, part.rows), page=Leaf.of(part))


def told_entries(
    db: Session, entries: Sequence[AuditEntry], lines: Iterable[OrderLine] = (), people: Iterable[Person] = ()
) -> list[Happening]:
    """Entries of an order's history as sentences; vehicles and people that were not read already are asked for."""
    known = {line.id: line for line in lines}
    known |= lines_named(db, lines_in(entries) - known.keys())
    names = {person.id: person.name for person in people}
    names |= names_of(db, people_in(entries) - names.keys())
    return told(entries, naming_of(known.values(), names, current().zone))
