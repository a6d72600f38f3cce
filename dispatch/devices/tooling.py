"""Taking tools into stock, and noting that they were calibrated."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.models import Calibration, Holder, Tool, Unit
from dispatch.devices.operations import Birth, first_entries, new_units
from dispatch.errors import Invalid, NotFound
from dispatch.search import normalise
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class NewTool:
    """A tool to be taken into stock; without `valid_until` it needs no calibration."""

    serial: str
    name: str
    valid_until: date | None = None


def receive_tool(session: Session, new: NewTool, *, store: Holder, by: Actor, at: datetime) -> int:
    """Put a tool into a store; returns its id. Raises Conflict when its number is on record already."""
    by.must("stock.change")
    return put_tool(session, new, Birth(store, "receive", by, at))


def put_tool(session: Session, new: NewTool, birth: Birth) -> int:
    """Register a tool where it comes into custody; returns its id. Raises Conflict when its number is on record already."""
    ids = new_units(session, "tool", birth.holder.branch_id, [normalise(new.serial, new.name)], birth.at)
    session.add(Tool(unit_id=ids[0], serial=new.serial, name=new.name, valid_until=new.valid_until))
    session.flush()
    first_entries(session, ids, "tool", birth)
    return ids[0]


@dataclass(frozen=True)
class Calibrated:
    """When it was done, until when it holds (the last day), and the number of the certificate; `key` is the form's own."""

    done_on: date
    valid_until: date
    certificate: str
    key: uuid.UUID


def calibrate(session: Session, unit_id: int, done: Calibrated, *, by: Actor, at: datetime) -> Tool:
    """A tool of one's branch was calibrated; a form that comes twice counts once. Raises Invalid for days that cannot be."""
    by.must("stock.change")
    tool = session.scalar(sa.select(Tool).where(Tool.unit_id == unit_id).with_for_update(of=Tool))
    if tool is None or not by.sees_branch(session.get_one(Unit, unit_id).branch_id):
        raise NotFound
    if session.scalar(sa.select(Calibration.id).where(Calibration.key == done.key)):
        return tool
    _check(done, local_day(at, by.zone))
    facts = {"done_on": done.done_on, "valid_until": done.valid_until, "certificate": done.certificate or None, "key": done.key}
    session.add(Calibration(unit_id=unit_id, by_id=by.id, by_name=by.name, at=at, **facts))
    detail = {"until": done.valid_until.isoformat(), "certificate": done.certificate, "was": _day(tool.valid_until)}
    tool.valid_until = done.valid_until
    record(session, ("unit", unit_id), "tool.calibrate", by=by, at=at, detail=detail)
    return tool


def _check(done: Calibrated, today: date) -> None:
    if done.done_on > today:
        raise Invalid({"done_on": say("This day is still to come.")})
    if done.valid_until <= done.done_on:
        raise Invalid({"valid_until": say("It holds longer than the day it was done.")})


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
