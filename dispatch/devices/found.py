"""An old unit in a vehicle that the record does not know: taken onto the record where it is, so that it can be swapped."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.devices.fitted import whereabouts
from dispatch.devices.models import TerminalModel, Unit
from dispatch.devices.operations import NewSim, NewTerminal, put_found
from dispatch.devices.ownership_following import found_in
from dispatch.devices.queries import unit_anywhere
from dispatch.devices.rules import LEAST_ENDING, read_iccid, tidy
from dispatch.devices.slots import Work, open_bench, taken_by
from dispatch.errors import Invalid, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


def register_found(session: Session, work: Work, *, kind: str, number: str, model: str | None, by: Actor, at: datetime) -> Unit:
    """Register a terminal (serial and model) or a SIM (ICCID) that was found in the vehicle straight into its slot.

    Raises RuleBroken when the number is none or on record already, or the record has another one in this vehicle; Invalid
    (`old_model`) for a terminal without a model. Its warranty does not begin today: nobody knows since when it is there.
    """
    # With the bag, though nothing comes out of it yet: who swaps next must not wait for it with the slot and the trail in hand.
    bench = open_bench(session, work, [], by=by)
    new = _sim(number) if kind == "sim" else _terminal(session, number, model)
    _must_be_unknown(session, new, work)
    present = bench.present(kind)
    if present is not None:
        raise RuleBroken(taken_by(present))
    told = {"order_id": work.order_id, "device_at": work.device_at, "spot": work.spot, "by": by, "at": at}
    unit_id = put_found(session, new, slot=bench.slot, **told)  # type: ignore[arg-type]
    unit = session.get_one(Unit, unit_id)
    when = {"device_at": work.device_at, "at": at}
    found_in(session, unit, vehicle_id=work.vehicle_id, order_id=work.order_id, by=by, **when)
    detail = {"line": work.line_id, "unit_kind": kind, "number": unit.number}
    record(session, ("order", work.order_id), "line.found", by=by, at=at, detail=detail)
    return unit


def _terminal(session: Session, number: str, model: str | None) -> NewTerminal:
    serial = tidy(number)
    if not re.fullmatch(r"[!-~]+", serial) or len(serial) < LEAST_ENDING:
        raise RuleBroken(
            say("“%(number)s” is not a serial number: enter what the label of the terminal says.", number=number.strip())
        )
    name = " ".join((model or "").split())
    if not name:
        raise Invalid({"old_model": say("Enter the model of the old terminal.")})
    known = session.get(TerminalModel, name)
    return NewTerminal(serial, name, warranty_months=known.warranty_months if known else 0)


def _sim(number: str) -> NewSim:
    iccid = read_iccid(number)
    if isinstance(iccid, Text):
        raise RuleBroken(say("“%(number)s” cannot be: %(why)s.", number=number.strip(), why=iccid))
    return NewSim(iccid.printed, iccid.key)


def _must_be_unknown(session: Session, new: NewTerminal | NewSim, work: Work) -> None:
    """Raises RuleBroken saying where the unit with this number is by the record."""
    number = asdict(new).get("serial") or asdict(new)["iccid"]
    known = unit_anywhere(session, [number])
    if known is not None and known.position is not None:
        place = whereabouts(known.position.holder, work.branch_id)
        raise RuleBroken(say("%(unit)s is on record already: it is %(place)s.", unit=known.number, place=place))
