"""Saying whether a repeat is a recall."""

from __future__ import annotations

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.orders.operations.recalls import decide_recall
from dispatch.orders.pages.blueprint import pages
from dispatch.orders.pages.showing import Refused, _page, sentence_of
from dispatch.orders.queries import order_id_of
from dispatch.web.access import current, may
from dispatch.web.forms import Form


@pages.post("/orders/<number>/recalls/<int:recall_id>/<any(confirm, deny):said>")
@may("recall.decide")
def decide(number: str, recall_id: int, said: str) -> Response | tuple[str, int]:
    """It is one, or it is none and why."""
    reason = request.form.get("reason", "").strip()[:2000]
    try:
        with transaction() as db:
            order_id = order_id_of(db, number, current())
            decide_recall(db, order_id, recall_id, confirmed=said == "confirm", reason=reason, by=current(), at=now())
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(number, refused=Refused(said, sentence_of(refusal), Form.sent())), refusal.status
    flash(_("It counts as a recall.") if said == "confirm" else _("It does not count as a recall."), "success")
    return redirect(url_for("orders.show", number=number))
