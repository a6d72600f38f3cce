"""A contractor's settlement: drawn up for a month, approved by the ladder, paid by finance; taken back by counter-entries.

Locks: the contractor's row while one is drawn up, else the request's (a link holds it already), the sheet's; then accounts.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.operations import requests
from dispatch.approvals.operations.requests import Answer, Asked
from dispatch.clock import day_bounds, local_day
from dispatch.devices.contractors import contractor
from dispatch.devices.models import Holder
from dispatch.errors import Conflict, Invalid, NotFound, RuleBroken
from dispatch.fees.ledger_rules import SETTLEMENT_SERIES
from dispatch.fees.models import Voucher
from dispatch.fees.operations.posting import Cause, next_in_series, post
from dispatch.fees.operations.reversing import post_reversal, reason_given
from dispatch.fees.rules import yuan
from dispatch.finance.contractor_queries import Work, held_of, open_work
from dispatch.finance.month_rules import Month, month_of
from dispatch.finance.settlement_models import ContractorSheet, ContractorSheetBack, ContractorSheetLine
from dispatch.finance.settlement_queries import standing_payment
from dispatch.finance.settlement_rules import LONGEST, Correction, work_lines
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

PERMISSION = "outside.settle"


def draw_up(
    session: Session,
    contractor_id: int,
    month: Month,
    corrections: Sequence[Correction] = (),
    *,
    reason: str,
    key: uuid.UUID,
    by: Actor,
    at: datetime,
) -> ContractorSheet:
    """Draw up what a contractor gets until the end of a month, and ask for its approval; the same `key` again is the first one.

    What stands in another sheet stays there, so what became known too late for that one comes with this. Raises NotFound, Invalid
    beside what is wrong, RuleBroken where nothing is to be paid.
    """
    by.must(PERMISSION)
    holder = contractor(session, contractor_id, by)
    session.refresh(holder, with_for_update={"of": Holder})
    before = requests.asked_before(session, key, by)
    if before is not None:
        return session.scalars(sa.select(ContractorSheet).where(ContractorSheet.request_id == before.id)).one()
    branch = session.get_one(Branch, holder.branch_id)
    _check_said(month, corrections, reason, local_day(at, branch.zone))
    work = open_work(session, holder.id, until=day_bounds(month.last, branch.zone)[1])
    amount = sum((each.amount for each in work), Decimal("0.00")) + sum(each.amount for each in corrections)
    if amount <= 0:
        raise RuleBroken(say("Nothing is to be paid to %(name)s for this month.", name=holder.name or ""))
    number = next_in_series(session, SETTLEMENT_SERIES, branch.id, at)[0]
    told = {"name": holder.name, "amount": yuan(amount), "n": len(work), "month": str(month), "number": number}
    about = say("Pay %(name)s %(amount)s for %(n)s orders until %(month)s (%(number)s)", **told)
    request = requests.ask(
        session, Asked("settlement", amount, about, reason, key, {"number": number}), branch_id=branch.id, by=by, at=at
    )
    held = held_of(session, holder.id)
    whose = {"branch_id": branch.id, "contractor_id": holder.id, "contractor_name": holder.name or ""}
    made = {"by_id": by.id, "by_name": by.name, "at": at}
    sheet = ContractorSheet(number=number, month=month.first, amount=amount, held=held, request_id=request.id, **whose, **made)
    sheet.lines = _lines(work, corrections)
    session.add(sheet)
    session.flush()
    return sheet


def decide_sheet(session: Session, request_id: int, answer: Answer, *, by: Actor, at: datetime) -> Request:
    """Say yes or no to the open level; with the last yes we owe it, with a no its orders are free. Raises like any request."""
    by.must("order.decide")
    sheet, request = locked_sheet(session, request_id, by)
    state = requests.decide(session, request, answer, by=by, at=at)
    if state == "approved":
        cause = Cause("contractor_work", sheet.branch_id, by, at, at, {"contractor_sheet_id": sheet.id})
        post(session, cause, work_lines(sheet.branch_id, sheet.contractor_id, sheet.amount))
    elif state == "rejected":
        _free(session, sheet)
    return request


def withdraw_sheet(session: Session, request_id: int, *, by: Actor, at: datetime) -> Request:
    """Whoever drew it up takes it back while it waits. Raises NotAllowed for others, RuleBroken once it is approved."""
    sheet, request = locked_sheet(session, request_id, by)
    if request.state == "approved":
        raise RuleBroken(say("It is approved: finance takes it back on the page of the settlement, with a reason."))
    requests.withdraw(session, request, by=by, at=at)
    _free(session, sheet)
    return request


def take_back_sheet(session: Session, request_id: int, *, reason: str, by: Actor, at: datetime) -> ContractorSheetBack:
    """Book an approved sheet back: we do not owe it, and its orders are free for another one.

    Raises Invalid without a reason, RuleBroken while it is paid, Conflict when it is over.
    """
    by.must(PERMISSION)
    sheet, request = locked_sheet(session, request_id, by)
    words = reason_given(reason)
    if standing_payment(session, sheet.id) is not None:
        raise RuleBroken(say("It is paid: take the payment back first."))
    requests.call_off(session, request, reason=words, by=by, at=at)
    row = ContractorSheetBack(sheet_id=sheet.id, reason=words, by_id=by.id, by_name=by.name, at=at)
    session.add(row)
    _free(session, sheet)
    first = session.scalars(sa.select(Voucher.id).where(Voucher.contractor_sheet_id == sheet.id)).one()
    of = {"contractor_sheet_back_id": row.id, "reverses_id": first}
    post_reversal(session, Cause("contractor_work_back", sheet.branch_id, by, at, at, of), first)
    return row


def locked_sheet(session: Session, request_id: int, by: Actor) -> tuple[ContractorSheet, Request]:
    """The sheet of a request and the request, both locked. Raises NotFound, for another branch's, too."""
    request = requests.locked_request(session, request_id)
    query = sa.select(ContractorSheet).where(ContractorSheet.request_id == request_id)
    sheet = session.scalar(query.with_for_update().execution_options(populate_existing=True))
    if sheet is None:
        raise NotFound
    if not by.sees_branch(sheet.branch_id) and not _in_place(request, by):
        raise NotFound
    return sheet, request


