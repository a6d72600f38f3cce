"""What a technician ticks and writes on his phone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dispatch.errors import Invalid
from dispatch.typed import number_in
from dispatch.words import Text, say

REASONS: dict[str, Text] = {
    "absent": say("The customer was not there"),
    "part": say("A part was missing"),
    "cannot": say("It cannot be done"),
    "other": say("Something else"),
}
"""Why a visit is broken off."""

LEFT: dict[str, Text] = {"leave_over": say("They did not come"), "give_up": say("They cannot be done")}
"""What becomes of the vehicles that are not done: the action of the line table, and its words on the phone."""

MOST_LETTERS = 500


@dataclass(frozen=True)
class Finish:
    """How a visit ended: the lines that were not done, what becomes of them, and why. All others are done."""

    not_done: tuple[int, ...] = ()
    how: str = "leave_over"
    reason: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """As it is kept in the fact; nothing for a visit whose vehicles are all done."""
        return {"not_done": list(self.not_done), "how": self.how, "reason": self.reason} if self.not_done else {}


def read_finish(shown: Iterable[str], done: Iterable[str], values: Mapping[str, Any]) -> Finish:
    """From the lines the page showed and those that were ticked. Raises Invalid when some are not and no reason is given."""
    ticked = set(done)
    left = tuple(line for text in shown if text not in ticked and (line := number_in(text)))
    if not left:
        return Finish()
    reason, how = _written(values, "reason"), str(values.get("how") or "leave_over")
    if not reason:
        raise Invalid({"reason": say("Say why these vehicles are not done.")})
    if how not in LEFT:
        raise Invalid({"how": say("Choose one of these.")})
    return Finish(left, how, reason)


def read_abandon(values: Mapping[str, Any]) -> Text:
    """Why a visit is broken off: one of REASONS, with what was written beside it. Raises Invalid."""
    why, more = REASONS.get(str(values.get("why") or "")), _written(values, "more")
    if why is None:
        raise Invalid({"why": say("Choose one of these.")})
    if values.get("why") == "other":
        if not more:
            raise Invalid({"more": say("Please write what it is.")})
        return Text("%(more)s", {"more": more})
    return say("%(why)s: %(more)s", why=why, more=more) if more else why


def _written(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()[:MOST_LETTERS]
