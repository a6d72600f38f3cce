"""What a provider is asked for, and how often: each try is written down before it, what it came to after it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import Conflict, RuleBroken
from dispatch.invoices.gateway import Wanted, WantedLine, provider
from dispatch.invoices.models import Invoice
from dispatch.invoices.operations.moves import locked
from dispatch.jobs import enqueue
from dispatch.staff.rules import SYSTEM, Actor
from dispatch.words import Text, say, text_to_json

ASK = "invoices.ask_provider"
MOST_TRIES = 8
FIRST_WAIT = timedelta(minutes=2)
BUYER = ("title", "uscc", "address", "phone", "bank", "account", "send_to")
UNKNOWN = say("The provider has not answered %(n)s times: %(why)s. Ask it before you issue this by hand: it may have done so.")


def send_to_provider(session: Session, invoice: Invoice, *, at: datetime) -> None:
    """Have the worker ask the provider for it; without a provider people issue it by hand."""
    if provider() is None:
        return
    invoice.provider_state, invoice.provider_tries, invoice.provider_next_at, invoice.provider_told = "waiting", 0, at, None
    session.flush()
    enqueue(session, ASK, lock=f"invoice:{invoice.id}", invoice_id=invoice.id)


def try_again(session: Session, invoice_id: int, *, by: Actor, at: datetime) -> Invoice:
    """Ask the provider once more, as often as at first."""
    by.must("invoice.issue")
    invoice, _ = locked(session, invoice_id, by)
    if provider() is None:
        raise RuleBroken(say("No provider is set up here: issue it by hand."))
    if invoice.state != "requested":
        raise Conflict(say("This invoice is issued by now, or was given up."))
    send_to_provider(session, invoice, at=at)
    return invoice


def begin_try(session: Session, invoice_id: int, *, at: datetime) -> tuple[Wanted, bool] | None:
    """What is to be asked for, and whether it was before; None where nothing is to be asked any more."""
    invoice = session.get(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice is None or invoice.state != "requested" or invoice.provider_state not in ("waiting", "asked"):
        return None
    if invoice.provider_next_at is not None and invoice.provider_next_at > at:
        return None  # asked for twice: the later one comes in its time
    before = invoice.provider_tries > 0
    invoice.provider_state, invoice.provider_tries = "asked", invoice.provider_tries + 1
    invoice.provider_next_at = at + FIRST_WAIT * 2 ** (invoice.provider_tries - 1)
    return _wanted(session, invoice), before


def _wanted(session: Session, invoice: Invoice) -> Wanted:
    original = session.get_one(Invoice, invoice.red_of_id) if invoice.red_of_id else None
    lines = tuple(
        WantedLine(one.name, one.tax_code, one.quantity, one.unit_price, one.tax_rate, one.gross, one.net, one.tax)
        for one in invoice.lines
    )
    return Wanted(
        request_number=invoice.request_number,
        kind=invoice.kind,
        medium=invoice.medium,
        buyer={name: getattr(invoice, name) for name in BUYER},
        lines=lines,
        gross=invoice.gross,
        net=invoice.net,
        tax=invoice.tax,
        remark=invoice.remark,
        red_of=original.number if original else None,
        reason=invoice.reason if original else None,
    )


def note_failure(session: Session, invoice_id: int, why: str, *, at: datetime) -> None:
    """The provider gave no answer: it is asked again later, but not for ever."""
    invoice = session.get_one(Invoice, invoice_id, with_for_update=True, populate_existing=True)
    if invoice.state != "requested":
        return
    over = invoice.provider_tries >= MOST_TRIES
    told = say(UNKNOWN.msgid, n=invoice.provider_tries, why=why) if over else say("The provider gave no answer: %(why)s", why=why)
    note_told(session, invoice, told, state="failed" if over else "asked", at=at)


def note_told(session: Session, invoice: Invoice, told: Text, *, state: str, at: datetime) -> None:
    """Keep what the provider said; whoever looks at the invoice reads it."""
    invoice.provider_state, invoice.provider_told = state, text_to_json(told)
    detail = {"try": invoice.provider_tries, "told": text_to_json(told)}
    record(session, ("invoice", invoice.id), "invoice.provider", by=SYSTEM, at=at, detail=detail)
