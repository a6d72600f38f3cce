"""A contractor's settlement on paper: his orders, deductions, what he collected, what is owed; sealed like every sheet."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.rules import canonical
from dispatch.finance.contractor_queries import Job, Settlement
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
