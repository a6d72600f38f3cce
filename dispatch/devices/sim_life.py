"""What becomes of a SIM at its carrier: put in use, suspended, closed, renewed, topped up. Its history is its trail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.models import Sim, SimTopUp
from dispatch.devices.operations import describe
from dispatch.devices.queries import unit
from dispatch.devices.sim_rules import OUT_OF_USE, SIM_STEPS, STATES, Contract, TopUp, warnings_of
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST = 200
MOST_WARNED = 20

SIM_WORDS: dict[str, Text] = {
    "sim.renew": say("Renewed until %(to)s"),
    "sim.carrier": say("Carrier: %(from)s → %(to)s"),
    "sim.plan": say("Plan: %(from)s → %(to)s"),
    "sim.expires_on": say("Runs until: %(from)s → %(to)s"),
    "sim.bind": say("Bound to IMEI %(to)s"),
    "sim.activate": say("Activated"),
    "sim.deactivate": say("Not activated after all"),
    "sim.suspend": say("Suspended: %(reason)s"),
    "sim.resume": say("Resumed"),
    "sim.close": say("Closed for good: %(reason)s"),
    "sim.top_up": say("Topped up %(amount)s, receipt %(receipt)s"),
    "sim.top_up_back": say("Top-up %(receipt)s taken back, %(amount)s: %(reason)s"),
    "sim.balance": say("Balance read: %(amount)s"),
}
"""What the trail of a SIM says, by action."""


TOLD = ("from", "to", "reason", "amount", "receipt")


def told(entry: AuditEntry) -> Text:
    """An entry of a SIM's trail in words."""
    msgid = SIM_WORDS[entry.action].msgid
    return Text(msgid, {name: entry.detail.get(name) or "—" for name in TOLD if f"%({name})s" in msgid})


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


def contract_of(sim: Sim) -> Contract:
    """What is on record of a SIM's contract."""
    return Contract(sim.carrier, sim.plan, sim.expires_on)


def change_contract(session: Session, unit_id: int, to: Contract, *, seen: Contract, by: Actor, at: datetime) -> Sim:
    """Put right by hand what is on record of carrier, plan and expiry; each change is a line of the SIM's trail.

    `seen` is what stood on the page. Raises NotFound, Conflict when somebody has changed it since. As it was it changes nothing.
    """
    sim = locked_sim(session, unit_id, by)
    before = contract_of(sim)
    if before == to:
        return sim
    if before != seen:
        raise Conflict(say("Somebody has changed this meanwhile. What you typed stands here; look at both, then save."))
    sim.carrier, sim.plan, sim.expires_on = to.carrier, to.plan, to.expires_on
    session.flush()
    for name, value in to.facts.items():
        if value != before.facts[name]:
            record(session, ("sim", unit_id), f"sim.{name}", by=by, at=at, detail={"from": before.facts[name], "to": value})
    return sim


# --- states


def change_state(session: Session, unit_id: int, action: str, *, reason: str = "", by: Actor, at: datetime) -> Sim:
    """One step of SIM_STEPS. Raises NotFound, Invalid without a reason where one is asked for, Conflict when the SIM is in
    another state by now, RuleBroken for closing one that is in a vehicle."""
    step = SIM_STEPS.get(action)
    if step is None:
        raise NotFound
    sim = locked_sim(session, unit_id, by)
    if sim.state not in step.sources:
        raise Conflict(say("This SIM is %(state)s by now. Please look again.", state=STATES[sim.state]))
    if step.needs_reason and not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    place = unit(session, unit_id, by).position
    if step.target == "closed" and place is not None and place.holder_kind == "slot":
        raise RuleBroken(say("This SIM is %(place)s: take it out first.", place=describe(place.holder)))
    detail = {"from": sim.state, "to": step.target, "reason": reason.strip()[:LONGEST]}
    sim.state = step.target
    session.flush()
    kept = {name: value for name, value in detail.items() if value}
    record(session, ("sim", unit_id), f"sim.{action}", by=by, at=at, detail=kept)
    return sim


# --- money on it


