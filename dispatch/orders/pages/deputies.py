"""Who decides in my place while I am away, and in whose place I do."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.deputy_forms import read_absence
from dispatch.orders.pages.blueprint import pages
from dispatch.staff.deputies import deputies_of, name_deputy, possible_deputies, revoke_deputy
from dispatch.typed import key_in
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.words import Text


@pages.get("/approvals/deputies")
@may("order.decide")
def approvals_deputies() -> str:
    """My deputies, and whose deputy I am."""
    return _page(None)


def _page(form: Form | None, refused: Text | None = None) -> str:
    at = now()
    with transaction() as db:
        rows = deputies_of(db, current())
        people = [(one.id, f"{one.name} · {one.branch.name}") for one in possible_deputies(db, current())]
        shown = {
            "mine": [row for row in rows if row.person_id == current().id and not row.over(at)],
            "for_others": [row for row in rows if row.deputy_id == current().id and not row.over(at)],
            "over": [row for row in rows if row.over(at)],
        }
        return render_template(
            "orders/deputies.html", **shown, people=people, form=form, refused=refused, at=at, new_key=uuid.uuid4()
        )


@pages.post("/approvals/deputies")
@may("order.decide")
def approvals_name_deputy() -> Response | tuple[str, int]:
    """Name a deputy for a span of time."""
    form = Form.sent()
    key = key_in(form.text("request_key"))
    if key is None:
        raise NotFound
    at = now()
    try:
        with transaction() as db:
            row = name_deputy(db, read_absence(form.values, key=key, zone=current().zone, at=at), by=current(), at=at)
            name = row.deputy.name
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(form.refused(refusal)), refusal.status
    flash(_("%(name)s decides in your place during this time.", name=name), "success")
    return redirect(url_for("orders.approvals_deputies"))


@pages.post("/approvals/deputies/<int:deputy_id>/revoke")
@may("order.decide")
def approvals_revoke_deputy(deputy_id: int) -> Response | tuple[str, int]:
    """End it before its time."""
    try:
        with transaction() as db:
            name = revoke_deputy(db, deputy_id, by=current(), at=now()).deputy.name
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(None, refusal.text), refusal.status
    flash(_("%(name)s no longer decides in your place.", name=name), "success")
    return redirect(url_for("orders.approvals_deputies"))
