"""How much cash may be held and how long: everybody's limit, those of branches, and personal exceptions."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.cash_queries import cash_limits, usual_limit
from dispatch.fees.operations import end_cash_limit, set_cash_limit
from dispatch.finance.forms import read_cash_limit
from dispatch.finance.pages.blueprint import Answer, pages
from dispatch.staff.models import Person
from dispatch.staff.queries import branches, technicians
from dispatch.typed import key_in, number_in
from dispatch.web.access import allowed, current, may
from dispatch.web.forms import Form


@pages.get("/finance/limits")
@may("money.see")
def limits() -> Answer:
    """The limits in force and to come, and the form for another."""
    return _page(None)


@pages.post("/finance/limits")
@may("cash.limits")
def set_limit() -> Answer:
    """Set a limit."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    try:
        new = read_cash_limit({name: form.text(name) for name in form.values}, local_day(now(), current().zone))
        with transaction() as db:
            set_cash_limit(db, new, key=key, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(form.refused(refusal), refusal)
    flash(_("The limit is set."), "success")
    return redirect(url_for("finance.limits"))


@pages.post("/finance/limits/<int:limit_id>/end")
@may("cash.limits")
def end_limit(limit_id: int) -> Answer:
    """Take a limit away; what is said more widely holds again."""
    try:
        with transaction() as db:
            end_cash_limit(db, limit_id, by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _page(None, refusal)
    flash(_("The limit is taken away."), "success")
    return redirect(url_for("finance.limits"))


def _page(form: Form | None, refusal: Refusal | None = None) -> Answer:
    with transaction() as db:
        kept, ended = cash_limits(db, current())
        page = render_template(
            "finance/limits.html",
            kept=kept,
            ended=ended,
            usual=usual_limit(),
            today=local_day(now(), current().zone),
            whom=_whom(db) if allowed("cash.limits") else [],
            form=form or _fresh(),
            refusal=refusal,
            labels=_labels(),
        )
    return (page, refusal.status) if refusal else page


def _whom(db: Session) -> list[tuple[str, str]]:
    """Whom a limit can be set for: everybody, branches, technicians of the reader's own branch, and whoever was asked for."""
    everybody = [("all", _("All branches"))] if allowed("branches.all") else []
    places = [(f"b{one.id}", one.name) for one in branches(db) if current().sees_branch(one.id)]
    people = {one.id: one.name for one in technicians(db, current().branch_id or 0)}
    asked = db.get(Person, number_in(request.args.get("person")) or 0)
    if asked is not None and current().sees_branch(asked.branch_id):
        people[asked.id] = asked.name
    return [*everybody, *places, *((f"p{id_}", name) for id_, name in people.items() if id_ != current().id)]


def _fresh() -> Form:
    asked = number_in(request.args.get("person"))
    begin: dict[str, Any] = {"whom": f"p{asked}"} if asked else {}
    return Form.of({**begin, "request_key": str(uuid.uuid4())})


def _labels() -> dict[str, str]:
    """What the fields are called, for the list of what is wrong."""
    amounts = {"whom": _("For whom"), "most": _("Most cash"), "hours": _("Hours")}
    return {**amounts, "valid_from": _("From"), "valid_to": _("Until"), "reason": _("Reason")}
