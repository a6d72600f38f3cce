"""Finance's page: expected, collected and received side by side; one person's account like a bank statement."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound
from dispatch.fees.account_queries import debts
from dispatch.fees.ledger_queries import STATEMENT_SORTS, Holding, hand_ins, hand_ins_of, holdings, receipts_in_hand, statement
from dispatch.fees.ledger_rules import HAND_IN_WORDS, VOUCHER_WORDS
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.fees.settling_queries import open_differences
from dispatch.finance.pages.blueprint import chosen_branch, limits, pages, risks
from dispatch.finance.queries import branch_accounts, day_rows
from dispatch.staff.models import Person
from dispatch.web.access import current, may
from dispatch.web.listing import Heads, Leaf, cut_asked

DAYS = 14
TOTALS = ("expected", "collected", "received")
DIFFERENCES, DEBTS = 20, 20
"""So many are shown at most, the oldest of them; the page says so."""


@pages.get("/finance")
@may("money.see")
def index() -> str:
    """What was expected, collected and received in the last two weeks, and who holds how much."""
    today, branch_id = local_day(now(), current().zone), chosen_branch()
    with transaction() as db:
        rows = day_rows(db, branch_id=branch_id, since=today - timedelta(days=DAYS - 1), until=today)
        held = holdings(db, branch_id)
        found = open_differences(db, branch_id, limit=DIFFERENCES)
        accounts = branch_accounts(db, branch_id)
        waiting = hand_ins(db, current(), branch_id=branch_id, state="handed").total
        return render_template(
            "finance/index.html",
            rows=rows,
            totals={name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in TOTALS},
            held=[(each, risks(each.cash, each.oldest_at)) for each in held],
            differences=found,
            most=DIFFERENCES,
            accounts=accounts,
            debts=debts(db, branch_id, limit=DEBTS),
            most_debts=DEBTS,
            waiting=waiting,
            every=branch_id is None,
            days=DAYS,
            today=today,
            CHANNEL_WORDS=CHANNEL_WORDS,
        )


@pages.get("/finance/people/<int:person_id>")
@may("money.see")
def person(person_id: int) -> str:
    """The cash account of one person: balance, receipts in hand, hand-ins, every movement with the balance after it."""
    cut = cut_asked(STATEMENT_SORTS, "-time")
    with transaction() as db:
        held, moved = _holding(db, person_id), statement(db, person_id, cut=cut)
        return render_template(
            "finance/person.html",
            held=held,
            risks=risks(held.cash, held.oldest_at),
            limits=limits(),
            receipts=receipts_in_hand(db, person_id),
            movements=moved.rows,
            page=Leaf.of(moved),
            sort=Heads(cut.sort),
            handed=hand_ins_of(db, person_id),
            VOUCHER_WORDS=VOUCHER_WORDS,
            HAND_IN_WORDS=HAND_IN_WORDS,
        )


def _holding(db: Session, person_id: int) -> Holding:
    """What a person holds whom the reader may see. Raises NotFound."""
    home = db.scalar(sa.select(Person.branch_id).where(Person.id == person_id))
    if home is None or not current().sees_branch(home):
        raise NotFound
    return holdings(db, person_id=person_id)[0]
