"""Remote help (Q5): with the customer's recorded consent it can end a matter without a visit; it is on record all the same."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer, Vehicle
from dispatch.intake.forms import Call
from dispatch.intake.remote_models import RemoteHelp
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.operations.owning import note_confirmed, tell
from dispatch.staff.rules import Actor


def help_saved(session: Session, request_key: uuid.UUID | None) -> RemoteHelp | None:
    """What an earlier press of the same button wrote, if any. Waits for a press that is still being carried out."""
    if request_key is None:
        return None
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(str(request_key), 0))))
    return session.scalar(sa.select(RemoteHelp).where(RemoteHelp.request_key == request_key))


def end_remotely(session: Session, customer: Customer, vehicle: Vehicle, call: Call, *, by: Actor, at: datetime) -> RemoteHelp:
    """Write down a call that remote help has ended: no order is made, and `by` owns it until the customer has confirmed."""
    by.must("order.take")
    assert call.help is not None
    contact = OwnedContact(branch_id=customer.branch_id, customer_id=customer.id, vehicle_id=vehicle.id, owner_id=by.id or 0)
    contact.opened_at, contact.touched_at = call.received_at or at, at
    session.add(contact)
    session.flush()
    helped = note_help(session, contact, vehicle, call, solved=True, by=by, at=at)
    if call.help.confirmed:
        note_confirmed(session, contact, how="phone", name=call.contact, by=by, at=at, by_id=by.id)
    return helped


def note_help(
    session: Session, contact: OwnedContact | None, vehicle: Vehicle, call: Call, *, solved: bool, by: Actor, at: datetime
) -> RemoteHelp:
    """Write down the remote help of a call."""
    assert call.help is not None and contact is not None
    helped = RemoteHelp(contact_id=contact.id, vehicle_id=vehicle.id, caller=call.contact, phone=call.phone, channel=call.channel)
    helped.symptom, helped.symptom_text, helped.diagnosis = call.symptom, call.symptom_text or None, call.diagnosis or None
    helped.consent_by, helped.consent_how, helped.consent_at = call.help.consent_by, call.help.consent_how, at
    helped.done, helped.result = call.help.done, "solved" if solved else "not_solved"
    helped.by_id, helped.by_name, helped.at, helped.request_key = by.id or 0, by.name, at, call.request_key
    session.add(helped)
    session.flush()
    tell(session, contact, "help.record", by=by, at=at, name=helped.consent_by, reason=helped.done, result=helped.result)
    return helped
