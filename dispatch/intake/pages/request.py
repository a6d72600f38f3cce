"""An installation request from a spreadsheet: send it in, look it over, take it in."""

from __future__ import annotations

import io

from flask import Response, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.errors import Conflict, NotFound, Refusal
from dispatch.intake.forms import Edits, answer_for, colour_options, customer_named_in, read_edits
from dispatch.intake.known import in_doubt
from dispatch.intake.models import Upload
from dispatch.intake.operations import keep_edits, take_request
from dispatch.intake.operations.working import ask_to_take
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.pages.working import failed_reading, failed_take, has_ended, is_busy, received, waiting_page
from dispatch.intake.presenting import column_facts
from dispatch.intake.progress import is_long
from dispatch.intake.queries import settled_lines, taken_before, upload, uploads_waiting
from dispatch.intake.rules import Settled
from dispatch.intake.stored import from_json
from dispatch.intake.template import template_csv
from dispatch.orders.models import Order
from dispatch.orders.rules import URGENCY_WORDS
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import short_locale
from dispatch.web.uploads import refused_file

MOST_SHOWN = 300


@pages.get("/requests/new")
@may("order.take")
def request_upload() -> Answer:
    """Choose a file; files that were read and not yet taken in wait here."""
    return _upload_page(Form())


@pages.post("/requests/new")
@may("order.take")
def send_request() -> Answer:
    """Read the file and show what was understood."""
    try:
        kept = received("request")
    except Refusal as refusal:
        return _upload_page(refused_file(refusal)), refusal.status
    return redirect(url_for("intake.request_preview", upload_id=kept.id))


def _upload_page(form: Form) -> str:
    with transaction() as db:
        waiting = uploads_waiting(db, "request", current(), at=now())
        return render_template("intake/request_upload.html", form=form, waiting=waiting)


@pages.get("/requests/template.csv")
@may("order.take")
def request_template() -> Response:
    """An empty request to be filled in by a customer."""
    content, name = io.BytesIO(template_csv(short_locale()).encode()), _("installation request") + ".csv"
    return send_file(content, mimetype="text/csv", as_attachment=True, download_name=name)


@pages.get("/requests/<int:upload_id>")
@may("order.take")
def request_preview(upload_id: int) -> Answer:
    """What was understood of a file, to be mended and taken in."""
    with transaction() as db:
        seen = upload(db, upload_id, "request", current())
        if seen.order_id is not None:
            return _result(db.get_one(Order, seen.order_id))
        failed = failed_take(db, seen)
        form = Form().refused(failed[0]) if failed else failed_reading(db, seen) or Form()
        return waiting_page(db, seen) or _preview_page(db, seen, form)


def _result(order: Order) -> Answer:
    """The order that a file has become, by the worker just now or a while ago."""
    return _saved(order) if has_ended() else _to_order(order.number, _("This request was taken in already."), "info")


@pages.post("/requests/<int:upload_id>")
@may("order.take")
def save_request(upload_id: int) -> Answer:
    """Check again, or take in."""
    if is_busy(upload_id):
        return redirect(url_for("intake.request_preview", upload_id=upload_id))
    edits = read_edits(
        {name: request.form[name] for name in request.form}, request.form.getlist("leave"), request.form.getlist("move")
    )
    if request.form.get("then") != "take":
        return _check_again(upload_id, edits)
    try:
        with transaction() as db:
            if is_long("request", _lines_of(upload(db, upload_id, "request", current()))):
                return _ask(db, upload_id, edits)
            return _saved(take_request(db, upload_id, edits, by=current(), at=now()))
    except (NotFound, Conflict):
        raise
    except Refusal as refusal:
        return _refused(upload_id, edits, refusal)


def _lines_of(seen: Upload) -> int:
    return len(seen.content.get("request", {}).get("lines", ()))


