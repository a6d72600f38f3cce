"""Papers of a month: a technician's settlement sheet and a customer's statement of account, as facts and as a sealed PDF."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.rules import canonical
from dispatch.fees.ledger_queries import Movement, Turnover
from dispatch.fees.ledger_rules import VOUCHER_WORDS
from dispatch.finance.month_queries import Owing, OwingLine, Worked
from dispatch.finance.month_rules import Month
from dispatch.sheets import wording
from dispatch.sheets.making import make_pdf
from dispatch.sheets.printing import templates
from dispatch.staff.models import Branch
from dispatch.words import Text, say

SETTLEMENT, STATEMENT = say("Settlement sheet"), say("Statement of account")
FINAL, PRELIMINARY = say("Final"), say("Preliminary: not every day of the month is closed.")


def settlement_facts(
    who: Worked, turned: Turnover, moved: Sequence[Movement], branch: Branch, month: Month, *, final: bool
) -> dict[str, Any]:
    """What a technician's sheet says, as plain JSON: money as texts."""
    sums = ("cash", "channels", "on_account", "handed", "differences", "goodwill")
    return {
        "format": "gps-dispatch/settlement/1",
        "branch": {"code": branch.code, "name": branch.name},
        "month": str(month),
        "final": final,
        "person": who.name,
        "sums": {name: _text(getattr(who, name)) for name in sums},
        "turnover": {name: _text(getattr(turned, name)) for name in ("opening", "came", "went", "closing")},
        "rows": [
            {
                "day": row.day.isoformat(),
                "voucher": row.voucher.number,
                "kind": row.voucher.kind,
                "paper": row.paper or "",
                "amount": _text(row.amount),
                "balance": _text(row.balance),
            }
            for row in moved
        ],
    }


def statement_facts(owing: Owing, lines: Sequence[OwingLine], branch: Branch, month: Month, *, final: bool) -> dict[str, Any]:
    """What a customer's statement says, as plain JSON: money as texts; what each order comes to stands under it."""
    orders: dict[str, Decimal] = {}
    for line in lines:
        orders[line.order] = orders.get(line.order, Decimal(0)) + line.amount
    return {
        "format": "gps-dispatch/customer-statement/1",
        "branch": {"code": branch.code, "name": branch.name},
        "month": str(month),
        "final": final,
        "customer": owing.name,
        "sums": {name: _text(getattr(owing, name)) for name in ("opening", "charged", "paid", "closing")},
        "rows": [
            {
                "day": line.day.isoformat(),
                "voucher": line.voucher,
                "kind": line.kind,
                "order": line.order,
                "receipt": line.receipt,
                "amount": _text(line.amount),
            }
            for line in lines
        ],
        "orders": [{"order": number, "amount": _text(amount)} for number, amount in sorted(orders.items())],
    }


def paper(facts: dict[str, Any], template: str, title: Text, whose: str, branch: Branch, *, at: datetime) -> bytes:
    """The signed PDF of such facts. Raises SheetFailed when this machine cannot make any."""
    said = f"{wording.in_chinese(title)} {whose} {facts['month']}"
    shown = {
        "title": said,
        "made_at": at.astimezone(ZoneInfo(branch.zone)).isoformat(),
        "kinds": {kind: wording.two(word) for kind, word in VOUCHER_WORDS.items()},
        "state": wording.two(FINAL if facts["final"] else PRELIMINARY),
    }
    return make_pdf(
        templates().get_template(template).render(**facts, **shown),
        title=said,
        language="zh-CN",
        created=at,
        attachment=("statement.json", canonical(facts)),
        reason=said,
        at=at,
    )


def amounts(rows: Sequence[dict[str, Any]], names: Sequence[str], kinds: dict[str, str]) -> Iterator[list[Any]]:
    """The rows of facts as a table: kinds in words, the last columns as numbers."""
    for row in rows:
        yield [kinds[row[name]] if name == "kind" else row[name] for name in names]


def _text(amount: Decimal) -> str:
    return f"{amount:.2f}"
