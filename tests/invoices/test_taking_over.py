"""Numbers that stood beside receipts before there were invoices: each becomes one, what cannot be one is a doubt."""

from __future__ import annotations

import os
from decimal import Decimal

import sqlalchemy as sa
from alembic import command
from sqlalchemy.orm import Session

from dispatch.fees.models import Receipt
from dispatch.host.schema import alembic_config, upgrade
from dispatch.invoices.checks import broken_invoices
from dispatch.invoices.models import Invoice, InvoiceDoubt
from tests import databases
from tests.conftest import Cast
from tests.fees.building import price_list
from tests.invoices.building import NUMBER, charged_order, paid_for


def test_numbers_become_invoices_and_go_back(cluster_url: str, template: tuple[str, Cast]) -> None:
    cast = template[1]
    with databases.database(cluster_url, f"invoices_{os.getpid()}", template[0]) as url:
        engine = databases.engine(url)
        with Session(engine, expire_on_commit=False) as db, db.begin():
            price_list(db, cast)
            first, second = charged_order(db, cast), charged_order(db, cast)
            receipts = [paid_for(db, cast, first, "100"), paid_for(db, cast, first, "245"), paid_for(db, cast, second)]
        command.downgrade(alembic_config(url), "0042")
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE receipt SET invoice_number = :number"), {"number": NUMBER})
        upgrade(url)
        with Session(engine) as db:
            made = db.scalars(sa.select(Invoice)).one()
            assert (made.number, made.gross, made.origin, made.asked_by_name) == (NUMBER, 345, "site", "苏杰")
            assert [(line.code, line.gross, line.tax) for line in made.lines] == [
                ("S003", Decimal("300.00"), Decimal("16.98")),
                ("P003", Decimal("45.00"), Decimal("5.18")),
            ]
            assert [(doubt.receipt_id, doubt.number) for doubt in db.scalars(sa.select(InvoiceDoubt))] == [
                (receipts[2].id, NUMBER)
            ]
            assert list(broken_invoices(db)) == []
        command.downgrade(alembic_config(url), "0042")
        with engine.connect() as connection:
            assert set(connection.scalars(sa.select(Receipt.invoice_number))) == {NUMBER}
