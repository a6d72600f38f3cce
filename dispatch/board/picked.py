"""Reading a day's picking list, and what the visits to come have reserved of the stores."""

from __future__ import annotations

from sqlalchemy.orm import Session

from dispatch.board.picking import PickingList, picking_list
from dispatch.board.problem import bags_of_morning
from dispatch.board.queries import live_visits
from dispatch.board.rules import taken_out
from dispatch.board.work import DayOfBranch, Ways, still_needed
from dispatch.devices.models import Holder
from dispatch.devices.usable import parts_in_bags, parts_in_stores
from dispatch.orders.models import Visit


def day_list(session: Session, of: DayOfBranch, ways: Ways, store: Holder | None) -> PickingList:
    """The picking list of a branch's day, served from one of its stores."""
    visits = live_visits(session, of.branch_id, *of.bounds)
    bags = bags_of_morning(session, {visit.technician_id for visit in visits}, of, ways)
    stored = parts_in_stores(session, [store.id]).get(store.id, {}) if store else {}
    return picking_list(visits, bags, stored, ways, branch_id=of.branch_id)


def reserved(session: Session, of: DayOfBranch, ways: Ways) -> dict[str, int]:
    """Part -> how many the store has to give for the visits planned from today on: what they take, less what the bags hold."""
    by_person: dict[int, list[Visit]] = {}
    for visit in live_visits(session, of.branch_id, of.midnight):
        if visit.technician.branch_id == of.branch_id:  # a visitor's own store provides for him
            by_person.setdefault(visit.technician_id, []).append(visit)
    bags = parts_in_bags(session, by_person)
    total: dict[str, int] = {}
    for who, visits in by_person.items():
        for part, count in taken_out(bags.get(who, {}), still_needed(visits, ways))[1].items():
            total[part] = total.get(part, 0) + count
    return total
