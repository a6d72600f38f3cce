"""Having a terminal start anew from afar: asked for by the office, sent by the listener or by way of the platform, answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.models import TerminalRestart
from dispatch.staff.rules import Actor

PATIENCE = timedelta(minutes=10)
"""After so long without an answer nobody reached it."""
DONE = 0
"""The terminal's own word for success."""


def ask_restart(session: Session, unit_id: int, way: str, *, by: Actor, at: datetime) -> TerminalRestart:
    """Have a terminal start anew over "jt808" or "traccar"; while one is under way, that one is the answer."""
    under_way = sa.select(TerminalRestart).where(TerminalRestart.unit_id == unit_id, TerminalRestart.ended_at.is_(None))
    found = session.scalar(under_way.with_for_update())
    if found is not None:
        return found
    made = TerminalRestart(unit_id=unit_id, way=way, by_id=by.id or 0, by_name=by.name, at=at)
    session.add(made)
    session.flush()
    record(session, ("unit", unit_id), "terminal.restart", by=by, at=at, detail={"way": way})
    return made


def take_due(session: Session, connected: Collection[int], *, at: datetime) -> list[tuple[int, int]]:
    """The restarts (id, terminal) to be sent now to terminals that are connected: whoever takes one sends it, and nobody else."""
    if not connected:
        return []
    due = sa.select(TerminalRestart).where(
        TerminalRestart.way == "jt808",
        TerminalRestart.ended_at.is_(None),
        TerminalRestart.sent_at.is_(None),
        TerminalRestart.unit_id.in_(list(connected)),
    )
    taken = session.scalars(due.with_for_update(skip_locked=True)).all()
    for one in taken:
        one.sent_at = at
    return [(one.id, one.unit_id) for one in taken]


def end(session: Session, restart_id: int, outcome: str, *, at: datetime) -> None:
    """How a restart ended; what has ended stays as it is."""
    still = sa.update(TerminalRestart).where(TerminalRestart.id == restart_id, TerminalRestart.ended_at.is_(None))
    sent = sa.func.coalesce(TerminalRestart.sent_at, at) if outcome in ("done", "kept") else TerminalRestart.sent_at
    session.execute(still.values(outcome=outcome, ended_at=at, sent_at=sent), execution_options={"synchronize_session": False})


def give_up(session: Session, *, at: datetime) -> int:
    """End those that nobody answered in time; how many."""
    late = sa.update(TerminalRestart).where(TerminalRestart.ended_at.is_(None), TerminalRestart.at < at - PATIENCE)
    gone = late.values(outcome="unreached", ended_at=at).returning(TerminalRestart.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())
