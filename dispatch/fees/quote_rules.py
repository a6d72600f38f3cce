"""Quotations: the way of one, what it gives away against the price list, and how far its quantities go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatch.errors import Conflict, Invalid
from dispatch.fees.rules import Decision, yuan
from dispatch.words import Text, say

MOST_LINES = 20
MOST = 999
MOST_DAYS = 365
"""For so many days at most an offer holds."""

STATES = ("draft", "waiting", "offered", "agreed", "declined", "expired", "withdrawn")
STATE_WORDS: dict[str, Text] = {
    "draft": say("Draft"),
    "waiting": say("Awaiting approval"),
    "offered": say("Offered to the customer"),
    "agreed": say("Agreed with the customer"),
    "declined": say("Declined by the customer"),
    "expired": say("Expired"),
    "withdrawn": say("Withdrawn"),
}
LIVE = ("waiting", "offered", "agreed")
"""States of which an order has one quotation at most."""

WAYS: dict[str, Text] = {
    "paper": say("Signed on paper"),
    "phone": say("By phone"),
    "message": say("By message"),
    "person": say("By word, on the spot"),
}
"""How a customer agrees."""


@dataclass(frozen=True)
class Step:
    """One action: from where to where, whether it needs a reason, and what is said when it is done."""

    froms: tuple[str, ...]
    to: str
    needs_reason: bool = False
    done: Text | None = None


STEPS: dict[str, Step] = {
    "change": Step(("draft",), "draft", done=say("Saved.")),
    "ask": Step(("draft",), "waiting", done=say("Something is below the list: it is offered once that is approved.")),
    "offer": Step(("draft",), "offered", done=say("It is offered to the customer.")),
    "pass": Step(("waiting",), "offered"),
    "refuse": Step(("waiting",), "draft"),
    "agree": Step(("offered",), "agreed", done=say("Agreed: from now on the quoted prices are charged.")),
    "decline": Step(("offered",), "declined", True, say("The customer does not want it.")),
    "expire": Step(("offered",), "expired"),
    "withdraw": Step(("draft", "offered", "agreed"), "withdrawn", True, say("Withdrawn: the price list holds again.")),
}


def check_step(name: str, state: str) -> Step:
    """The row of an action. Raises Conflict when a quotation is in no state for it."""
    step = STEPS[name]
    if state not in step.froms:
        raise Conflict(say("This quotation is in another state by now: %(state)s.", state=STATE_WORDS[state]))
    return step


def stands_as(state: str, valid_until: date, day: date) -> str:
    """How it stands on a day: what was offered and not agreed in time has expired, though nobody has written it down."""
    return "expired" if state == "offered" and valid_until < day else state


def steps_from(state: str) -> list[str]:
    """What somebody who makes quotations can do in a state."""
    return [name for name in ("change", "offer", "agree", "decline", "withdraw") if state in STEPS[name].froms]


@dataclass(frozen=True)
class Wanted:
    """One line as it is asked for; without a price of its own it is the list's."""

    code: str
    quantity: int
    unit_price: Decimal | None = None


def check_wanted(lines: Iterable[Wanted], listed: dict[str, Decimal]) -> None:
    """Raises Invalid beside the line (`code-0`, …) whose thing, quantity or price cannot be."""
    wrong: dict[str, Text] = {}
    seen: set[str] = set()
    number = -1
    for number, line in enumerate(lines):
        wrong |= {f"{field}-{number}": told for field, told in _wrong(line, listed.get(line.code), seen)}
        seen.add(line.code)
    if not 0 <= number < MOST_LINES:
        wrong["code-0"] = say("Between 1 and %(most)s lines, please.", most=MOST_LINES)
    if wrong:
        raise Invalid(wrong)


def _wrong(line: Wanted, listed: Decimal | None, seen: set[str]) -> Iterable[tuple[str, Text]]:
    if listed is None:
        yield "code", say("The price list has no “%(code)s” today.", code=line.code)
    elif line.code in seen:
        yield "code", say("This stands here twice.")
    if not 0 < line.quantity <= MOST:
        yield "quantity", say("A whole number from 1 to %(most)s, please.", most=MOST)
    if listed is not None and line.unit_price is not None and not 0 <= line.unit_price <= listed:
        yield "unit_price", say("From nothing to the %(price)s of the list, please.", price=yuan(listed))


def given_away(lines: Iterable[tuple[int, Decimal, Decimal]]) -> Decimal:
    """How far (quantity, quoted, listed) stay below the list, all together."""
    return sum((quantity * (listed - quoted) for quantity, quoted, listed in lines), Decimal("0.00"))


def split(quantity: int, left: int) -> tuple[int, int]:
    """How much of a quantity takes the quoted price, and how much the list's."""
    quoted = max(0, min(quantity, left))
    return quoted, quantity - quoted


def at_quoted_price(number: str, listed: Decimal) -> Decision:
    """The rule of a charge that takes a quoted price."""
    told = say(
        "Quoted price of %(number)s, agreed with the customer; %(listed)s in the list.", number=number, listed=yuan(listed)
    )
    return Decision(False, "quoted_price", told)
