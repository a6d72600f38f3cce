"""What pages say of waiting."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from dispatch.orders.clock_rules import pauses
from dispatch.orders.lifecycle import OrderFacts, transition, why_not
from dispatch.orders.models import Order
from dispatch.orders.waiting_rules import WHYS, WaitFor, why_words
from dispatch.words import Text

IDLE = ("planned", "dispatched")


def may_wait(order: Order, facts: OrderFacts) -> bool:
    """Whether the way to the form is open: for the rest of what the table asks, and with idle visits taken off the plan."""
    left = tuple(status for status in facts.visits if status not in IDLE)
    asked = replace(facts, visits=left, wait=WaitFor("other", date.max))
    return why_not(transition("order", "hold"), "order", order.status, asked) is None


def waits_for(order: Order) -> Text | str | None:
    """What an order waits for, in the reader's language where the list says it."""
    if order.waiting_why is None:
        return None
    own = order.waiting_reason or ""
    return why_words(order.waiting_why, "" if own == str(WHYS[order.waiting_why]) else own)


def what_pauses() -> list[Text]:
    """The reasons for which clocks stand still."""
    return [word for why, word in WHYS.items() if pauses(why)]
