"""The papers a person needs for his work: kept, renewed, put away, and which of them have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import NotFound
from dispatch.staff.models import Person, PersonPaper
from dispatch.staff.queries import person
from dispatch.staff.rules import Actor
from dispatch.words import say

PAPER_NAMES = (say("Driving licence"), say("Electrician's certificate"), say("Permit to work at height"))
"""Proposed where a paper is entered; any other name will do."""


@dataclass(frozen=True)
class Paper:
    """Its name, and the last day it is good for."""

    name: str
    valid_until: date


def papers_of(session: Session, person_id: int) -> Sequence[PersonPaper]:
    """Somebody's papers, those that end first before the others."""
    query = sa.select(PersonPaper).where(PersonPaper.person_id == person_id)
    return session.scalars(query.order_by(PersonPaper.valid_until, PersonPaper.id)).all()


def ended_papers(session: Session, person_id: int, on: date) -> Sequence[PersonPaper]:
    """Those that are not good on a day."""
    return [paper for paper in papers_of(session, person_id) if paper.valid_until < on]


def keep_paper(session: Session, person_id: int, paper: Paper, *, by: Actor, at: datetime) -> None:
    """Somebody has this paper, or has it renewed: one of a name. Raises NotFound for whom `by` may not see."""
    found = _changed_by(session, person_id, by)
    kept = insert(PersonPaper).values(person_id=found.id, name=paper.name, valid_until=paper.valid_until)
    session.execute(kept.on_conflict_do_update(index_elements=["person_id", "name"], set_={"valid_until": paper.valid_until}))
    detail = {"name": paper.name, "until": paper.valid_until.isoformat()}
    record(session, ("person", found.id), "person.paper", by=by, at=at, detail=detail)


def put_away(session: Session, person_id: int, paper_id: int, *, by: Actor, at: datetime) -> str:
    """He needs it no longer; gives its name. Raises NotFound when it is not there."""
    found = _changed_by(session, person_id, by)
    paper = session.scalar(sa.select(PersonPaper).where(PersonPaper.id == paper_id, PersonPaper.person_id == found.id))
    if paper is None:
        raise NotFound
    session.delete(paper)
    record(session, ("person", found.id), "person.paper_away", by=by, at=at, detail={"name": paper.name})
    return paper.name


def _changed_by(session: Session, person_id: int, by: Actor) -> Person:
    by.must("staff.change")
    return person(session, person_id, by)
