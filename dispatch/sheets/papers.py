"""The sheets among an order's papers (P8), and what follows when a visit ends: its sheets are made."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.orm import Session

from dispatch.customers.rules import show_plate
from dispatch.field.endings import on_visit_end
from dispatch.orders.facts import register_missing
from dispatch.orders.models import Order
from dispatch.sheets.operations import ask_for_sheets
from dispatch.sheets.queries import outdated, vehicles_of
from dispatch.words import Text, say

on_visit_end(ask_for_sheets)


@register_missing("office", "papers")
def sheets_missing(session: Session, order: Order) -> Iterator[Text]:
    """Each sheet of which no released version says what is known now; the office owes it."""
    if order.status != "done":
        return
    wanted = outdated(session, order)
    lines = vehicles_of(session, [each.line_id for each in wanted if each.line_id is not None])
    for each in wanted:
        if each.line_id is None:
            yield say("The office owes the sheet of this order as it is now.")
        else:
            vehicle = lines[each.line_id].vehicle
            shown = show_plate(vehicle.plate) if vehicle.plate else vehicle.vin or "—"
            yield say("The office owes the sheet of %(vehicle)s as it is now.", vehicle=shown)
