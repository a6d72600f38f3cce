"""Whether a SIM has to be bound to the terminal beside it (机卡绑定) after a swap: which of the written rules counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from dispatch.words import Text, say

MODES: dict[str, Text] = {
    "always": say("After every swap"),
    "on_record": say("Only where it is bound to another IMEI on record"),
    "never": say("Never: these SIMs are not bound"),
}
USUAL = "always"
"""What holds where no rule is written."""


class Covering(Protocol):
    """What a rule is about; None means any."""

    @property
    def branch_id(self) -> int | None: ...
    @property
    def carrier(self) -> str | None: ...
    @property
    def plan(self) -> str | None: ...
    @property
    def mode(self) -> str: ...


AnyRule = TypeVar("AnyRule", bound=Covering)


def rule_for(rules: Iterable[AnyRule], *, branch_id: int, carrier: str | None, plan: str | None) -> AnyRule | None:
    """The rule that counts for a SIM: one for its plan before one for its carrier before one for the branch."""
    own = {"branch_id": branch_id, "carrier": carrier, "plan": plan}
    covering = [rule for rule in rules if all(getattr(rule, name) in (None, value) for name, value in own.items())]
    return max(
        covering, key=lambda rule: (rule.plan is not None, rule.carrier is not None, rule.branch_id is not None), default=None
    )


def mode_for(rules: Iterable[Covering], *, branch_id: int, carrier: str | None, plan: str | None) -> str:
    """One of MODES."""
    found = rule_for(rules, branch_id=branch_id, carrier=carrier, plan=plan)
    return found.mode if found else USUAL
