"""What becomes of a SIM's contract: renewed by the carrier until a later day. Its history stands in the trail of the SIM."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.models import Sim
from dispatch.devices.queries import unit
from dispatch.errors import Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

SIM_WORDS: dict[str, Text] = {
    "sim.renew": say("Renewed until %(to)s"),
    "sim.bind": say("Bound to IMEI %(to)s"),
}
"""What the trail of a SIM says, by action."""


def told(entry: AuditEntry) -> Text:
    """An entry of a SIM's trail in words."""
    return say(SIM_WORDS[entry.action].msgid, to=entry.detail["to"])


def locked_sim(session: Session, unit_id: int, by: Actor) -> Sim:
    """A SIM under its row lock. Raises NotFound for another branch's and for what is no SIM."""
    by.must("stock.change")
    unit(session, unit_id, by)
    found = session.get(Sim, unit_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotFound
    return found


def renew(session: Session, unit_id: int, *, until: date, by: Actor, at: datetime) -> Sim:
    """Write down that the carrier has prolonged a SIM. The same day again changes nothing. Raises Invalid for an earlier one."""
    sim = locked_sim(session, unit_id, by)
    if sim.expires_on == until:
        return sim
    if sim.expires_on and until < sim.expires_on:
        raise Invalid({"until": say("It already runs until %(day)s: enter a later day.", day=sim.expires_on.isoformat())})
    if until <= local_day(at, by.zone):
        raise Invalid({"until": say("Enter a day that is still to come.")})
    detail = {"from": sim.expires_on.isoformat() if sim.expires_on else None, "to": until.isoformat()}
    sim.expires_on = until
    record(session, ("sim", unit_id), "sim.renew", by=by, at=at, detail=detail)
    return sim
