"""One person's cash account like a bank statement: a span of days, page by page, and as a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.cash_queries import Held, held_by, passes_of
from dispatch.fees.ledger_queries import (
    STATEMENT_SORTS,
    Movement,
    Span,
    Turnover,
    hand_ins_of,
    receipts_in_hand,
    statement,
    turnover,
    whole_statement,
)
from dispatch.fees.ledger_rules import HAND_IN_WORDS, VOUCHER_WORDS
from dispatch.fees.operations import let_pass
from dispatch.finance.owed_queries import answered_for
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.tabular.writing import Table
from dispatch.typed import day_in
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr


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
            let_pass(db, person_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _person(person_id, form.refused(refusal), refusal)
    flash(_("Paid jobs can be given to him until his next hand-in."), "success")
    return redirect(url_for("finance.person", person_id=person_id))


def _person(person_id: int, form: Form | None, refusal: Refusal | None = None) -> Answer:
    cut, span = cut_asked(STATEMENT_SORTS, "-time"), span_asked()
    with transaction() as db:
        held, turned = _holding(db, person_id), turnover(db, person_id, span)
        moved = statement(db, person_id, cut=cut, span=span, total=turned.count)
        page = render_template(
            "finance/person.html",
            held=held,
            may_pass=held.barred and current().may("cash.let_pass") and person_id != current().id,
            passes=passes_of(db, person_id),
            receipts=receipts_in_hand(db, person_id),
            movements=moved.rows,
            span=span,
            turned=turned,
            page=Leaf.of(moved),
            sort=Heads(cut.sort),
            handed=hand_ins_of(db, person_id),
            answers=answered_for(db, person_id),
            form=form,
            refusal=refusal,
            acting="pass" if refusal else "",
            labels={"reason": _("Reason")},
            VOUCHER_WORDS=VOUCHER_WORDS,
            HAND_IN_WORDS=HAND_IN_WORDS,
        )
    return (page, refusal.status) if refusal else page


@pages.get("/finance/people/<int:person_id>/statement.xlsx")
@may("money.see")
def person_export(person_id: int) -> Response:
    """The same movements as a spreadsheet, with what the account began and ended with."""
    span = span_asked()
    with transaction() as db:
        held, moved = _holding(db, person_id), whole_statement(db, person_id, span)
        turned = turnover(db, person_id, span)
    heads = [_("Day"), _("Voucher"), _("What"), _("Paper"), _("Booked by"), _("In"), _("Out"), _("Balance")]
    lines = list(_lines(moved, turned, span))
    return spreadsheet(f"cash-{person_id}.xlsx", Table(held.name, heads, lines, money=(5, 6, 7), summed=False))


def span_asked() -> Span:
    """The days that the address asks for; what cannot be read counts as not given."""
    return Span(day_in(request.args.get("from")), day_in(request.args.get("to")))


def _lines(moved: Sequence[Movement], turned: Turnover, span: Span) -> Iterator[list[Any]]:
    zero = Decimal("0.00")
    yield [span.since or "", "", _("Opening balance"), "", "", zero, zero, turned.opening]
    for row in moved:
        ways = (row.amount, zero) if row.amount > 0 else (zero, -row.amount)
        told = (row.voucher.number, tr(VOUCHER_WORDS[row.voucher.kind]), row.paper or "", row.voucher.by_name)
        yield [row.day, *told, *ways, row.balance]
    yield [span.until or "", "", _("Closing balance"), "", "", turned.came, turned.went, turned.closing]


def _holding(db: Session, person_id: int) -> Held:
    """What a person holds whom the reader may see. Raises NotFound."""
    held = held_by(db, person_id, at=now())
    if held is None or not current().sees_branch(held.branch_id):
        raise NotFound
    return held
