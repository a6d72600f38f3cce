"""Filling bags as a list of technicians says."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.devices.issuing import Filled, Load, fill_bags
from dispatch.devices.queries import stores
from dispatch.errors import RuleBroken
from dispatch.intake.lists import Reading, from_json
from dispatch.intake.queries import upload, works_here
from dispatch.staff.forms import TechnicianRow
from dispatch.staff.queries import people_numbered
from dispatch.staff.rules import Actor
from dispatch.words import say


def loads_of(session: Session, reading: Reading, by: Actor) -> list[Load]:
    """What the list says each technician should carry; those it says nothing about are left out."""
    wanted = [row for row in reading.rows if isinstance(row, TechnicianRow) and (row.terminals or row.sims)]
    people = people_numbered(session, [row.staff_no for row in wanted])
    found = [(row, people.get(row.staff_no)) for row in wanted]
    return [Load(person.id, person.name, row.terminals, row.sims) for row, person in found if person and works_here(person, by)]


def fill_from_list(session: Session, upload_id: int, *, store_id: int | None, key: uuid.UUID, by: Actor, at: datetime) -> Filled:
    """Issue to each technician of a list that was taken in what his bag lacks. Raises NotFound, RuleBroken."""
    seen = upload(session, upload_id, "technicians", by)
    store = next((one for one in stores(session, by) if one.id == store_id and one.branch_id == seen.branch_id), None)
    if store is None or seen.done_at is None:
        raise RuleBroken(say("Choose a store."))
    return fill_bags(session, loads_of(session, from_json("technicians", seen.content), by), store=store, key=key, by=by, at=at)
