"""Receipt numbers: running per branch, leased in blocks to one person's device, so that a phone without signal has some.

The server takes the next number of a block in the transaction that writes the receipt, so none is lost. A device that gives
numbers itself may send a later one first; what it passed over stays its own (`queries.numbers_without_receipt`). It must not let
the server give numbers under the same device name meanwhile: they would run into each other.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.errors import NotAllowed, RuleBroken
from dispatch.fees.models import Receipt, ReceiptBlock
from dispatch.fees.queries import open_blocks
from dispatch.fees.rules import BLOCK_SIZE, receipt_number, running_in, tidy_number
from dispatch.orders.models import Order
from dispatch.staff.models import Branch, Person
from dispatch.staff.rules import Actor
from dispatch.words import say

MOST_LEASED = 1000


def lease_block(
    session: Session, *, person_id: int, device: str, by: Actor, at: datetime, size: int = BLOCK_SIZE
) -> ReceiptBlock:
    """The next `size` numbers of the person's branch, for this device of his. One leases for oneself only."""
    by.must("fee.take")
    if by.id != person_id:
        raise NotAllowed(say("Receipt numbers are given to the person who writes the receipts."))
    if not 0 < size <= MOST_LEASED:
        raise RuleBroken(say("A block has from 1 to %(most)s receipt numbers.", most=MOST_LEASED))
    _lock_numbers(session, person_id, device)
    branch = _locked_branch(session, person_id)
    last = session.scalar(sa.select(sa.func.max(ReceiptBlock.last)).where(ReceiptBlock.branch_id == branch.id)) or 0
    numbers = {"first": last + 1, "last": last + size, "used": last}
    block = ReceiptBlock(branch_id=branch.id, person_id=person_id, device=device, leased_at=at, **numbers)
    session.add(block)
    session.flush()
    return block


def next_number(session: Session, *, by: Actor, device: str, at: datetime) -> tuple[ReceiptBlock, int, str]:
    """Take the next number of this person's device: its block, the running number, the number as printed.

    A new block is leased when the last one is used up, or belongs to a branch the person has left.
    """
    block, branch = usable_block(session, by=by, device=device, at=at)
    return _use(session, block, block.used + 1, branch.code)


def usable_block(session: Session, *, by: Actor, device: str, at: datetime) -> tuple[ReceiptBlock, Branch]:
    """The block out of which this person's device gets its next number, and its branch; held until the transaction ends."""
    by.must("fee.take")
    person_id = _person_id(by)
    _lock_numbers(session, person_id, device)
    branch = session.scalars(sa.select(Branch).join(Person, Person.branch_id == Branch.id).where(Person.id == person_id)).one()
    usable = (block for block in _fresh_blocks(session, person_id, device) if block.branch_id == branch.id)
    return next(usable, None) or lease_block(session, person_id=person_id, device=device, by=by, at=at), branch


def claim_number(session: Session, number: str, *, by: Actor, device: str) -> tuple[ReceiptBlock, int, str]:
    """Take a number that the device has given itself. Raises RuleBroken when it is not one of its own, or in use."""
    by.must("fee.take")
    person_id, wanted = _person_id(by), tidy_number(number)
    _lock_numbers(session, person_id, device)
    leased = sa.select(ReceiptBlock, Branch.code).join(Branch, ReceiptBlock.branch_id == Branch.id)
    mine = leased.where(ReceiptBlock.person_id == person_id, ReceiptBlock.device == device).order_by(ReceiptBlock.id)
    for block, code in session.execute(mine.execution_options(populate_existing=True)):
        running = running_in(wanted, code)
        if running is not None and block.first <= running <= block.last:
            _check_unused(session, block, running, wanted)
            return _use(session, block, running, code)
    raise RuleBroken(say("%(number)s is none of the receipt numbers that this device was given.", number=wanted))


def _person_id(by: Actor) -> int:
    if by.id is None:
        raise NotAllowed(say("A receipt is written by a person."))
    return by.id


def _lock_numbers(session: Session, person_id: int, device: str) -> None:
    """Let nobody else take or lease numbers of this person's device until the transaction ends."""
    key = f"receipts:{person_id}:{device}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(key, 0))))


def _locked_branch(session: Session, person_id: int) -> Branch:
    """The person's branch, locked against another lease but not against rows that only name it."""
    query = sa.select(Branch).join(Person, Person.branch_id == Branch.id).where(Person.id == person_id)
    return session.scalars(query.with_for_update(of=Branch, key_share=True)).one()


def _fresh_blocks(session: Session, person_id: int, device: str) -> list[ReceiptBlock]:
    """The blocks with numbers left, as they are now that the lock is held."""
    blocks = open_blocks(session, person_id, device)
    for block in blocks:
        session.refresh(block)
    return [block for block in blocks if block.used < block.last]


def _check_unused(session: Session, block: ReceiptBlock, running: int, number: str) -> None:
    taken = sa.select(Order.number).join(Receipt, Receipt.order_id == Order.id)
    order = session.scalar(taken.where(Receipt.block_id == block.id, Receipt.running == running))
    if order is not None:
        raise RuleBroken(say("Receipt number %(number)s was used already, on order %(order)s.", number=number, order=order))


def _use(session: Session, block: ReceiptBlock, running: int, branch_code: str) -> tuple[ReceiptBlock, int, str]:
    block.used = max(block.used, running)
    session.flush()
    return block, running, receipt_number(branch_code, running)
