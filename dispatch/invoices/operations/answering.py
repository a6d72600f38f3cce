"""What a provider's answer does: the invoice is issued by its number, goes on waiting, or a person has to look at it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.errors import Refusal
from dispatch.fees.rules import tidy_number
from dispatch.invoices.gateway import Answer
from dispatch.invoices.operations.issuing import issue_locked
from dispatch.invoices.operations.moves import locked_anyway
from dispatch.invoices.operations.providing import MOST_TRIES, note_failure, note_told
from dispatch.staff.rules import SYSTEM
from dispatch.words import say

TWICE = say("The provider issued %(number)s, too, though this was issued by hand or given up by then: red-letter it there.")


def take_answer(session: Session, invoice_id: int, answer: Answer, *, at: datetime) -> bool:
    """Carry out what the provider answered; whether the invoice is issued by it. The same answer again changes nothing.

    What the provider issued although it was issued by hand meanwhile, or given up, is told: there are two of it now.
    """
    invoice, orders = locked_anyway(session, invoice_id)
    if invoice.state != "requested":
        if answer.number and tidy_number(answer.number) != invoice.number and invoice.provider_state != "failed":
            note_told(session, invoice, say(TWICE.msgid, number=answer.number), state="failed", at=at)
        return False
    if answer.state == "issued" and answer.number:
        try:
            with session.begin_nested():
                issue_locked(session, invoice, orders.values(), number=answer.number, by=SYSTEM, at=at)
        except Refusal as refusal:
            told = say("The provider issued %(number)s, and: %(why)s", number=answer.number, why=refusal.text)
            note_told(session, invoice, told, state="failed", at=at)
            return False
        invoice.provider_state, invoice.provider_told = "done", None
        return True
    if answer.state == "refused":
        note_told(session, invoice, say("The provider refuses: %(why)s", why=answer.told or "-"), state="failed", at=at)
    elif invoice.provider_tries >= MOST_TRIES:
        note_failure(session, invoice_id, "pending", at=at)
    return False
