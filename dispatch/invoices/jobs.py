"""What the worker does for invoices: it asks the provider, outside of any transaction, and fetches the file of what is issued."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Refusal
from dispatch.invoices.gateway import Answer, Provider, ProviderFailed, Wanted, provider
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations.answering import take_answer
from dispatch.invoices.operations.filing import keep_file
from dispatch.invoices.operations.providing import ASK, begin_try, note_failure
from dispatch.invoices.queries import to_ask_again
from dispatch.jobs import enqueue, periodic, task
from dispatch.staff.rules import SYSTEM

log = structlog.get_logger("invoices")


@task(ASK)
def ask_provider(invoice_id: int) -> None:
    """Ask for one invoice. Run twice, it is issued once: what was asked for before is asked about first."""
    at, there = now(), provider()
    if there is None:
        return
    with transaction() as db:
        begun = begin_try(db, invoice_id, at=at)
    if begun is None:
        return
    try:
        answer = _asked(there, *begun)
    except ProviderFailed as failed:
        with transaction() as db:
            note_failure(db, invoice_id, str(failed), at=now())
        return
    with transaction() as db:
        issued = take_answer(db, invoice_id, answer, at=now())
    if issued:
        _fetch(there, invoice_id)


def _asked(there: Provider, wanted: Wanted, before: bool) -> Answer:
    """What the provider says of it; it is sent once, and then only asked about unless the provider never heard of it."""
    known = there.ask(wanted.request_number) if before else None
    if known is not None:
        return known
    return there.red_letter(wanted) if wanted.red_of else there.issue(wanted)


def _fetch(there: Provider, invoice_id: int) -> None:
    with transaction() as db:
        number = db.get_one(Invoice, invoice_id).number or ""
    try:
        found = there.fetch(number)
        if found is not None:
            with transaction() as db:
                keep_file(db, db.get_one(Invoice, invoice_id), *found, by=SYSTEM, at=now())
    except (ProviderFailed, Refusal) as failed:
        log.warning("file_not_fetched", invoice=invoice_id, why=str(failed))


@periodic("invoices.ask_again", "*/2 * * * *")
def ask_again(timestamp: int) -> None:
    """Every two minutes: ask again about what the provider has not answered yet."""
    if provider() is None:
        return
    with transaction() as db:
        for invoice_id in to_ask_again(db, datetime.fromtimestamp(timestamp, UTC)):
            enqueue(db, ASK, lock=f"invoice:{invoice_id}", invoice_id=invoice_id)
