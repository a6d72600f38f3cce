"""The lists: invoices by what is to be done with them, orders by what is wrong, numbers in doubt; as spreadsheets, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import pgettext

from dispatch.clock import now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.invoices.lifecycle import STATE_WORDS
from dispatch.invoices.list_queries import (
    BILLED,
    DOUBT_SORTS,
    INVOICE_SORTS,
    ORDER_SORTS,
    WHICH,
    InvoiceRow,
    OrderBilling,
    doubts_page,
    invoices_page,
    orders_page,
)
from dispatch.invoices.operations import set_aside
from dispatch.invoices.pages.blueprint import Answer, chosen_branch, pages
from dispatch.invoices.rules import KIND_WORDS, shown_number
from dispatch.lists import Cut, Part
from dispatch.tabular.writing import Table
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form
from dispatch.web.listing import Heads, Leaf, cut_asked
from dispatch.web.locale import tr
from dispatch.words import text_from_json

MOST_WORDS = 60
MOST_EXPORTED = 100
"""So many pages of a list go into a spreadsheet."""


def _asked() -> dict[str, Any]:
    """What the address of the list of invoices asks for."""
    which = request.args.get("which", "queue")
    words = request.args.get("q", "").strip()[:MOST_WORDS]
    customer = number_in(request.args.get("customer", ""))
    return {"which": which if which in WHICH else "", "words": words, "branch_id": chosen_branch(), "customer_id": customer}


@pages.get("/invoices")
@may("invoice.see")
def index() -> str:
    """Invoices: what is to be issued, the oldest first, and what became of the others."""
    asked = _asked()
    cut = cut_asked(INVOICE_SORTS, "age" if asked["which"] == "queue" else "-age")
    with transaction() as db:
        found = invoices_page(db, current(), cut=cut, **asked)
        doubts = doubts_page(db, current(), branch_id=asked["branch_id"]).total
        customer = db.get(Customer, asked["customer_id"]) if asked["customer_id"] else None
    shown = {"rows": found.part.rows, "counts": found.counts, "page": Leaf.of(found.part), "sort": Heads(cut.sort)}
    more = {"WHICH": WHICH, "STATE_WORDS": STATE_WORDS, "doubts": doubts, "customer": customer}
    return render_template("invoices/index.html", **shown, **asked, **more)


@pages.get("/invoices/orders")
@may("invoice.see")
def order_list() -> str:
    """Orders that are paid and not invoiced, invoiced and not paid, on account, or need a red-letter invoice."""
    which, customer_id = _way(), number_in(request.args.get("customer", ""))
    cut = cut_asked(ORDER_SORTS, "age")
    with transaction() as db:
        found = orders_page(db, current(), which, branch_id=chosen_branch(), customer_id=customer_id, cut=cut)
        customer = db.get(Customer, customer_id) if customer_id else None
    shown = {"rows": found.rows, "page": Leaf.of(found), "sort": Heads(cut.sort)}
    return render_template("invoices/orders.html", **shown, which=which, BILLED=BILLED, customer=customer)


def _way() -> str:
    asked = request.args.get("which", "unbilled")
    return asked if asked in BILLED else "unbilled"


@pages.get("/invoices/doubts")
@may("invoice.see")
def doubt_list() -> Answer:
    """Numbers that were noted on site and cannot be right."""
    return _doubts(None)


@pages.post("/invoices/doubts/<int:doubt_id>")
@may("invoice.issue")
def let_go(doubt_id: int) -> Answer:
    """Let a number in doubt go."""
    form = Form.sent()
    try:
        with transaction() as db:
            set_aside(db, doubt_id, reason=form.line("reason"), by=current(), at=now())
    except Refusal as refusal:
        if isinstance(refusal, NotFound):
            raise
        return _doubts(form.refused(refusal), refusal, doubt_id)
    flash(_("Set aside."), "success")
    return redirect(url_for("invoices.doubt_list"))


def _doubts(form: Form | None, refusal: Refusal | None = None, acting: int = 0) -> Answer:
    cut = cut_asked(DOUBT_SORTS, "age")
    with transaction() as db:
        found = doubts_page(db, current(), branch_id=chosen_branch(), cut=cut)
    shown = {"rows": found.rows, "page": Leaf.of(found, "invoices.doubt_list"), "sort": Heads(cut.sort, "invoices.doubt_list")}
    page = render_template("invoices/doubts.html", **shown, form=form, acting=acting, told=text_from_json, shown=shown_number)
    return (page, refusal.status) if refusal else page


# --- as spreadsheets


@pages.get("/invoices/export")
@may("invoice.see")
def export() -> Response:
    """The list of invoices as the page's address filters it."""
    asked, sort = _asked(), request.args.get("sort", "age")
    with transaction() as db:
        rows = list(_all(lambda cut: invoices_page(db, current(), cut=cut, **asked).part, sort))
    heads = [_("Request"), _("Invoice number"), _("State"), _("Kind"), _("Customer"), _("Buyer"), _("Credit code"), _("Order")]
    heads += [_("Asked for"), _("Asked by"), pgettext("invoice", "Issued"), pgettext("invoice", "Tax"), _("Amount")]
    return _book("invoices", heads, map(_invoice_cells, rows))


@pages.get("/invoices/orders/export")
@may("invoice.see")
def export_orders() -> Response:
    """The list of orders as the page's address filters it."""
    which, sort, customer = _way(), request.args.get("sort", "age"), number_in(request.args.get("customer", ""))
    with transaction() as db:
        by, branch = current(), chosen_branch()
        rows = list(_all(lambda cut: orders_page(db, by, which, branch_id=branch, customer_id=customer, cut=cut), sort))
    heads = [_("Order"), _("Customer"), _("Received"), _("charged"), _("received"), _("invoiced"), tr(BILLED[which])]
    return _book(f"invoices-{which}", heads, map(_order_cells, rows))


def _all(read: Any, sort: str) -> Iterator[Any]:
    """Every row of a list, page after page."""
    for number in range(1, MOST_EXPORTED + 1):
        part: Part[Any] = read(Cut(number, sort))
        yield from part.rows
        if number >= part.pages:
            return


def _book(name: str, heads: list[str], rows: Iterator[list[Any]]) -> Response:
    return spreadsheet(f"{name}.xlsx", Table(_("Invoices"), heads, rows, len(heads) - 1))


def _invoice_cells(one: InvoiceRow) -> list[Any]:
    row = one.row
    order = one.order if one.orders == 1 else f"{one.order} +{one.orders - 1}"
    words = [row.request_number, row.number or "", tr(STATE_WORDS[row.state]), tr(KIND_WORDS[row.kind]), one.customer]
    more = [row.title or "", row.uscc or "", order, _day(row.asked_at), row.asked_by_name]
    return [*words, *more, _day(row.issued_at) if row.issued_at else "", f"{row.tax:.2f}", row.gross]


def _order_cells(one: OrderBilling) -> list[Any]:
    sums = [f"{amount:.2f}" for amount in (one.billing.charged, one.billing.received, one.billing.invoiced)]
    return [one.number, one.customer, _day(one.since), *sums, one.amount]


def _day(at: Any) -> str:
    return str(at.astimezone(ZoneInfo(current().zone)).strftime("%Y-%m-%d %H:%M"))
