"""The states of a SIM at its carrier, and every step from one to another: one table, obeyed by operations and drawn by pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dispatch.words import Text, say

STATES: dict[str, Text] = {
    "inventory": say("Not activated"),
    "active": say("In use"),
    "suspended": say("Suspended"),
    "closed": say("Closed"),
}
OUT_OF_USE = ("suspended", "closed")
LOOKS = {"inventory": "draft", "active": "active", "suspended": "warning", "closed": "inactive"}
"""How a state's chip looks."""


@dataclass(frozen=True)
class SimStep:
    """One step: from where, to where, its word on the button, and whether a reason is asked for."""

    action: str
    sources: tuple[str, ...]
    target: str
    label: Text
    needs_reason: bool = True


SIM_STEPS: dict[str, SimStep] = {
    step.action: step
    for step in (
        SimStep("activate", ("inventory",), "active", say("Activate"), needs_reason=False),
        SimStep("suspend", ("active",), "suspended", say("Suspend")),
        SimStep("resume", ("suspended",), "active", say("Resume"), needs_reason=False),
        SimStep("close", ("inventory", "active", "suspended"), "closed", say("Close for good")),
    )
}


def steps_of(state: str) -> list[SimStep]:
    """What can be done with a SIM in this state."""
    return [step for step in SIM_STEPS.values() if state in step.sources]


def warnings_of(number: str, state: str, expires_on: date | None, today: date) -> Iterator[Text]:
    """What whoever hands a SIM out should know: it may be of no use in a vehicle."""
    if state in OUT_OF_USE:
        yield say("SIM %(sim)s is not in use at the carrier: %(state)s.", sim=number, state=STATES[state])
    if expires_on is not None and expires_on < today:
        yield say("SIM %(sim)s has run out on %(day)s.", sim=number, day=expires_on)


CARRIERS = ("中国移动", "中国联通", "中国电信", "中国广电")
"""What is offered when a carrier is typed; any other name will do."""


@dataclass(frozen=True)
class Contract:
    """What is agreed with the carrier about a SIM: who it is, the plan, and until when it runs."""

    carrier: str | None = None
    plan: str | None = None
    expires_on: date | None = None

    @property
    def facts(self) -> dict[str, str | None]:
        """The same as texts, by name."""
        return {
            "carrier": self.carrier,
            "plan": self.plan,
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
        }


@dataclass(frozen=True)
class TopUp:
    """Money put on a SIM: how much, the carrier's receipt, and until when it runs then, if that changed."""

    amount: Decimal
    receipt: str
    until: date | None = None
