"""A payment code on the technician's phone: shown, watched until it is paid, asked about, cancelled."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal, RuleBroken
from dispatch.fees.rules import CHANNEL_WORDS
from dispatch.field.pages.blueprint import pages
from dispatch.field.pages.money import payment_page
from dispatch.field.pages.sending import Answer, Refused, device
from dispatch.field.pages.stop import shown
from dispatch.field.presenting.stops import Stop
from dispatch.paycodes.asking import ask_about, cancel_code, show_code
from dispatch.paycodes.gateway import connected, offered
from dispatch.paycodes.models import PayCode
from dispatch.paycodes.queries import code_of_order
from dispatch.paycodes.rules import ALIVE, still_serves
from dispatch.sheets.drawing import qr_svg
from dispatch.staff.queries import company_name
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import tr
from dispatch.words import say

OVER = say("This visit is over, so nothing was changed.")


@pages.post("/my-day/visits/<int:visit_id>/codes")
@may("visit.drive")
def show_a_code(visit_id: int) -> Answer:
    """Have a code for what is due; the one that is there is shown again."""
    form, channel = Form.sent(), request.form.get("channel", "")
    order_id = _own_order(visit_id)
    try:
        if channel not in offered():
            raise Invalid({"": say("Choose how it was paid.")})
        code_id = show_code(order_id, channel=channel, device=device(), visit_id=visit_id, by=current(), clock=now)
    except NotFound:
        raise
    except Refusal as refusal:
        return payment_page(visit_id, Refused("code.show", form.refused(refusal), request.path)), refusal.status
    return redirect(url_for("field.code", visit_id=visit_id, code_id=code_id), 303)


@pages.get("/my-day/visits/<int:visit_id>/codes/<int:code_id>")
@may("visit.drive")
def code(visit_id: int, code_id: int) -> Answer:
    """The code, as large as the phone is wide; once it is paid, the receipt."""
    with transaction() as db:
        seen = shown(db, visit_id)
        stop: Stop = seen["stop"]
        found = code_of_order(db, stop.order.id, code_id)
        if found is None:
            raise NotFound
        if found.state == "paid":
            return redirect(url_for("field.payment", visit_id=visit_id))
        serves, due = _serves(found, stop), stop.due
        return render_template(
            "field/code.html",
            **seen,
            code=found,
            serves=serves,
            changed=found.state in ALIVE and found.amount != due,
            picture=qr_svg(found.url) if serves and found.url else None,
            company=company_name(db),
            channel=CHANNEL_WORDS[found.channel],
            pretended=connected().pretended,
        )


@pages.get("/my-day/visits/<int:visit_id>/codes/<int:code_id>/state")
@may("visit.drive")
def code_state(visit_id: int, code_id: int) -> Response:
    """How the code stands, for a page that is open; as `seen`: 204."""
    with transaction() as db:
        stop: Stop = shown(db, visit_id)["stop"]
        found = code_of_order(db, stop.order.id, code_id)
        if found is None:
            raise NotFound
        state = found.state if found.state == "paid" or _serves(found, stop) else "over"
    if state == request.args.get("seen"):
        return Response(status=204)
    return Response(state, mimetype="text/plain")


@pages.post("/my-day/visits/<int:visit_id>/codes/<int:code_id>/cancel")
@may("visit.drive")
def cancel(visit_id: int, code_id: int) -> Answer:
    """Let nobody pay it any more."""
    return _asked(visit_id, code_id, cancel=True)


@pages.post("/my-day/visits/<int:visit_id>/codes/<int:code_id>/ask")
@may("visit.drive")
def ask(visit_id: int, code_id: int) -> Answer:
    """The customer says that he has paid: ask the channel now."""
    return _asked(visit_id, code_id, cancel=False)


def _serves(found: PayCode, stop: Stop) -> bool:
    """Whether it can be paid, and asks for what is due."""
    return still_serves(found.state, found.made_at, found.expires_at, now()) and found.amount == stop.due


def _asked(visit_id: int, code_id: int, *, cancel: bool) -> Answer:
    order_id = _own_order(visit_id)
    with transaction() as db:
        if code_of_order(db, order_id, code_id) is None:
            raise NotFound
    state = cancel_code(code_id, clock=now) if cancel else ask_about(code_id, clock=now)
    if state == "paid":
        flash(_("It is paid: the receipt is written."), "success")
    elif cancel:
        _tell_cancelled(code_id)
    else:
        flash(_("The channel does not know of a payment yet."), "info")
        return redirect(url_for("field.code", visit_id=visit_id, code_id=code_id), 303)
    return redirect(url_for("field.payment", visit_id=visit_id), 303)


def _tell_cancelled(code_id: int) -> None:
    """Whether the channel knows it, too: else the customer could still pay."""
    with transaction() as db:
        found = db.get_one(PayCode, code_id)
        channel = CHANNEL_WORDS[found.channel]
    if found.shut_at is not None:
        flash(_("The code is cancelled."), "success")
    else:
        told = _("The code is cancelled here. %(channel)s has not confirmed it yet: let nobody scan it.", channel=tr(channel))
        flash(told, "warning")


def _own_order(visit_id: int) -> int:
    """The order of his visit. Raises NotFound for another's, RuleBroken unless he is at the vehicle."""
    with transaction() as db:
        stop: Stop = shown(db, visit_id)["stop"]
        if not stop.live:
            raise RuleBroken(OVER)
        return stop.order.id
