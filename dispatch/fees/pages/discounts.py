"""How far below the list somebody may quote without being asked: limits by role and personal exceptions."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.discount_queries import discount_limits, quoting_people, usual_discount
from dispatch.fees.operations import end_discount_limit, set_discount_limit
from dispatch.fees.operations.discounting import QUOTING, may_decide
from dispatch.fees.page_forms import read_discount
from dispatch.fees.pages.blueprint import Answer, pages
from dispatch.permissions import ROLES
from dispatch.staff.queries import branches
from dispatch.typed import key_in
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr


@pages.get("/prices/discounts")
@may("price.see")
def discounts() -> Answer:
    """The limits in force and to come, and the form for another."""
    return _page(None)


@pages.post("/prices/discounts")
@may("discount.limits")
def set_discount() -> Answer:
    """Set a limit."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    try:
        new = read_discount({name: form.text(name) for name in form.values}, local_day(now(), current().zone))
        with transaction() as db:
            set_discount_limit(db, new, key=key, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(form.refused(refusal), refusal)
    flash(_("The limit is set."), "success")
    return redirect(url_for("fees.discounts"))


@pages.post("/prices/discounts/<int:limit_id>/end")
@may("discount.limits")
def end_discount(limit_id: int) -> Answer:
    """Take a limit away; what is said more widely holds again."""
    try:
        with transaction() as db:
            end_discount_limit(db, limit_id, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(None, refusal)
    flash(_("The limit is taken away."), "success")
    return redirect(url_for("fees.discounts"))


def _page(form: Form | None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        kept, ended = discount_limits(db, current())
        shown = {"kept": kept, "ended": ended, "usual": usual_discount(), "today": local_day(now(), current().zone)}
        choices = {"whom": _whom(db), "branches": _branches(db)} if allowed("discount.limits") else {"whom": [], "branches": []}
        page = render_template(
            "fees/discounts.html",
            **shown,
            **choices,
            form=form or Form.of({"request_key": str(uuid.uuid4())}),
            refusal=refusal,
            labels=_labels(),
            roles=ROLES,
            may_end=lambda row: may_decide(current(), row.role, row.branch_id, row.person_id),
        )
    return (page, refusal.status) if refusal else page


def _whom(db: Session) -> list[tuple[str, str]]:
    """Whom a limit can be set for: roles that make quotations, but one's own, and people of the reader's branch."""
    roles = [(role, tr(ROLES[role])) for role in QUOTING if role not in current().roles]
    people = [(f"p{id_}", name) for id_, name in quoting_people(db, current()) if id_ != current().id]
    return [*roles, *people]


def _branches(db: Session) -> list[tuple[str, str]]:
    everywhere = [("", _("All branches"))] if allowed("branches.all") else []
    return [*everywhere, *((str(one.id), one.name) for one in branches(db) if current().sees_branch(one.id))]


def _labels() -> dict[str, Any]:
    """What the fields are called, for the list of what is wrong."""
    whose = {"whom": _("For whom"), "branch": _("Branch"), "percent": _("Per cent")}
    return {**whose, "valid_from": _("From"), "valid_to": _("Until"), "reason": _("Reason")}
