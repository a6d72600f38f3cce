"""The way of an invoice: every change of its state is a row of this table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.errors import Conflict
from dispatch.words import Text, say

STATES = ("requested", "issued", "red_lettered", "refused", "withdrawn", "void")
STATE_WORDS: dict[str, Text] = {
    "requested": say("Waiting to be issued"),
    "issued": say("Invoice issued"),
    "red_lettered": say("Red-lettered"),
    "refused": say("Request refused"),
    "withdrawn": say("Request withdrawn"),
    "void": say("Made void"),
}
LIVE = ("requested", "issued", "red_lettered")
"""States in which its lines take up what is charged. What is red-lettered gives it back by the lines of the red one."""


@dataclass(frozen=True)
class Step:
    """One action: from where to where, who may, whether it needs a reason, and what is said when it is done."""

    froms: tuple[str, ...]
    to: str
    permission: str
    needs_reason: bool = False
    done: Text | None = None


STEPS: dict[str, Step] = {
    "issue": Step(("requested",), "issued", "invoice.issue", done=say("Issued.")),
    "note": Step(("requested",), "issued", "fee.take"),
    "refuse": Step(("requested",), "refused", "invoice.issue", True, say("Refused. Whoever asked for it reads the reason.")),
    "withdraw": Step(("requested",), "withdrawn", "invoice.ask", done=say("Withdrawn.")),
    "void": Step(
        ("issued",),
        "void",
        "invoice.issue",
        True,
        say("It is void: number and charges are free again."),
    ),
    "red_letter": Step(("issued",), "red_lettered", "invoice.issue", True),
}


def check_step(name: str, state: str) -> Step:
    """The row of an action. Raises Conflict when an invoice is in no state for it."""
    step = STEPS[name]
    if state not in step.froms:
        raise Conflict(say("This invoice is in another state by now: %(state)s.", state=STATE_WORDS[state]))
    return step


def steps_from(state: str, permissions: Iterable[str]) -> list[str]:
    """What somebody with these permissions can do in a state."""
    held = set(permissions)
    return [name for name, step in STEPS.items() if state in step.froms and step.permission in held]
