"""A quotation on paper: what it is over, the sum with its tax, until when, and a place to sign; sealed like every sheet."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.rules import canonical
from dispatch.clock import local_day
from dispatch.fees.ledger_rules import split_tax
from dispatch.fees.models import Quotation
from dispatch.fees.quote_rules import STATE_WORDS, WAYS, stands_as
from dispatch.sheets import wording
from dispatch.sheets.making import make_pdf
from dispatch.sheets.printing import templates
from dispatch.staff.models import Branch
from dispatch.words import say

TITLE = say("Quotation")


def quotation_pdf(made: Quotation, branch: Branch, *, at: datetime) -> bytes:
    """The signed PDF of a quotation as it stands. Raises SheetFailed when this machine cannot make any."""
    zone = ZoneInfo(branch.zone)
    facts = quotation_facts(made, branch, at)
    title = f"{wording.in_chinese(TITLE)} {made.number}"
    shown = {
        "title": title,
        "made_at": at.astimezone(zone).isoformat(),
        "state_code": facts["state"],
        "state": wording.two(STATE_WORDS[facts["state"]]),
        "how": wording.two(WAYS[made.agreed_how]) if made.agreed_how else "",
    }
    return make_pdf(
        templates().get_template("fees/quote_paper.html").render(**(facts | shown)),
        title=title,
        language="zh-CN",
        created=made.at,
        attachment=("quotation.json", canonical(facts)),
        reason=title,
        at=at,
    )


def quotation_facts(made: Quotation, branch: Branch, at: datetime) -> dict[str, Any]:
    """What the paper says, as plain JSON: money as texts, moments in the branch's zone."""
    tax = sum((split_tax(line.amount, line.tax_rate)[1] for line in made.lines), Decimal("0.00"))
    agreed = {"by": made.agreed_by, "how": made.agreed_how, "on": made.agreed_on.isoformat() if made.agreed_on else None}
    return {
        "format": "gps-dispatch/quotation/1",
        "number": made.number,
        "branch": {"code": branch.code, "name": branch.name},
        "order": made.order.number,
        "customer": made.order.customer.name,
        "at": made.at.astimezone(ZoneInfo(branch.zone)).isoformat(),
        "valid_until": made.valid_until.isoformat(),
        "state": stands_as(made.state, made.valid_until, local_day(at, branch.zone)),
        "lines": [
            {
                "code": line.code,
                "name": line.name,
                "quantity": line.quantity,
                "listed": f"{line.listed_price:.2f}",
                "because": line.listed_told,
                "price": f"{line.unit_price:.2f}",
                "tax_rate": f"{line.tax_rate * 100:.0f} %",
                "amount": f"{line.amount:.2f}",
            }
            for line in made.lines
        ],
        "total": f"{made.total:.2f}",
        "below": f"{made.given_away:.2f}",
        "tax": f"{tax:.2f}",
        "note": made.note,
        "agreed": agreed if made.agreed_by else None,
        "by": made.by_name,
    }
