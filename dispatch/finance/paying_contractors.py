"""An approved settlement is paid: noted with channel, day and reference; taken back by a row of the opposite amount.

Locks: the request's row, the sheet's, the orders that it pays by their ids, then the accounts.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.errors import Conflict, Invalid
from dispatch.fees.operations.posting import Cause
from dispatch.fees.operations.reversing import booked, check_stands, first_press, post_back, post_from_desk, reason_given
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet, ContractorSheetLine
from dispatch.finance.settlement_queries import standing_payment
from dispatch.finance.settlement_rules import LONGEST, PAYING, paid_lines
from dispatch.finance.settling_contractors import PERMISSION, check_approved, locked_sheet
from dispatch.outside.models import OutsideOffer
from dispatch.outside.operations.checking import settle, unsettle
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say


@dataclass(frozen=True)
class Paid:
    """How a settlement was paid, as it was typed."""

    channel: str
    paid_on: date | None
    reference: str


def pay_sheet(
    session: Session, request_id: int, how: Paid, *, request_key: uuid.UUID | None, by: Actor, at: datetime
) -> ContractorPayment:
    """Note that an approved sheet is paid; the same `request_key` again answers with the first.

    Raises Invalid beside what is wrong, RuleBroken before it is approved, for whoever accepted work of it himself and when the
    cash desk has not so much, Conflict when it is paid already.
    """
    by.must(PERMISSION)
    sheet, request = locked_sheet(session, request_id, by)
    first = first_press(session, ContractorPayment, request_key, sheet_id=sheet.id, channel=how.channel)
    if first is not None:
        return first
    check_approved(sheet, request)
    if (paid := standing_payment(session, sheet.id)) is not None:
        raise Conflict(say("%(name)s has noted this payment already. Nothing was booked twice.", name=paid.by_name))
    paid_on = _checked(session, sheet, how, at)
    facts = {"channel": how.channel, "paid_on": paid_on, "reference": how.reference.strip()[:LONGEST]}
    who = {"by_id": by.id, "by_name": by.name, "at": at}
    row = ContractorPayment(sheet_id=sheet.id, amount=sheet.amount, request_key=request_key, **facts, **who)
    session.add(row)
    session.flush()
    for offer_id in _offers(session, sheet):
        settle(session, offer_id, reference=f"{sheet.number} {row.reference}", by=by, at=at)
    record(session, ("request", request_id), "settlement.pay", by=by, at=at, detail=_said(sheet, row))
    cause = Cause("contractor_paid", sheet.branch_id, by, at, at, {"contractor_payment_id": row.id})
    post_from_desk(session, cause, paid_lines(sheet.branch_id, sheet.contractor_id, row.channel, row.amount))
    return row


def take_back_contractor_payment(session: Session, payment_id: int, *, reason: str, by: Actor, at: datetime) -> ContractorPayment:
    """Book a payment back: we owe the sheet again.

    Raises Invalid without a reason, Conflict when it was taken back before or is matched with a statement.
    """
    by.must(PERMISSION)
    found = booked(session, ContractorPayment, payment_id)
    sheet, request = locked_sheet(session, found.sheet.request_id, by)
    check_stands(session, found)
    same = {"sheet_id": sheet.id, "channel": found.channel, "paid_on": found.paid_on, "reference": found.reference}
    who = {"by_id": by.id, "by_name": by.name, "at": at}
    back = ContractorPayment(**same, amount=-found.amount, reason=reason_given(reason), reverses_id=found.id, **who)
    session.add(back)
    session.flush()
    for offer_id in _offers(session, sheet):
        unsettle(session, offer_id, by=by, at=at)
    record(session, ("request", request.id), "settlement.pay_back", by=by, at=at, detail=_said(sheet, back))
    post_back(session, "contractor_paid_back", found, back, sheet.branch_id, by=by, at=at)
    return back


def _checked(session: Session, sheet: ContractorSheet, how: Paid, at: datetime) -> date:
    """The day on which it was paid. Raises Invalid, RuleBroken."""
    wrong: dict[str, Text] = {}
    today = local_day(at, session.get_one(Branch, sheet.branch_id).zone)
    if how.channel not in PAYING:
        wrong["channel"] = say("Choose how it was paid.")
    if not how.reference.strip():
        wrong["reference"] = say("Please fill this in.")
    if how.paid_on is None or not sheet.month <= how.paid_on <= today:
        wrong["paid_on"] = say("A day since the month began, today at the latest, please.")
    if wrong or how.paid_on is None:
        raise Invalid(wrong)
    return how.paid_on


def _offers(session: Session, sheet: ContractorSheet) -> list[int]:
    """The work that it pays, in the order in which its orders are locked."""
    line = ContractorSheetLine
    rows = sa.select(OutsideOffer.id).join(line, line.offer_id == OutsideOffer.id).where(line.sheet_id == sheet.id)
    return list(session.scalars(rows.order_by(OutsideOffer.order_id, OutsideOffer.id)))


def _said(sheet: ContractorSheet, row: ContractorPayment) -> dict[str, str]:
    said = {"number": sheet.number, "name": sheet.contractor_name, "amount": str(row.amount), "channel": row.channel}
    said |= {"paid_on": row.paid_on.isoformat(), "reference": row.reference}
    return said | ({"reason": row.reason} if row.reason else {})
