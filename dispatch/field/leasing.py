"""Receipt numbers for a phone that has no signal: blocks that are its own, asked for as often as an answer is lost."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.fees.models import ReceiptBlock
from dispatch.fees.operations.numbering import lease_block
from dispatch.fees.queries import open_blocks
from dispatch.field.models import PhoneDevice
from dispatch.field.phones import device_of
from dispatch.staff.rules import Actor

FEW = 20
"""With fewer numbers left than these a phone is given a further block."""


def blocks_for(
    session: Session, phone: PhoneDevice, *, known: Collection[int], left: int, by: Actor, at: datetime
) -> Sequence[ReceiptBlock]:
    """The blocks of a locked phone, a new one among them where it has only a few numbers `left` and `known` are all that it has:
    a lease whose answer was lost is given again.
    """
    device = device_of(phone.id)
    blocks = [block for block in open_blocks(session, phone.person_id, device) if block.branch_id == by.branch_id]
    if left >= FEW or any(block.id not in known for block in blocks):
        return blocks
    return [*blocks, lease_block(session, person_id=phone.person_id, device=device, by=by, at=at)]
