"""What the worker does for payment codes: asks where no callback came, closes what is over, gives money back."""

from __future__ import annotations

from dispatch.clock import now
from dispatch.jobs import periodic, task
from dispatch.paycodes.asking import ask_all, refund_all, refund_one
from dispatch.paycodes.operations.refunding import JOB


@periodic("paycodes.ask", "* * * * *")
def ask(timestamp: int) -> None:
    """Every minute. Done twice, each payment is kept once."""
    ask_all(now)


@periodic("paycodes.refund_round", "*/5 * * * *")
def refund_round(timestamp: int) -> None:
    """Every five minutes: refunds that the channel has not settled."""
    refund_all(now)


@task(JOB)
def refund(refund: int) -> None:
    """One refund, right after it was approved and given."""
    refund_one(refund, clock=now)
