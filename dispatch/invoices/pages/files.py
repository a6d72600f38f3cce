"""The files of an invoice: sent in, and fetched."""

from __future__ import annotations

import io

from flask import Response, flash, redirect, request, send_file, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.files.models import StoredFile
from dispatch.invoices.models import InvoiceFile
from dispatch.invoices.operations import attach
from dispatch.invoices.pages.blueprint import Answer, pages
from dispatch.invoices.pages.showing import invoice_page
from dispatch.invoices.queries import invoice_seen
from dispatch.typed import FILL_IN
from dispatch.web.access import current, may, signed_in
from dispatch.web.forms import Form
from dispatch.words import say


@pages.post("/invoices/<int:invoice_id>/files")
@may("invoice.ask")
def send(invoice_id: int) -> Answer:
    """Keep a file with the invoice."""
    sent = request.files.get("file")
    try:
        if sent is None or not sent.filename:
            raise Invalid({"file": FILL_IN})
        with transaction() as db:
            attach(db, invoice_id, sent.filename, sent.read(), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return invoice_page(invoice_id, Form.sent().refused(refusal), refusal, acting="file")
    flash(_("The file is kept."), "success")
    return redirect(url_for("invoices.show", invoice_id=invoice_id))


@pages.get("/invoices/<int:invoice_id>/files/<int:file_id>")
@signed_in
def fetch(invoice_id: int, file_id: int) -> Response:
    """One file, to be kept: no browser opens what strangers wrote."""
    with transaction() as db:
        invoice_seen(db, invoice_id, current())
        found = db.get(InvoiceFile, file_id)
        if found is None or found.invoice_id != invoice_id:
            raise NotFound
        media = db.get_one(StoredFile, found.sha256).media_type
    try:
        content = store().get(found.sha256)
    except (MissingFile, AlteredFile):
        raise NotFound(say("This file can no longer be read from the store.")) from None
    return send_file(io.BytesIO(content), mimetype=media, as_attachment=True, download_name=found.name)
