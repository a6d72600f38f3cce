"""Hand-ins as finance sees them: those that wait, counting one by denomination, confirming it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.deposit_queries import deposit_of
from dispatch.fees.ledger_queries import HAND_IN_SORTS, hand_in_seen, hand_ins, receipts_handed
from dispatch.fees.ledger_rules import DENOMINATIONS, HAND_IN_WORDS
from dispatch.fees.models import HandIn, Voucher
from dispatch.fees.operations import add_slip, confirm_hand_in, take_back_hand_in
from dispatch.fees.settling_queries import Settled, open_part, open_parts, settlements_of
from dispatch.fees.settling_rules import SETTLEMENT_WORDS, SETTLEMENTS
from dispatch.fees.slip_queries import slips_of
from dispatch.finance.assigning import people_to_name
from dispatch.finance.forms import read_count
from dispatch.finance.pages.blueprint import Answer, chosen_branch, pages
from dispatch.finance.pages.sending import scan_of, sent_with_file
from dispatch.staff.models import Person
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked


@pages.get("/finance/hand-ins")
@may("money.see")
def hand_in_list() -> str:
    """Every hand-in, those that wait first."""
    asked = request.args.get("status", "")
    state = asked if asked in HAND_IN_WORDS else None
    with transaction() as db:
        cut = cut_asked(HAND_IN_SORTS, "state")
        found = hand_ins(db, current(), branch_id=chosen_branch(), state=state, cut=cut)
        shown = {"rows": found.rows, "left": open_parts(db, found.rows), "page": Leaf.of(found), "sort": Heads(cut.sort)}
    return render_template("finance/hand_ins.html", **shown, status=state, HAND_IN_WORDS=HAND_IN_WORDS)


@pages.get("/finance/hand-ins/<int:hand_in_id>")
@may("money.see")
def show_hand_in(hand_in_id: int) -> Answer:
    """One hand-in: its receipts, and the form to count it while it waits."""
    return hand_in_page(hand_in_id, Form())


@pages.post("/finance/hand-ins/<int:hand_in_id>")
@may("money.confirm")
def confirm(hand_in_id: int) -> Answer:
    """Confirm what was counted."""
    form = Form()
    try:
        form, file = sent_with_file()
        scan = scan_of(file)
        count = read_count({name: form.text(name) for name in form.values})
        with transaction() as db:
            done = confirm_hand_in(db, hand_in_id, **count.__dict__, by=current(), at=now())
            if scan is not None:
                add_slip(db, done, scan, by=current(), at=now())
            number = done.number
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return hand_in_page(hand_in_id, form.refused(refusal), refusal)
    flash(_("%(number)s is confirmed and posted.", number=number), "success")
    return redirect(url_for("finance.show_hand_in", hand_in_id=hand_in_id))


@pages.post("/finance/hand-ins/<int:hand_in_id>/take-back")
@may("money.confirm")
def take_back(hand_in_id: int) -> Answer:
    """Take a confirmed hand-in back: its receipts can be handed in again."""
    form = Form.sent()
    try:
        with transaction() as db:
            take_back_hand_in(db, hand_in_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return hand_in_page(hand_in_id, form.refused(refusal), refusal, acting="take_back")
    flash(_("Taken back and booked back. Its receipts can be handed in again."), "success")
    return redirect(url_for("finance.show_hand_in", hand_in_id=hand_in_id))


def hand_in_page(hand_in_id: int, form: Form, refusal: Refusal | None = None, *, acting: str = "count") -> Answer:
    """The page of a hand-in; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    with transaction() as db:
        made = hand_in_seen(db, hand_in_id, current())
        if made is None:
            raise NotFound
        people = sa.select(Person.id, Person.name).where(Person.branch_id == made.branch_id, Person.active).order_by(Person.name)
        settled = settlements_of(db, made.id) if made.difference else []
        left = open_part(made, sum((each.row.amount for each in settled if not each.back), Decimal(0)))
        page = render_template(
            "finance/hand_in.html",
            made=made,
            receipts=receipts_handed(db, made.id),
            vouchers=db.scalars(_vouchers_of(made)).all(),
            people=[("", "—"), *((str(id_), name) for id_, name in db.execute(people))],
            form=form,
            refusal=refusal,
            acting=acting if refusal else "",
            denominations=[str(worth) for worth in DENOMINATIONS],
            labels=_labels(),
            open=left,
            deposit=deposit_of(db, made.id),
            slips=slips_of(db, hand_in_id=made.id),
            may_add=made.status == "confirmed" and made.person_id != current().id and current().may("money.confirm"),
            settled=settled,
            forms=_forms(made, left, settled),
            heirs=people_to_name(db, made.branch_id) if left and current().may("difference.assign") else [],
            request_key=uuid.uuid4(),
            SETTLEMENT_WORDS=SETTLEMENT_WORDS,
            HAND_IN_WORDS=HAND_IN_WORDS,
        )
    return (page, refusal.status) if refusal else page


def _forms(made: HandIn, left: Decimal, settled: list[Settled]) -> list[str]:
    """The names of the forms that are for the reader now: what may be done about it, and nobody to his own."""
    mine = {"handed": "count", "confirmed": "take_back"}.get(made.state)
    forms = [mine] if mine and made.person_id != current().id and current().may("money.confirm") else []
    return forms if made.back else [*forms, *ways_to_settle(made.difference_owner_id, left, settled)]


def ways_to_settle(owner_id: int | None, left: Decimal, settled: list[Settled]) -> list[str]:
    """The names of the forms by which the reader may settle a difference or take a settlement of it back; nobody his own."""
    if owner_id == current().id:
        return []
    ways = [how for how, permission in SETTLEMENTS.items() if current().may(permission)]
    stand = [f"settlement-{each.row.id}" for each in settled if each.row.how in ways and not each.back]
    return [*stand, *(ways if left else ())]


def _vouchers_of(made: HandIn) -> sa.Select[str]:
    """The numbers of its voucher and of the one that booked it back."""
    mine = Voucher.hand_in_id == made.id
    mine = sa.or_(mine, Voucher.hand_in_back_id == made.back.id) if made.back else mine
    return sa.select(Voucher.number).where(mine).order_by(Voucher.id)


def _labels() -> dict[str, str]:
    """What the fields of the count are called, for the list of what is wrong."""
    notes = {f"n{worth}": f"¥{worth}" for worth in DENOMINATIONS}
    return {
        **notes,
        "file": _("Photo of the slip"),
        "counted": _("Sum"),
        "reason": _("Reason"),
        "owner": _("Who answers for it"),
        "amount": _("Amount"),
    }
