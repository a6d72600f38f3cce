"""An installation request from a spreadsheet: send it in, look it over, take it in."""

from __future__ import annotations

from collections import Counter

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup, escape
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.customers.queries import place_known
from dispatch.db import transaction
from dispatch.devices.queries import models
from dispatch.errors import Conflict, NotFound, Refusal
from dispatch.intake.forms import Edits, answer_for, colour_options, customer_named_in, read_edits
from dispatch.intake.known import in_doubt
from dispatch.intake.models import Upload
from dispatch.intake.operations import keep_edits, keep_request, take_request
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.queries import settled_lines, taken_before, upload, uploads_waiting
from dispatch.intake.requests import Request, read_request
from dispatch.intake.rules import Settled, show_place
from dispatch.intake.stored import from_json
from dispatch.intake.template import template_csv
from dispatch.orders.models import Order
from dispatch.orders.rules import URGENCY_WORDS
from dispatch.tabular.tables import read
from dispatch.web.access import current, may
from dispatch.web.forms import Form
from dispatch.web.locale import short_locale
from dispatch.web.uploads import SentFile, refused_file, sent_file


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
        file = sent_file()
        found = read_request(read(file.name, file.content))
        with transaction() as db:
            kept = _keep(db, found, file)
    except Refusal as refusal:
        return _upload_page(refused_file(refusal)), refusal.status
    return redirect(url_for("intake.request_preview", upload_id=kept.id))


def _upload_page(form: Form) -> str:
    with transaction() as db:
        waiting = uploads_waiting(db, "request", current(), at=now())
        return render_template("intake/request_upload.html", form=form, waiting=waiting)


def _keep(db: Session, found: Request, file: SentFile) -> Upload:
    return keep_request(
        db, found, file_name=file.name, file=file.content, header=_header_texts(db, found), by=current(), at=now()
    )


def _header_texts(db: Session, found: Request) -> dict[str, str]:
    """How the preview's form starts: what the file says, the commonest address of its lines, the place if it is known."""
    header = found.header
    addresses = Counter(line.address for line in found.lines if line.address)
    address = header.address or next((text for text, _count in addresses.most_common(1)), "")
    site = place_known(db, address, current()) if address else None
    return {
        "customer": header.customer,
        "contact": header.contact,
        "phone": header.phone,
        "address": address,
        "place": show_place(site.lat, site.lon) if site else "",
        "model": header.model,
        "wanted_on": header.wanted_on.isoformat() if header.wanted_on else "",
        "urgency": "normal",
        "note": f"{SALESMAN}{header.salesman}" if header.salesman else "",
    }


SALESMAN = "业务员："
"""As the customer's own file says it: the note stays with the order, whoever reads it in whichever language."""


@pages.get("/requests/template.csv")
@may("order.take")
def request_template() -> Response:
    """An empty request to be filled in by a customer."""
    name = _("installation request") + ".csv"
    sent = Response(template_csv(short_locale()), mimetype="text/csv")
    sent.headers.set("Content-Disposition", "attachment", filename=name)
    return sent


@pages.get("/requests/<int:upload_id>")
@may("order.take")
def request_preview(upload_id: int) -> Answer:
    """What was understood of a file, to be mended and taken in."""
    with transaction() as db:
        seen = upload(db, upload_id, "request", current())
        if seen.order_id is not None:
            return _to_order(db.get_one(Order, seen.order_id).number, _("This request was taken in already."), "info")
        return _preview_page(db, seen, Form())


@pages.post("/requests/<int:upload_id>")
@may("order.take")
def save_request(upload_id: int) -> Answer:
    """Check again, or take in."""
    edits = read_edits(
        {name: request.form[name] for name in request.form}, request.form.getlist("leave"), request.form.getlist("move")
    )
    if request.form.get("then") != "take":
        return _check_again(upload_id, edits)
    try:
        with transaction() as db:
            order = take_request(db, upload_id, edits, by=current(), at=now())
            number, count = order.number, len(order.lines)
    except (NotFound, Conflict):
        raise
    except Refusal as refusal:
        return _refused(upload_id, edits, refusal)
    return _to_order(
        number,
        _("Order %(number)s with %(count)s vehicles is saved and waits for approval.", number=number, count=count),
        "success",
    )


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
    form.values = dict(seen.content["header"])
    lines = settled_lines(db, seen, current())
    return render_template(
        "intake/request_preview.html",
        form=form,
        upload=seen,
        stored=from_json(seen.content["request"]),
        lines=lines,
        open_lines=_open_lines(lines, seen),
        edited=set(seen.content["edited"]),
        moved=set(seen.content["moved"]),
        before=taken_before(db, seen),
        alike=_alike(db, seen),
        colours=colour_options(),
        urgencies=list(URGENCY_WORDS.items()),
        models=models(db),
    )


def _alike(db: Session, seen: Upload) -> list[tuple[str, str]]:
    """The customers that the request may be of, and that it is a new one, as choices; none when there is no doubt."""
    name = customer_named_in(seen.content["header"])
    known = [(answer_for(one.id, name), one.name) for one in in_doubt(db, name, current())]
    return [*known, (answer_for(None, name), _("A new customer: %(q)s", q=name))] if known else []


def _open_lines(lines: tuple[Settled, ...], seen: Upload) -> set[int]:
    """The lines that can be mended: those with a problem, left out, or mended before."""
    return {one.index for one in lines if one.problems or one.left_out} | set(seen.content["edited"])
