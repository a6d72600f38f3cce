"""The invoice itself beside its record: a PDF, OFD or XML file, or a picture of the paper."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, Invalid
from dispatch.files.operations import keep
from dispatch.files.pictures import read_picture
from dispatch.invoices.models import Invoice, InvoiceFile
from dispatch.invoices.queries import invoice_seen
from dispatch.staff.rules import Actor
from dispatch.words import say

PDF, OFD, XML, JPEG = "application/pdf", "application/ofd", "application/xml", "image/jpeg"
LONGEST_NAME = 120
UNKNOWN = say("This is no PDF, OFD, XML or picture that can be read.")


def attach(session: Session, invoice_id: int, name: str, content: bytes, *, by: Actor, at: datetime) -> InvoiceFile:
    """Keep a file with an invoice. Raises NotFound, Invalid for what is no invoice's file, Conflict for one that is here."""
    by.must("invoice.ask", "fee.take")
    return keep_file(session, invoice_seen(session, invoice_id, by), name, content, by=by, at=at)


def keep_file(session: Session, invoice: Invoice, name: str, content: bytes, *, by: Actor, at: datetime) -> InvoiceFile:
    """The same for the worker, who brings what the provider has."""
    media, content = media_of(content)
    stored = keep(session, content, media, at=at)
    mine = (InvoiceFile.invoice_id == invoice.id, InvoiceFile.sha256 == stored.sha256)
    if session.scalar(sa.select(InvoiceFile.id).where(*mine)) is not None:
        raise Conflict(say("This very file is here already."))
    row = InvoiceFile(invoice_id=invoice.id, sha256=stored.sha256, name=name.strip()[-LONGEST_NAME:] or "invoice")
    row.by_id, row.by_name, row.at = by.id, by.name, at
    session.add(row)
    session.flush()
    record(session, ("invoice", invoice.id), "invoice.file", by=by, at=at, detail={"file": row.name, "sha256": row.sha256})
    return row


def media_of(content: bytes) -> tuple[str, bytes]:
    """What a file is by its content, and the content to be kept: a picture is made anew. Raises Invalid."""
    if content.startswith(b"%PDF-"):
        return PDF, content
    if content.startswith(b"PK") and _is_ofd(content):
        return OFD, content
    if content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<?xml"):
        return XML, content
    try:
        return JPEG, read_picture(content).jpeg
    except Invalid:
        raise Invalid({"file": UNKNOWN if content else say("The file is empty.")}) from None


def _is_ofd(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "OFD.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False
