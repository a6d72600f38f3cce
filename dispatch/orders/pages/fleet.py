"""The vehicles and visits on an order's page: one page of each where there are many, with its chips, search and heads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.devices.queries import fitted_by_role
from dispatch.devices.slot_rules import ROLES
from dispatch.lists import LEAF
from dispatch.orders.lifecycle import LINE_STATUSES, OrderFacts
from dispatch.orders.models import Order, OrderLine
from dispatch.orders.order_queries import LINE_SORTS, VISIT_SORTS, LineFilter, lines_part, recalled, visits_part
from dispatch.orders.presenting.actions import Action, line_actions
from dispatch.orders.presenting.lines import line_rows, warranties_now
from dispatch.orders.standing import Standing
from dispatch.web.access import allowed, current
from dispatch.web.frame import status_word
from dispatch.web.listing import Heads, Leaf, address_with, cut_asked

PAGE = "orders.show"
ANCHOR = "vehicles"
HELD = ("page", "sort", "q", "line")
"""What in the address says which vehicles are shown: a press on one of them comes back to where it was."""


def vehicles_shown(db: Session, order: Order, standing: Standing) -> dict[str, Any]:
    """The page of vehicles that the address asks for."""
    chosen, cut = _chosen(), cut_asked(LINE_SORTS, "position")
    part = lines_part(db, order, chosen, cut)
    lines = [line for line, _visit in part.rows]
    whole = fitted_by_role(db, [line.vehicle_id for line in lines])
    inside = {line.vehicle_id: whole.get(line.vehicle_id, {}).get(line.role, {}) for line in lines}
    all_here = len(lines) == standing.total
    return {
        "lines": line_rows(part.rows, inside, warranties_now(db, order, lines, inside, current().zone)),
        "line_count": standing.total,
        "many": standing.total > LEAF,
        "standing": list(standing.by_status.items()),
        "models_wanted": standing.models(order.product_model),
        "roles": ROLES,
        "several": {vehicle_id for vehicle_id, places in whole.items() if len(places) > 1},
        "recalled": [line for line in lines if line.recall] if all_here else _recalled(db, order),
        "chosen": chosen,
        "line_chips": _chips(standing, chosen),
        "line_page": Leaf.of(part, PAGE, anchor=ANCHOR),
        "line_sort": Heads(cut.sort, PAGE, anchor=ANCHOR),
        "held": held(),
    }


def _recalled(db: Session, order: Order) -> Sequence[OrderLine]:
    """Only a repair repeats what was done before."""
    return recalled(db, order) if order.kind == "repair" else ()


def _chosen() -> LineFilter:
    status = request.args.get("line", "")
    return LineFilter(request.args.get("q", "")[:60], status if status in LINE_STATUSES else None)


def _chips(standing: Standing, chosen: LineFilter) -> list[dict[str, Any]]:
    """All vehicles, and those of each status that there is."""
    counts = standing.by_status
    named = [(None, _("All"), standing.total), *((one, status_word("line", one), counts.get(one, 0)) for one in LINE_STATUSES)]
    return [
        {"label": label, "count": count, "active": chosen.status == status, "url": _with_status(status)}
        for status, label, count in named
        if count or chosen.status == status
    ]


def _with_status(status: str | None) -> str:
    return address_with(PAGE, line=status, page=None, _anchor=ANCHOR)


def held() -> dict[str, Any]:
    """Which vehicles the reader looks at, for the addresses of what he may press there."""
    return {name: request.args[name] for name in HELD if request.args.get(name)}


def visits_shown(db: Session, order: Order, standing: Standing) -> dict[str, Any]:
    """The page of visits that the address asks for; of many the latest first."""
    total = standing.visits_in_all
    cut = cut_asked(VISIT_SORTS, "-when" if total > LEAF else "when", "visits_")
    part = visits_part(db, order, total, cut)
    around = {"prefix": "visits_", "anchor": "visits"}
    return {"visits": part.rows, "visit_page": Leaf.of(part, PAGE, **around), "visit_sort": Heads(cut.sort, PAGE, **around)}


def actions_of_lines(order: Order, lines: Sequence[OrderLine], facts: OrderFacts) -> dict[int, list[Action]]:
    """What the desk may do with each of these vehicles, by position."""
    if not allowed("order.plan"):
        return {}

    def address(position: int) -> Callable[[str], str]:
        return lambda action: url_for("orders.act_line", number=order.number, position=position, action=action, **held())

    return {line.position: line_actions(line, order.version, facts, address(line.position)) for line in lines}
