"""Why a terminal or SIM is swapped: a list to tap, with words of one's own beside it, kept with the swap."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dispatch.words import Text, say

WHYS: dict[str, Text] = {
    "defect": say("Defective"),
    "no_power": say("No power"),
    "sim_fault": say("SIM faulty"),
    "plan": say("SIM run out, or another plan"),
    "damage": say("Damaged or wet"),
    "lost": say("Lost or stolen"),
    "upgrade": say("Upgrade"),
    "loan": say("Lent while the own one is repaired"),
    "own_back": say("Own one back after the loan"),
    "other": say("Another reason"),
    "not_told": say("No reason was told"),
}
"""Every reason there is. "not_told" is that of swaps from before reasons were asked for, and of phones that did not ask."""
OF_KIND = {
    "terminal": ("defect", "no_power", "damage", "lost", "upgrade", "loan", "own_back", "other"),
    "sim": ("sim_fault", "plan", "damage", "lost", "upgrade", "other"),
}
"""Those to choose from, by what is swapped."""
LONGEST = 200


@dataclass(frozen=True)
class Why:
    """A reason of WHYS, and words beside it; another reason than those listed has words."""

    code: str = "not_told"
    words: str | None = None


NOT_TOLD = Why()


def whys_for(kinds: Collection[str]) -> dict[str, Text]:
    """The reasons to choose from when these kinds are swapped together, in the order of the list."""
    wanted = {code for kind in kinds for code in OF_KIND[kind]}
    return {code: word for code, word in WHYS.items() if code in wanted}


def usual_why(symptom: str | None, kinds: Collection[str]) -> str | None:
    """What the symptom of an order lets expect, where that is clear; an installation (None) replaces what was there."""
    if symptom is None:
        return "upgrade"
    if symptom in _CLEAR:
        return _CLEAR[symptom]
    if symptom == "offline":
        return "sim_fault" if set(kinds) == {"sim"} else "defect"
    return None


_CLEAR = {
    "drift": "defect",
    "power": "no_power",
    "restart": "defect",
    "speed": "defect",
    "sos": "defect",
    "camera": "defect",
    "fuel": "defect",
    "damaged": "damage",
    "lost": "lost",
    "recharge": "plan",
}


def why_told(code: str | None, words: str | None) -> Text | None:
    """A reason as it is read: with the words beside it; None where none was told."""
    if code in (None, "not_told"):
        return None
    if code == "other":
        return Text("%(words)s", {"words": words or ""})
    word = WHYS[str(code)]
    return say("%(why)s: %(more)s", why=word, more=words) if words else word