def _in_place(request: Request, by: Actor) -> bool:
    """Whether somebody decides for the branch in the place of one who is away."""
    return any(branch_id == request.branch_id for branch_id, _ in by.places)


def _check_said(month: Month, corrections: Sequence[Correction], reason: str, today: date) -> None:
    wrong: dict[str, Text] = {}
    if month.first > month_of(today).first:
        wrong["month"] = say("This month has not come yet.")
    if any(not each.words.strip() for each in corrections):
        wrong["correction_words"] = say("Please say in a few words what it is.")
    if any(not each.amount for each in corrections):
        wrong["correction"] = say("An amount, please; below zero to take something off.")
    if not reason.strip():
        wrong["reason"] = say("Please give a reason.")
    if wrong:
        raise Invalid(wrong)


def _lines(work: Sequence[Work], corrections: Sequence[Correction]) -> list[ContractorSheetLine]:
    rows = [ContractorSheetLine(**each.__dict__) for each in work]
    rows += [ContractorSheetLine(amount=each.amount, note=each.words.strip()[:LONGEST]) for each in corrections]
    for nth, row in enumerate(rows):
        row.nth = nth
    return rows


def _free(session: Session, sheet: ContractorSheet) -> None:
    """It stands no more: its orders are free."""
    sheet.live = False
    session.execute(sa.update(ContractorSheetLine).where(ContractorSheetLine.sheet_id == sheet.id).values(live=False))
    session.flush()


def check_approved(sheet: ContractorSheet, request: Request) -> None:
    """Raises RuleBroken before it is approved, Conflict once it stands no more."""
    if not sheet.live:
        raise Conflict(say("%(number)s does not stand any more.", number=sheet.number))
    if request.state != "approved":
        raise RuleBroken(say("%(number)s is not approved yet, so it is not paid.", number=sheet.number))
