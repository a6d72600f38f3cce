"""A code's way until it is paid: asked for, open once the channel has made it, over."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from dispatch.errors import Invalid, RuleBroken
from dispatch.fees.operations import next_number
from dispatch.fees.queries import account_of
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.paycodes.models import PayCode
from dispatch.paycodes.queries import alive_code
from dispatch.paycodes.rules import ALIVE, CODE_CHANNELS, still_serves
from dispatch.staff.rules import Actor
from dispatch.words import say


def ask_code(
    session: Session,
    order: Order,
    *,
    channel: str,
    device: str,
    visit_id: int | None,
    good_for: timedelta,
    by: Actor,
    at: datetime,
) -> tuple[PayCode, bool]:
    """The code for all that is due on an order, and whether it is new and has still to be made by the channel.

    The one that is there serves again; one of another channel or amount, or that ran out, gives way. Raises RuleBroken when
    nothing is due.
    """
    by.must("fee.take")
    if channel not in CODE_CHANNELS:
        raise Invalid({"channel": say("Choose how it was paid.")})
    order = locked_order(session, order.id)
    due = account_of(session, order.id).due
    if due <= 0:
        raise RuleBroken(say("Nothing is due any more, so there is no code to show."))
    there = alive_code(session, order.id)
    if there is not None:
        if (there.channel, there.amount) == (channel, due) and still_serves(there.state, there.made_at, there.expires_at, at):
            return there, False
        _over(there, at)
        session.flush()
    block, running, number = next_number(session, by=by, device=device, at=at)
    code = PayCode(
        number=number,
        block_id=block.id,
        running=running,
        channel=channel,
        order_id=order.id,
        visit_id=visit_id,
        branch_id=block.branch_id,
        amount=due,
        state="making",
        made_at=at,
        expires_at=at + good_for,
        by_id=by.id,
        by_name=by.name,
    )
    session.add(code)
    session.flush()
    return code, True


def open_code(session: Session, code_id: int, url: str) -> PayCode:
    """The channel has made the code. One that was stopped meanwhile stays so, and is closed there."""
    code = _locked(session, code_id)
    code.url = url
    if code.state == "making":
        code.state = "open"
    session.flush()
    return code


def fail_code(session: Session, code_id: int, told: str, *, at: datetime) -> PayCode:
    """The channel gave no code. It is closed there all the same: the answer may have been lost, and not the code."""
    code = _locked(session, code_id)
    code.told = told
    if code.state == "making":
        _end(code, "failed", at)
    session.flush()
    return code


def stop_code(session: Session, code_id: int, *, at: datetime) -> PayCode:
    """Nobody is to pay this code any more: it ran out, or is cancelled. One that is over stays as it is."""
    code = _locked(session, code_id)
    if code.state in ALIVE:
        _over(code, at)
    session.flush()
    return code


def note_asked(session: Session, code_id: int, *, at: datetime) -> PayCode:
    """The channel is asked about it now: others come first next time, whatever comes of it."""
    code = _locked(session, code_id)
    code.asked_at = at
    session.flush()
    return code


def shut_code(session: Session, code_id: int, *, at: datetime) -> PayCode:
    """Nobody can pay it any more: the channel says so."""
    code = _locked(session, code_id)
    if code.state in ALIVE:
        _over(code, at)
    code.shut_at = code.shut_at or at
    session.flush()
    return code


def _over(code: PayCode, at: datetime) -> None:
    """It ran out, or gives way before its time."""
    _end(code, "expired" if code.expires_at <= at else "cancelled", at)


def _end(code: PayCode, state: str, at: datetime) -> None:
    code.state, code.ended_at = state, at


def _locked(session: Session, code_id: int) -> PayCode:
    """A code under its order's lock, as it is now."""
    locked_order(session, session.get_one(PayCode, code_id).order_id)
    return session.get_one(PayCode, code_id, populate_existing=True)
