"""The people whom a contractor sends: put on record when they accept an order, and known again by name and phone."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.devices.models import ContractorWorker, Holder
from dispatch.devices.slots import take_turn
from dispatch.permissions import OUTSIDE
from dispatch.staff.models import Branch, Person
from dispatch.staff.operations import NewPerson, add_person
from dispatch.staff.rules import Actor


def worker_of(session: Session, contractor: Holder, name: str, phone: str, *, at: datetime) -> Person:
    """The contractor's worker of this name and phone, put on record if he is new; in the contractor's own name."""
    take_turn(session, [contractor.id])  # two orders accepted at once know one worker
    hired = sa.select(Person).join(ContractorWorker, ContractorWorker.person_id == Person.id)
    own = hired.where(ContractorWorker.contractor_id == contractor.id).options(joinedload(Person.branch))
    workers = session.scalars(own).unique().all()
    found = next((one for one in workers if (one.name, one.phone) == (name, phone)), None)
    return found or _new(session, contractor, name, phone, f"C{contractor.id}-{len(workers) + 1}", at=at)


def _new(session: Session, contractor: Holder, name: str, phone: str, number: str, *, at: datetime) -> Person:
    branch = session.get_one(Branch, contractor.branch_id)
    new = NewPerson(number, name, frozenset(), phone=phone, outside=True)
    person = add_person(session, branch=branch, new=new, by=in_the_name_of(contractor), at=at)
    session.add(ContractorWorker(person_id=person.id, contractor_id=contractor.id))
    session.flush()
    return person


def in_the_name_of(contractor: Holder) -> Actor:
    """Whoever of a contractor holds a link, as long as he has not said who comes: a name for the history, with no right."""
    return Actor(id=None, name=contractor.name or "", roles=frozenset(), branch_id=contractor.branch_id)


def actor_of_worker(person: Person, branch: Branch) -> Actor:
    """A contractor's worker as he acts on an order of a branch by its link. Whether the link is good is asked before."""
    return Actor(person.id, person.name, frozenset({OUTSIDE}), branch.id, zone=branch.zone)