def top_up(session: Session, unit_id: int, paid: TopUp, *, key: uuid.UUID, by: Actor, at: datetime) -> SimTopUp:
    """Write down money that was put on a SIM; a balance that is known grows by it, and it runs until `until` if that is later.

    The same `key` again is the first one. Raises NotFound, Invalid, RuleBroken for a closed SIM.
    """
    sim = locked_sim(session, unit_id, by)
    before = session.scalar(sa.select(SimTopUp).where(SimTopUp.key == key, SimTopUp.unit_id == unit_id))
    if before is not None:
        return before
    if sim.state == "closed":
        raise RuleBroken(say("This SIM is closed: no money can be put on it."))
    if paid.until and sim.expires_on and paid.until < sim.expires_on:
        raise Invalid({"until": say("It already runs until %(day)s: enter a later day.", day=sim.expires_on.isoformat())})
    row = SimTopUp(
        unit_id=unit_id, amount=paid.amount, receipt=paid.receipt, until=paid.until, until_before=sim.expires_on, key=key
    )
    sim.expires_on = paid.until or sim.expires_on
    return _write(session, sim, row, "sim.top_up", by=by, at=at)


def take_back_top_up(session: Session, unit_id: int, top_up_id: int, *, reason: str, by: Actor, at: datetime) -> SimTopUp:
    """A top-up was entered wrongly: a row of the opposite sign names it, and the period it gave is taken back if it still stands.

    Raises NotFound, Invalid without a reason, Conflict when it was taken back before.
    """
    sim, wrong = locked_sim(session, unit_id, by), session.get(SimTopUp, top_up_id)
    if wrong is None or wrong.unit_id != unit_id or wrong.corrects_id is not None:
        raise NotFound
    if not reason.strip():
        raise Invalid({"reason": say("Please give a reason.")})
    if session.scalar(sa.select(SimTopUp.id).where(SimTopUp.corrects_id == wrong.id)) is not None:
        raise Conflict(say("Somebody has taken this top-up back already."))
    if wrong.until is not None and sim.expires_on == wrong.until:
        sim.expires_on = wrong.until_before
    row = SimTopUp(unit_id=unit_id, amount=-wrong.amount, receipt=wrong.receipt, corrects_id=wrong.id, key=uuid.uuid4())
    row.reason = reason.strip()[:LONGEST]
    return _write(session, sim, row, "sim.top_up_back", by=by, at=at)


def _write(session: Session, sim: Sim, row: SimTopUp, action: str, *, by: Actor, at: datetime) -> SimTopUp:
    row.by_id, row.by_name, row.at = by.id, by.name, at
    session.add(row)
    if sim.balance is not None:
        sim.balance += row.amount
    session.flush()
    detail = {"amount": _yuan(row.amount), "receipt": row.receipt, "reason": row.reason, "top_up": row.id}
    kept = {name: value for name, value in detail.items() if value is not None}
    record(session, ("sim", sim.unit_id), action, by=by, at=at, detail=kept)
    return row


def note_balance(session: Session, unit_id: int, amount: Decimal, *, by: Actor, at: datetime) -> Sim:
    """Write down what the carrier says is left on a SIM, in yuan."""
    sim = locked_sim(session, unit_id, by)
    sim.balance, sim.balance_at = amount, at
    session.flush()
    record(session, ("sim", unit_id), "sim.balance", by=by, at=at, detail={"amount": _yuan(amount)})
    return sim


def _yuan(amount: Decimal) -> str:
    return f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"


def top_ups_of(session: Session, unit_id: int) -> Sequence[SimTopUp]:
    """What was put on a SIM and taken back, the newest first."""
    return session.scalars(sa.select(SimTopUp).where(SimTopUp.unit_id == unit_id).order_by(SimTopUp.id.desc())).all()


def sims_warned(session: Session, unit_ids: Sequence[int], today: date) -> list[Text]:
    """What to know of those of these units that are SIMs: suspended, closed, run out."""
    doubtful = sa.or_(Sim.state.in_(OUT_OF_USE), Sim.expires_on < today)
    rows = session.scalars(sa.select(Sim).where(Sim.unit_id.in_(unit_ids), doubtful).order_by(Sim.unit_id).limit(MOST_WARNED))
    return [text for sim in rows for text in warnings_of(sim.iccid, sim.state, sim.expires_on, today)]
