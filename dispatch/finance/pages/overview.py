"""Finance's page: differences first, then expected, collected and received side by side; the age of what has not come."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask import render_template

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.fees.cash_queries import held_in
from dispatch.fees.ledger_queries import hand_ins
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.finance.age_rules import NAMES, bars, totals
from dispatch.finance.ageing import account_ages, cash_ages, charge_ages
from dispatch.finance.day_queries import books_of
from dispatch.finance.differences import differences
from dispatch.finance.pages.blueprint import chosen_branch, pages
from dispatch.finance.queries import branch_accounts, day_rows
from dispatch.web.access import current, may

DAYS = 14
TOTALS = ("expected", "collected", "received")
DIFFERENCES = 20
MOST_AGED = 50
"""So many are shown at most, the oldest of them; the page says so."""


@pages.get("/finance")
@may("money.see")
def index() -> str:
    """What was expected, collected and received in the last two weeks, and who holds how much."""
    today, branch_id = local_day(now(), current().zone), chosen_branch()
    with transaction() as db:
        books = books_of(db, branch_id)
        rows = day_rows(db, branch_id=branch_id, since=today - timedelta(days=DAYS - 1), until=today)
        held = held_in(db, at=now(), branch_id=branch_id)
        found = differences(db, books, day=None, matching=today - timedelta(days=1), limit=DIFFERENCES)
        accounts = branch_accounts(db, branch_id)
        waiting = hand_ins(db, current(), branch_id=branch_id, state="handed").total
        return render_template(
            "finance/index.html",
            rows=rows,
            totals={name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in TOTALS},
            held=held,
            found=found,
            books=books,
            most=DIFFERENCES,
            accounts=accounts,
            waiting=waiting,
            every=branch_id is None,
            days=DAYS,
            today=today,
            CHANNEL_WORDS=CHANNEL_WORDS,
        )


@pages.get("/finance/ageing")
@may("money.see")
def ageing() -> str:
    """How old the money is that has not come: in hands, on account, not collected."""
    today, branch_id = local_day(now(), current().zone), chosen_branch()
    with transaction() as db:
        parts = [
            ("cash", cash_ages(db, branch_id, today)),
            ("account", account_ages(db, branch_id, today)),
            ("charges", charge_ages(db, branch_id, today)),
        ]
    shown = [(kind, rows, totals(rows), bars(totals(rows))) for kind, rows in parts]
    return render_template("finance/ageing.html", parts=shown, most=MOST_AGED, steps=NAMES, every=branch_id is None)
