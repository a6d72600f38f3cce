"""Money on site: what beside the swapped parts is charged, and what the customer pays."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotFound, RuleBroken
from dispatch.fees.models import Charge
from dispatch.fees.operations import add_charge, take_back_charge, take_payment
from dispatch.field.acts import Act
from dispatch.field.operations import SentFact
from dispatch.invoices.operations import note_on_site
from dispatch.orders.models import OrderLine
from dispatch.words import say

FITTED = say("What was fitted is charged by the rules. Ask for goodwill, or let the office let it off.")


def charge(session: Session, act: Act) -> None:
    """Charge something of the price list, for a vehicle or for the visit."""
    act.must_be_on_site()
    line: OrderLine | None = act.line(session) if act.content.get("line") else None
    add_charge(
        session,
        act.order,
        code=str(act.content["code"]),
        quantity=int(act.content["quantity"]),
        line_id=line.id if line else None,
        visit_id=act.visit.id,
        fact_id=act.sent.id,
        by=act.by,
        at=act.when,
        recorded_at=act.at,
    )


def take_back(session: Session, act: Act) -> None:
    """Take a charge of this order back, or all that were made by the act that is named."""
    act.must_be_on_site()
    reason = str(act.content.get("reason") or "")
    for charged in _charged(session, act):
        if charged.fitting_id is not None and charged.amount:
            raise RuleBroken(FITTED)
        take_back_charge(session, charged.id, reason=reason, by=act.by, at=act.when, recorded_at=act.at)


def _charged(session: Session, act: Act) -> Sequence[Charge]:
    """The charges that are meant. Raises NotFound where there is none."""
    which = Charge.fact_id == act.names if act.names else Charge.id == int(act.content["charge"])
    own = sa.select(Charge).where(which, Charge.order_id == act.order.id, Charge.reverses_id.is_(None))
    found = session.scalars(own.order_by(Charge.id)).all()
    if not found:
        raise NotFound
    return found


def take(session: Session, act: Act) -> None:
    """Take money: the receipt gets its number from the block leased to this device, unless the device has given one already."""
    act.must_be_on_site()
    content = act.content
    receipt = take_payment(
        session,
        act.order,
        amount=Decimal(content["amount"]),
        channel=str(content["channel"]),
        payer=content.get("payer") or None,
        reference=content.get("reference") or None,
        number=content.get("number") or None,
        device=_numbers_of(act.sent),
        visit_id=act.visit.id,
        fact_id=act.sent.id,
        by=act.by,
        at=act.when,
        recorded_at=act.at,
    )
    note_on_site(session, receipt, content.get("invoice_number") or None, by=act.by, at=act.at)


def _numbers_of(sent: SentFact) -> str:
    """Whose block the receipt's number is of. A phone gives its own; where it gave none the server does, out of another block, so
    that they do not run into each other.
    """
    return sent.device if sent.content.get("number") or sent.app_version is None else f"{sent.device}/server"
