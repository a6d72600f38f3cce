"""One invoice: its buyer, lines, files and history, and the forms of what can be done with it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import render_template
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.fees.rules import yuan
from dispatch.invoices.gateway import provider
from dispatch.invoices.lifecycle import STATE_WORDS, steps_from
from dispatch.invoices.list_queries import billings_of
from dispatch.invoices.models import Invoice
from dispatch.invoices.pages.blueprint import Answer, pages
from dispatch.invoices.queries import files_of, invoice_seen, orders_of, reds_of, rest_of
from dispatch.invoices.rules import KIND_WORDS, MEDIUM_WORDS, ZERO, shown_number
from dispatch.permissions import permissions_of
from dispatch.staff.models import Branch
from dispatch.web.access import current, signed_in
from dispatch.web.forms import Form
from dispatch.words import Text, say, text_from_json

ACTS: dict[str, tuple[Text, str]] = {
    "invoice.ask": (say("Invoice asked for"), "clipboard-plus"),
    "invoice.issue": (say("Invoice issued"), "check-circle"),
    "invoice.note": (say("Number noted on site"), "receipt"),
    "invoice.mend": (say("Number mended"), "pencil"),
    "invoice.refuse": (say("Request refused"), "x-circle"),
    "invoice.withdraw": (say("Request withdrawn"), "slash-circle"),
    "invoice.void": (say("Made void"), "x-circle"),
    "invoice.red": (say("A red one was asked for"), "arrow-repeat"),
    "invoice.red_letter": (say("Red-lettered"), "arrow-repeat"),
    "invoice.file": (say("A file came"), "file-earmark-text"),
    "invoice.provider": (say("The provider was asked"), "broadcast-pin"),
}


@pages.get("/invoices/<int:invoice_id>")
@signed_in
def show(invoice_id: int) -> Answer:
    """One invoice that somebody may see."""
    return invoice_page(invoice_id, None)


def invoice_page(invoice_id: int, form: Form | None, refusal: Refusal | None = None, *, acting: str = "") -> Answer:
    """The page; `acting` names the form on it that `refusal` is about. Raises NotFound."""
    with transaction() as db:
        made = invoice_seen(db, invoice_id, current())
        shown = _shown(db, made)
    page = render_template(
        "invoices/show.html",
        one=made,
        **shown,
        form=form,
        refusal=refusal,
        acting=acting,
        request_key=str(uuid.uuid4()),
        kinds=KIND_WORDS,
        mediums=MEDIUM_WORDS,
        states=STATE_WORDS,
        shown_number=shown_number,
        labels={"invoice_number": _("Invoice number"), "amount": _("Amount"), "reason": _("Reason"), "file": _("File")},
    )
    return (page, refusal.status) if refusal else page


def _shown(db: Session, made: Invoice) -> dict[str, Any]:
    reds = reds_of(db, made.id) if made.red_of_id is None else []
    orders = orders_of(db, made.id)
    return {
        "lines": list(made.lines),
        "orders": orders,
        "reds": reds,
        "rest": rest_of(db, made.id) if reds else made.gross,
        "too_much": _too_much(db, made, orders),
        "original": db.get(Invoice, made.red_of_id) if made.red_of_id else None,
        "files": files_of(db, made.id),
        "entries": _entries(history(db, ("invoice", made.id))),
        "branch_name": db.get_one(Branch, made.branch_id).name,
        "told": text_from_json(made.provider_told) if made.provider_told else None,
        "can": _can(made),
        "has_provider": provider() is not None,
    }


def _too_much(db: Session, made: Invoice, orders: Mapping[int, str]) -> Decimal:
    """How much of its orders is invoiced and should not be any more."""
    if made.state != "issued" or made.red_of_id is not None:
        return ZERO
    return sum((one.to_red_letter for one in billings_of(db, orders).values()), ZERO)


def _can(made: Invoice) -> set[str]:
    """What the reader can do with it now."""
    by = current()
    can = set(steps_from(made.state, permissions_of(by.roles))) - {"note"}
    if "withdraw" in can and made.asked_by_id != by.id and not by.may("invoice.issue"):
        can.discard("withdraw")
    if made.provider_state == "asked":
        can -= {"withdraw", "refuse"}
    if made.red_of_id is not None:
        can -= {"void", "red_letter"}
    if made.provider_state == "done":
        can.discard("void")
    return can


def _entries(found: Sequence[AuditEntry]) -> list[dict[str, Any]]:
    """The history, as the macro draws it."""
    rows = []
    for entry in found:
        word, icon = ACTS.get(entry.action, (Text(entry.action), "circle-fill"))
        rows.append({"what": word, "icon": icon, "who": entry.by_name, "server_at": entry.at, **_more(entry.detail)})
    return rows


def _more(detail: dict[str, Any]) -> dict[str, Any]:
    """What an entry says beside its word."""
    told = text_from_json(detail["told"]) if isinstance(detail.get("told"), dict) else None
    notes: list[Text] = []
    if detail.get("before"):
        return {"old": Text(shown_number(detail["before"])), "new": Text(shown_number(detail["number"]))}
    if detail.get("number"):
        notes.append(say("Number %(number)s", number=shown_number(detail["number"])))
    if detail.get("amount"):
        notes.append(say("Amount %(amount)s", amount=yuan(Decimal(detail["amount"]))))
    notes += [told] if told else []
    notes += [Text(detail["file"])] if detail.get("file") else []
    return {"notes": notes, "reason": Text(detail["reason"]) if detail.get("reason") else None}
