"""The phones of technicians: how they come by, how far their clocks are off, and locking one out that was stolen."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, joinedload

from dispatch.audit.operations import record
from dispatch.errors import Conflict, NotFound
from dispatch.field.clock_rules import SET_MS, measured, offset_of, with_measure
from dispatch.field.models import PENDING, FieldFact, PhoneDevice
from dispatch.staff.models import LoginSession, Person
from dispatch.staff.rules import Actor
from dispatch.words import say

SOMEBODY_ELSES = say("This phone is known as somebody else's. Sign in as that person to send what is on it.")
ALREADY = say("This phone is locked out already.")


@dataclass(frozen=True)
class Caller:
    """What a phone says of itself with each call."""

    phone: uuid.UUID
    name: str
    app_version: int | None = None
    clock: datetime | None = None
    login_hash: bytes | None = None


def device_of(phone: uuid.UUID) -> str:
    """What a phone is called where it gives numbers: in facts and in blocks of receipts."""
    return f"phone-{phone}"


def contact(session: Session, caller: Caller, *, by: Actor, at: datetime) -> PhoneDevice:
    """The phone that calls, locked until the transaction ends: seen now, its clock measured. Raises Conflict for another's."""
    row = {"id": caller.phone, "person_id": by.id, "name": caller.name, "first_seen_at": at, "last_seen_at": at}
    session.execute(insert(PhoneDevice).values(**row).on_conflict_do_nothing())
    phone = session.get_one(PhoneDevice, caller.phone, with_for_update=True, populate_existing=True)
    if phone.person_id != by.id:
        raise Conflict(SOMEBODY_ELSES)
    phone.last_seen_at = at
    phone.name, phone.app_version = caller.name or phone.name, caller.app_version or phone.app_version
    phone.login_hash = caller.login_hash or phone.login_hash
    _measure(phone, caller.clock, at)
    session.flush()
    return phone


def _measure(phone: PhoneDevice, clock: datetime | None, at: datetime) -> None:
    if clock is None:
        return
    before, new = offset_of(phone.measures), measured(clock, at)
    if phone.measures and abs(new - before) > SET_MS:
        phone.offset_before_ms = before
    phone.measures = with_measure(phone.measures, new)


def offsets_of(phone: PhoneDevice) -> list[int]:
    """What was measured of a phone's clock, the newest first: as it goes now, and as it went until it was set anew."""
    now = [offset_of(phone.measures)] if phone.measures else []
    return now + ([phone.offset_before_ms] if phone.offset_before_ms is not None else [])


def phones_of(session: Session, person_id: int) -> Sequence[PhoneDevice]:
    """Somebody's phones, the one that was seen last first."""
    query = sa.select(PhoneDevice).where(PhoneDevice.person_id == person_id).options(joinedload(PhoneDevice.locked_by))
    return session.scalars(query.order_by(PhoneDevice.last_seen_at.desc(), PhoneDevice.id)).all()


def is_shut(session: Session, phone: uuid.UUID) -> bool:
    """Whether a phone was locked out."""
    return session.scalar(sa.select(PhoneDevice.locked_at).where(PhoneDevice.id == phone)) is not None


def owner_of(session: Session, phone_id: uuid.UUID) -> int:
    """Whose a phone is. Raises NotFound."""
    found = session.scalar(sa.select(PhoneDevice.person_id).where(PhoneDevice.id == phone_id))
    if found is None:
        raise NotFound
    return found


def still_open(session: Session, phones: Sequence[uuid.UUID]) -> dict[uuid.UUID, dict[str, int]]:
    """Phone -> how many of its facts wait for their photo, and how many for the office."""
    names = {device_of(phone): phone for phone in phones}
    own = sa.func.split_part(FieldFact.device, "/", 1)
    undecided = sa.and_(FieldFact.state == "disputed", FieldFact.outcome["settled"].is_(None))
    counts = (sa.func.count().filter(FieldFact.state.in_(PENDING)), sa.func.count().filter(undecided))
    query = sa.select(own, *counts).where(own.in_(names), FieldFact.state != "applied").group_by(own)
    return {names[name]: {"waiting": waiting, "disputed": disputed} for name, waiting, disputed in session.execute(query)}


def lock_out(session: Session, phone_id: uuid.UUID, *, by: Actor, at: datetime) -> PhoneDevice:
    """A phone was lost or stolen: its login ends, and it wipes itself when it comes by next.

    Raises NotFound for a phone of another branch's person, Conflict when it was locked out before.
    """
    by.must("phone.lock")
    phone = session.get(PhoneDevice, phone_id, with_for_update=True, populate_existing=True)
    owner = session.get(Person, phone.person_id) if phone else None
    if phone is None or owner is None or not by.sees_branch(owner.branch_id):
        raise NotFound
    if phone.locked_at is not None:
        raise Conflict(ALREADY)
    phone.locked_at, phone.locked_by_id = at, by.id
    own = sa.update(LoginSession).where(LoginSession.token_hash == phone.login_hash, LoginSession.person_id == phone.person_id)
    session.execute(own.where(LoginSession.revoked_at.is_(None)).values(revoked_at=at))
    record(session, ("person", owner.id), "phone.lock", by=by, at=at, detail={"phone": str(phone.id), "name": phone.name})
    session.flush()
    return phone


def behind_login(session: Session, phone_id: uuid.UUID, login_hash: bytes) -> Person | None:
    """Whose a phone is that was locked out and comes with the very login it had: its outbox is taken, and nothing else."""
    mine = sa.select(Person).join(PhoneDevice, PhoneDevice.person_id == Person.id).where(PhoneDevice.id == phone_id)
    shut = mine.where(PhoneDevice.login_hash == login_hash, PhoneDevice.locked_at.is_not(None), PhoneDevice.wiped_at.is_(None))
    whole = shut.options(joinedload(Person.branch), joinedload(Person.role_rows))
    return session.scalars(whole).unique().one_or_none()
