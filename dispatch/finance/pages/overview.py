"""Finance's page: expected, collected and received side by side; one person's account, and letting him pass."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.account_queries import debts
from dispatch.fees.cash_queries import Held, held_by, held_in, passes_of
from dispatch.fees.ledger_queries import STATEMENT_SORTS, hand_ins, hand_ins_of, receipts_in_hand, statement
from dispatch.fees.ledger_rules import HAND_IN_WORDS, VOUCHER_WORDS
from dispatch.fees.operations import let_pass
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.fees.settling_queries import open_differences
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.queries import branch_accounts, day_rows
from dispatch.web.access import current, may
from dispatch.web.forms import Form
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
        held = held_in(db, at=now(), branch_id=branch_id)
        found = open_differences(db, branch_id, limit=DIFFERENCES)
        accounts = branch_accounts(db, branch_id)
        waiting = hand_ins(db, current(), branch_id=branch_id, state="handed").total
        return render_template(
            "finance/index.html",
            rows=rows,
            totals={name: sum((getattr(row, name) for row in rows), Decimal(0)) for name in TOTALS},
            held=held,
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
def person(person_id: int) -> Answer:
    """The cash account of one person: balance, receipts in hand, hand-ins, every movement with the balance after it."""
    return _person(person_id, None)


@pages.post("/finance/people/<int:person_id>/pass")
@may("cash.let_pass")
def pass_person(person_id: int) -> Answer:
    """Let somebody over his limit take further paid jobs until his next hand-in."""
    form = Form.sent()
    try:
        with transaction() as db:
            let_pass(db, person_id, reason=form.text("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _person(person_id, form.refused(refusal), refusal)
    flash(_("Paid jobs can be given to him until his next hand-in."), "success")
    return redirect(url_for("finance.person", person_id=person_id))


def _person(person_id: int, form: Form | None, refusal: Refusal | None = None) -> Answer:
    cut = cut_asked(STATEMENT_SORTS, "-time")
    with transaction() as db:
        held, moved = _holding(db, person_id), statement(db, person_id, cut=cut)
        page = render_template(
            "finance/person.html",
            held=held,
            may_pass=held.barred and current().may("cash.let_pass") and person_id != current().id,
            passes=passes_of(db, person_id),
            receipts=receipts_in_hand(db, person_id),
            movements=moved.rows,
            page=Leaf.of(moved),
            sort=Heads(cut.sort),
            handed=hand_ins_of(db, person_id),
            form=form,
            refusal=refusal,
            acting="pass" if refusal else "",
            labels={"reason": _("Reason")},
            VOUCHER_WORDS=VOUCHER_WORDS,
            HAND_IN_WORDS=HAND_IN_WORDS,
        )
    return (page, refusal.status) if refusal else page


def _holding(db: Session, person_id: int) -> Held:
    """What a person holds whom the reader may see. Raises NotFound."""
    held = held_by(db, person_id, at=now())
    if held is None or not current().sees_branch(held.branch_id):
        raise NotFound
    return held
