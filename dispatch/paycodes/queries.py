"""Reading codes: the one that can be paid, those the channel is to be asked about, and what finance looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.fees.models import Favour
from dispatch.lists import Cut, Part
from dispatch.paycodes.models import CodeRefund, ForgedCallbacks, PayCode, StrayPayment
from dispatch.paycodes.rules import ALIVE
from dispatch.staff.rules import Actor

QUIET = timedelta(seconds=45)
"""So long a code is left to its callback before the channel is asked."""
GIVEN_UP = timedelta(days=7)
"""So long a channel is asked that does not answer."""
CODE_SORTS = {
    "made": (PayCode.made_at, PayCode.id),
    "number": (PayCode.number,),
    "amount": (PayCode.amount, PayCode.id),
    "person": (PayCode.by_name, PayCode.id),
}
FILTERS = ("odd", "open", "paid", "expired", "all")


def alive_code(session: Session, order_id: int) -> PayCode | None:
    """The code of an order that can be paid, or is being made."""
    return session.scalar(sa.select(PayCode).where(PayCode.order_id == order_id, PayCode.state.in_(ALIVE)))


def code_of_order(session: Session, order_id: int, code_id: int) -> PayCode | None:
    """One code of an order."""
    return session.scalar(sa.select(PayCode).where(PayCode.id == code_id, PayCode.order_id == order_id))


def code_numbered(session: Session, channel: str, number: str) -> PayCode | None:
    """The code that a channel knows by a number."""
    return session.scalar(sa.select(PayCode).where(PayCode.channel == channel, PayCode.number == number))


def channel_of_refund(session: Session, request_id: int) -> str | None:
    """The channel through which an approved refund goes back by itself, since it was paid by code; None for any other."""
    paid = sa.select(PayCode.channel).join(Favour, Favour.receipt_id == PayCode.receipt_id)
    return session.scalar(paid.where(Favour.request_id == request_id))


def codes_to_ask(session: Session, at: datetime, limit: int = 200) -> Sequence[int]:
    """The codes of which the channel has not said that they are over, longest not asked first; fresh ones are left alone."""
    rows = sa.select(PayCode.id).where(PayCode.shut_at.is_(None), PayCode.made_at.between(at - GIVEN_UP, at - QUIET))
    return session.scalars(rows.order_by(PayCode.asked_at.nulls_first(), PayCode.id).limit(limit)).all()


def refunds_to_ask(session: Session, at: datetime) -> Sequence[int]:
    """The refunds whose outcome nobody knows."""
    rows = sa.select(CodeRefund.refund_id).where(CodeRefund.state == "asked", CodeRefund.asked_at < at - QUIET)
    return session.scalars(rows.order_by(CodeRefund.refund_id)).all()


# --- what finance looks at


def codes(session: Session, by: Actor, *, show: str, branch_id: int | None, cut: Cut) -> Part[PayCode]:
    """A page of codes of one branch or all, with their orders and receipts; odd ones until somebody has looked at them."""
    which: dict[str, tuple[sa.ColumnElement[bool], ...]] = {
        "odd": (_odd(),),
        "open": (PayCode.state.in_(ALIVE),),
        "paid": (PayCode.state == "paid",),
        "expired": (PayCode.state.in_(("expired", "cancelled", "failed")),),
    }
    where = [*which.get(show, ()), *_of_branch(by, branch_id)]
    total = session.scalar(sa.select(sa.func.count()).select_from(PayCode).where(*where)) or 0
    rows = cut.of(sa.select(PayCode).where(*where), CODE_SORTS)
    found = session.scalars(rows.options(joinedload(PayCode.order), joinedload(PayCode.receipt)))
    return Part(found.all(), cut.number, total)


def code_counts(session: Session, by: Actor, branch_id: int | None) -> dict[str, int]:
    """How many codes each filter shows."""
    over = PayCode.state.in_(("expired", "cancelled", "failed"))
    wanted = {"odd": _odd(), "open": PayCode.state.in_(ALIVE), "paid": PayCode.state == "paid", "expired": over, "all": sa.true()}
    columns = [sa.func.count().filter(which).label(name) for name, which in wanted.items()]
    row = session.execute(sa.select(*columns).where(*_of_branch(by, branch_id))).one()
    return dict(row._mapping)


def _odd() -> sa.ColumnElement[bool]:
    return sa.and_(sa.func.jsonb_array_length(PayCode.odd) > 0, PayCode.looked_at.is_(None))


def _of_branch(by: Actor, branch_id: int | None) -> tuple[sa.ColumnElement[bool], ...]:
    if branch_id is None and by.may("branches.all"):
        return ()
    return (PayCode.branch_id == (branch_id if branch_id is not None else by.branch_id),)


def strays(session: Session, limit: int = 50) -> Sequence[StrayPayment]:
    """Payments that belong to no code and that nobody has looked at, the oldest first."""
    rows = sa.select(StrayPayment).where(StrayPayment.looked_at.is_(None))
    return session.scalars(rows.order_by(StrayPayment.id).limit(limit)).all()


def code_refunds(session: Session, by: Actor, branch_id: int | None, limit: int = 20) -> Sequence[CodeRefund]:
    """Refunds through a channel: those that are not done first, then the newest."""
    over = sa.case({"failed": 0, "asked": 1}, value=CodeRefund.state, else_=2)
    rows = sa.select(CodeRefund).join(PayCode).where(*_of_branch(by, branch_id))
    with_all: tuple[Any, ...] = (joinedload(CodeRefund.refund), joinedload(CodeRefund.code).joinedload(PayCode.order))
    return session.scalars(rows.options(*with_all).order_by(over, CodeRefund.refund_id.desc()).limit(limit)).all()


def forged(session: Session, since: datetime) -> Sequence[ForgedCallbacks]:
    """The forged callbacks of each day and channel from a moment on, the newest first."""
    rows = sa.select(ForgedCallbacks).where(ForgedCallbacks.last_at >= since)
    return session.scalars(rows.order_by(ForgedCallbacks.day.desc(), ForgedCallbacks.channel)).all()