def _ask(db: Session, upload_id: int, edits: Edits) -> Answer:
    """Leave a long request to the worker; what was typed is kept."""
    seen = keep_edits(db, upload_id, edits, by=current())
    if seen.order_id is None:
        asked = {"again": edits.again}
        ask_to_take(db, seen.id, "request", asked, permission="order.take", version=None, by=current(), at=now())
    return redirect(url_for("intake.request_preview", upload_id=upload_id))


def _saved(order: Order) -> Answer:
    missing = _without_place(order)
    if missing:
        flash(missing, "warning")
    told = _(
        "Order %(number)s with %(count)s vehicles is saved and waits for approval.", number=order.number, count=len(order.lines)
    )
    return _to_order(order.number, told, "success")


def _without_place(order: Order) -> Markup | None:
    """How many vehicles stand where the map knows nothing, and where that is mended; planning would leave them out."""
    sites = [line.own_site or order.site for line in order.lines]
    lost = [site for site in sites if site.lat is None]
    if not lost:
        return None
    words = _(
        "%(vehicles)s vehicles at %(sites)s addresses cannot be planned yet: these have no place on the map.",
        vehicles=len(lost),
        sites=len({site.id for site in lost}),
    )
    link = Markup('<a href="{}">{}</a>').format(url_for("customers.show", customer_id=order.customer_id), _("Set the places"))
    return escape(words) + " " + link


def _to_order(number: str, sentence: str, tone: str) -> Answer:
    more = Markup(' <a href="{}">{}</a>').format(url_for("intake.request_upload"), _("Next request"))
    flash(escape(sentence) + more, tone)
    return redirect(url_for("orders.show", number=number))


def _check_again(upload_id: int, edits: Edits) -> Answer:
    with transaction() as db:
        keep_edits(db, upload_id, edits, by=current())
    return redirect(url_for("intake.request_preview", upload_id=upload_id))


def _refused(upload_id: int, edits: Edits, refusal: Refusal) -> Answer:
    """The preview with what is still in the way; what was typed is kept all the same."""
    with transaction() as db:
        seen = keep_edits(db, upload_id, edits, by=current())
        return _preview_page(db, seen, Form().refused(refusal)), refusal.status


def _preview_page(db: Session, seen: Upload, form: Form) -> str:
    facts = column_facts(db, seen, short_locale())
    if facts["unread"]:
        return render_template(
            "intake/unread.html", upload=seen, title=_("Installation request"), back=url_for("intake.request_upload"), **facts
        )
    form.values = dict(seen.content["header"])
    lines = settled_lines(db, seen, current())
    open_lines = _open_lines(lines, seen)
    return render_template(
        "intake/request_preview.html",
        form=form,
        upload=seen,
        stored=from_json(seen.content["request"]),
        lines=lines,
        shown=_shown(lines, open_lines),
        open_lines=open_lines,
        edited=set(seen.content["edited"]),
        moved=set(seen.content["moved"]),
        before=taken_before(db, seen),
        alike=_alike(db, seen),
        colours=colour_options(),
        urgencies=list(URGENCY_WORDS.items()),
        models=models(db),
        **facts,
    )


def _alike(db: Session, seen: Upload) -> list[tuple[str, str]]:
    """The customers that the request may be of, and that it is a new one, as choices; none when there is no doubt."""
    name = customer_named_in(seen.content["header"])
    known = [(answer_for(one.id, name), one.name) for one in in_doubt(db, name, current())]
    return [*known, (answer_for(None, name), _("A new customer: %(q)s", q=name))] if known else []


def _open_lines(lines: tuple[Settled, ...], seen: Upload) -> set[int]:
    """The lines that can be mended: those with a problem, left out, or mended before."""
    return {one.index for one in lines if one.problems or one.left_out} | set(seen.content["edited"])


def _shown(lines: tuple[Settled, ...], open_lines: set[int]) -> list[Settled]:
    """The lines of a long request that its page shows, in the file's order: those that can be mended come before the others."""
    return sorted(sorted(lines, key=lambda one: one.index not in open_lines)[:MOST_SHOWN], key=lambda one: one.index)
