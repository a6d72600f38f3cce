"""The hand-in slip on paper: receipts, what was counted, two signatures; sealed like every sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.rules import canonical
from dispatch.fees.ledger_models import HandIn
from dispatch.fees.ledger_rules import DENOMINATIONS
from dispatch.fees.models import Receipt
from dispatch.sheets import wording
from dispatch.sheets.making import make_pdf
from dispatch.sheets.printing import templates
from dispatch.staff.models import Branch
from dispatch.words import say

TITLE = say("Hand-in slip")


def slip_pdf(made: HandIn, receipts: Sequence[Receipt], branch: Branch, *, at: datetime) -> bytes:
    """The signed PDF of a hand-in as it stands. Raises SheetFailed when this machine cannot make any."""
    facts = slip_facts(made, receipts, branch)
    title = f"{wording.in_chinese(TITLE)} {made.number}"
    shown = {
        "title": title,
        "made_at": at.astimezone(ZoneInfo(branch.zone)),
        "rows_counted": [(worth, n, _text(Decimal(worth) * n)) for worth, n in facts["counts"]],
    }
    return make_pdf(
        templates().get_template("finance/slip.html").render(**facts, **shown),
        title=title,
        language="zh-CN",
        created=made.confirmed_at or made.handed_at,
        attachment=("hand-in.json", canonical(facts)),
        reason=title,
        at=at,
    )


def slip_facts(made: HandIn, receipts: Sequence[Receipt], branch: Branch) -> dict[str, Any]:
    """What the slip says, as plain JSON: money as texts, moments in the branch's zone."""
    zone = ZoneInfo(branch.zone)
    counts = [[worth, n] for worth in map(str, DENOMINATIONS) if (n := (made.counts or {}).get(worth, 0))]
    return {
        "format": "gps-dispatch/hand-in/1",
        "number": made.number,
        "branch": {"code": branch.code, "name": branch.name},
        "person": made.person_name,
        "status": made.status,
        "taken_back": _taken_back(made, zone),
        "handed_at": made.handed_at.astimezone(zone).isoformat(),
        "declared": _text(made.declared),
        "receipts": [
            {"number": row.number, "at": row.at.astimezone(zone).isoformat(), "payer": row.payer, "amount": _text(row.amount)}
            for row in receipts
        ],
        "counts": counts,
        "counted": None if made.counted is None else _text(made.counted),
        "difference": None if made.difference is None else _text(made.difference),
        "reason": made.difference_reason,
        "owner": made.difference_owner_name,
        "confirmed_by": made.confirmed_by_name,
        "confirmed_at": made.confirmed_at.astimezone(zone).isoformat() if made.confirmed_at else None,
    }


def _taken_back(made: HandIn, zone: ZoneInfo) -> dict[str, str] | None:
    """Who has taken it back after it was confirmed, when and why."""
    back = made.back
    return {"by": back.by_name, "at": back.at.astimezone(zone).isoformat(), "reason": back.reason} if back else None


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
