"""How a branch gets about: what it says itself, whether it uses what was learned, and what was learned last night."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.board.drive_rules import SOURCES, Correction
from dispatch.board.travel_models import TravelCorrection, TravelHour, TravelSpeed, TravelUse
from dispatch.board.travel_queries import Said, learned_of, said_by, told
from dispatch.db import STALE
from dispatch.errors import Conflict, NotFound
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor


def say_speeds(session: Session, branch_id: int, said: Said, *, seen: str, by: Actor, at: datetime) -> None:
    """Set a branch's own speeds, detours and hours; what is left out is as usual again.

    `seen` is the mark of what the page showed. Raises Conflict where somebody said otherwise meanwhile.
    """
    branch = _locked(session, branch_id, by)
    now_said = mark_of(said_by(session, branch_id))
    if now_said == mark_of(said):
        return
    if seen != now_said:
        raise Conflict(STALE)
    for table in (TravelSpeed, TravelHour):
        session.execute(sa.delete(table).where(table.branch_id == branch_id))
    bands = {*said.factors, *said.speeds}
    rows = {band: {"factor": said.factors.get(band), "speed_kmh": said.speeds.get(band)} for band in bands}
    session.add_all(TravelSpeed(branch_id=branch_id, band=band, **row) for band, row in rows.items())
    session.add_all(TravelHour(branch_id=branch_id, part=part, percent=percent) for part, percent in said.percent.items())
    _put_together(session, branch)
    detail = {"factors": dict(said.factors), "speeds": dict(said.speeds), "percent": dict(said.percent)}
    record(session, ("branch", branch_id), "branch.travel", by=by, at=at, detail=detail)


def mark_of(said: Said) -> str:
    """What tells a page whether the speeds are still those that it showed."""
    return ";".join(
        f"{key}={value:g}" for each in (said.factors, said.speeds, said.percent) for key, value in sorted(each.items())
    )


def use_learned(session: Session, branch_id: int, source: str, used: bool, *, by: Actor, at: datetime) -> None:
    """Use what drives taught about a source of travel times, or leave it."""
    branch = _locked(session, branch_id, by)
    if source not in SOURCES:
        raise NotFound
    if said_by(session, branch_id).uses(source) == used:
        return
    session.merge(TravelUse(branch_id=branch_id, source=source, used=used))
    _put_together(session, branch)
    record(session, ("branch", branch_id), "branch.travel_use", by=by, at=at, detail={"source": source, "used": used})


def keep_learned(session: Session, branch_id: int, source: str, learned: Iterable[Correction], *, at: datetime) -> None:
    """Keep what drives taught in place of what they taught before. No person does this: what a person decides is its use."""
    branch = session.get_one(Branch, branch_id, with_for_update=True)
    session.execute(sa.delete(TravelCorrection).where(TravelCorrection.branch_id == branch_id, TravelCorrection.source == source))
    session.add_all(TravelCorrection(branch_id=branch_id, source=source, learned_at=at, **vars(one)) for one in learned)
    _put_together(session, branch)


def _locked(session: Session, branch_id: int, by: Actor) -> Branch:
    by.must("branch.change")
    branch = session.get(Branch, branch_id, with_for_update=True)
    if branch is None or not by.sees_branch(branch_id):
        raise NotFound
    return branch


def _put_together(session: Session, branch: Branch) -> None:
    """Write beside the branch what its tables say now, for the pages that must not ask for it."""
    session.flush()
    branch.travel = told(said_by(session, branch.id), learned_of(session, branch.id))
