"""What a page to be looked at is, which addresses are none, and the first row of a query."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

NO_PAGES = {
    "static",
    "field_api.blob",
    "field_api.day",
    "field_api.shut",
    "field.app_file",
    "field.app_worker",
    "fees.quotation_paper",
    "finance.slip",
    "finance.slip_photo",
    "finance.rate_export",
    "finance.contractor_sheet",
    "finance.sheet_paper",
    "finance.contractor_export",
    "finance.day_export",
    "invoices.export",
    "invoices.export_orders",
    "invoices.fetch",
    "finance.person_export",
    "finance.journal_export",
    "finance.settlement",
    "finance.customer_statement",
    "devices.bench_label",
    "devices.reorder_export",
    "orders.export",
    "web.livez",
    "web.readyz",
    "web.certificate",
    "web.home",
    "web.waiting",
    "web.setup",
    "intake.find",
    "intake.known",
    "intake.warranty",
    "customers.places",
    "intake.place",
    "intake.request_template",
    "imports.template",
    "board.assign_check",
    "board.visit_check",
    "board.progress",
    "intake.progress",
    "finance.statement_progress",
    "board.map_data",
    "orders.news",
    "field.photo",
    "field.told",
    "field.code_state",
    "devices_api.fitted_at",
    "sheets.download",
}
"""Redirections, pieces of pages, data; the setup page is not there once a company is."""


@dataclass(frozen=True)
class Sight:
    """A page to be looked at: its endpoint, its address, and who opens it ("" before signing in)."""

    endpoint: str
    path: str
    who: str = "wang"

    @property
    def status(self) -> int:
        """What it should be answered with: a page without an endpoint is an error page."""
        return 200 if self.endpoint else 404


def first(session: Session, query: sa.Select[tuple[int]] | sa.Select[tuple[str]] | sa.Select[tuple[uuid.UUID]]) -> object:
    found = session.scalars(query.limit(1)).first()
    assert found is not None, query
    return found
