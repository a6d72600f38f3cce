"""A contractor's work over a span on paper, and his settlement of a month as it was frozen; sealed like every sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.approvals.models import Request
from dispatch.audit.rules import canonical
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.contractor_queries import Job, Settlement
from dispatch.finance.settlement_models import ContractorSheet, ContractorSheetLine
from dispatch.finance.settlement_queries import PaidBy, state_now
from dispatch.finance.settlement_rules import STATES
from dispatch.sheets import wording
from dispatch.sheets.making import make_pdf
from dispatch.sheets.printing import templates
from dispatch.staff.models import Branch
from dispatch.words import say

TITLE = say("Contractor's settlement")
SUMS = ("price", "docked", "amount", "collected", "held", "owed")


def settlement_pdf(name: str, made: Settlement, branch: Branch, *, first: date, last: date, at: datetime) -> bytes:
    """The signed PDF of a settlement as it stands. Raises SheetFailed when this machine cannot make any."""
    zone = ZoneInfo(branch.zone)
    facts = settlement_facts(name, made, branch, first=first, last=last)
    title = f"{wording.in_chinese(TITLE)} {name} {first} – {last}"
    shown = {"title": title, "made_at": at.astimezone(zone)}
    return make_pdf(
        templates().get_template("finance/settlement_sheet.html").render(**facts, **shown),
        title=title,
        language="zh-CN",
        created=at,
        attachment=("settlement.json", canonical(facts)),
        reason=title,
        at=at,
    )


def settlement_facts(name: str, made: Settlement, branch: Branch, *, first: date, last: date) -> dict[str, Any]:
    """What the sheet says, as plain JSON: money as texts, moments in the branch's zone."""
    zone = ZoneInfo(branch.zone)
    return {
        "format": "gps-dispatch/contractor-settlement/1",
        "contractor": name,
        "branch": {"code": branch.code, "name": branch.name},
        "first": first.isoformat(),
        "last": last.isoformat(),
        "jobs": [_job(job, zone) for job in made.jobs],
        "sums": {each: _text(made.sum(each)) for each in SUMS},
        "paid": _text(made.paid),
        "balance": _text(made.balance),
    }


def _job(job: Job, zone: ZoneInfo) -> dict[str, Any]:
    money = {name: _text(getattr(job, name)) for name in SUMS}
    when = {"accepted_at": job.accepted_at.astimezone(zone).isoformat()}
    return {"order": job.order, "worker": job.worker, **when, **money, "note": job.note, "reference": job.reference}


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"


def sheet_pdf(sheet: ContractorSheet, asked: Request, payments: Sequence[PaidBy], branch: Branch, *, at: datetime) -> bytes:
    """The signed PDF of a settlement of a month. Raises SheetFailed when this machine cannot make any."""
    zone = ZoneInfo(branch.zone)
    facts = sheet_facts(sheet, asked, payments, branch)
    title = f"{wording.in_chinese(TITLE)} {sheet.number} {sheet.contractor_name}"
    words = {
        "state_word": wording.two(STATES[facts["state"]]),
        "channel_word": facts["paid"] and wording.two(CHANNEL_WORDS[facts["paid"]["channel"]]),
    }
    shown = {"title": title, "made_at": at.astimezone(zone), **words}
    return make_pdf(
        templates().get_template("finance/sheet_paper.html").render(**facts, **shown),
        title=title,
        language="zh-CN",
        created=at,
        attachment=("settlement.json", canonical(facts)),
        reason=title,
        at=at,
    )


def sheet_facts(sheet: ContractorSheet, asked: Request, payments: Sequence[PaidBy], branch: Branch) -> dict[str, Any]:
    """What it says, as plain JSON: money as texts, moments in the branch's zone."""
    zone = ZoneInfo(branch.zone)
    paid = next((each.row for each in payments if each.back is None), None)
    steps = [step for step in asked.steps if step.decision == "approved" and step.decided_by and step.decided_at]
    return {
        "format": "gps-dispatch/contractor-sheet/1",
        "number": sheet.number,
        "contractor": sheet.contractor_name,
        "branch": {"code": branch.code, "name": branch.name},
        "month": f"{sheet.month:%Y-%m}",
        "amount": _text(sheet.amount),
        "state": state_now(sheet, payments),
        "lines": [_line(line, zone) for line in sheet.lines],
        "approved": [{"name": step.decided_by.name, "at": _moment(step.decided_at, zone)} for step in steps],  # type: ignore[union-attr]
        "paid": paid and {"on": paid.paid_on.isoformat(), "channel": paid.channel, "reference": paid.reference},
    }


def _line(line: ContractorSheetLine, zone: ZoneInfo) -> dict[str, Any]:
    when = _moment(line.accepted_at, zone)
    money = {"price": "" if line.price is None else _text(line.price), "amount": _text(line.amount)}
    return {"order": line.order_number or "", "worker": line.worker or "", "accepted_at": when, **money, "note": line.note or ""}


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat() if at else ""
