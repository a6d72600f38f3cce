"""What becomes of a unit that came out of a vehicle, or never worked (返修): every status, every step from one to another, the
faults found.

A step says: from where, to where, who may (None: it follows from something else), and at which kind of holder the unit is
afterwards. The bench's pages draw their forms from this table and its operations obey it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.words import Text, say

OWED = ("owed",)
ON_BENCH = ("received", "diagnosed")
SENT = ("at_supplier",)
PROPOSED = ("scrap_proposed",)
OPEN = (*OWED, *ON_BENCH, *SENT, *PROPOSED)
CLOSED = ("repaired", "no_fault_found", "replaced", "scrapped", "void")
STATUSES = (*OPEN, *CLOSED)
FAULT_KNOWN = ("diagnosed", "at_supplier", "scrap_proposed", "repaired", "replaced", "scrapped")
"""A unit is not sent away, mended or given up before somebody said what is wrong with it."""

STATUS_WORDS: dict[str, Text] = {
    "owed": say("To be received"),
    "received": say("On the bench"),
    "diagnosed": say("Fault found"),
    "at_supplier": say("At the supplier"),
    "scrap_proposed": say("To be scrapped?"),
    "repaired": say("Repaired"),
    "no_fault_found": say("No fault found"),
    "replaced": say("Replaced by the supplier"),
    "scrapped": say("Scrapped"),
    "void": say("Ended without the bench"),
}

PLACES_OF: dict[str, tuple[str, ...]] = {
    "owed": ("bag", "store", "transit", "contractor"),
    "received": ("bench",),
    "diagnosed": ("bench",),
    "scrap_proposed": ("bench",),
    "at_supplier": ("supplier",),
    "replaced": ("supplier",),
    "scrapped": ("scrapped",),
}
"""The kinds of holder that a unit can be at while its return has a status; after the others it goes its own way."""

FAULTS: dict[str, Text] = {
    "power": say("Power supply"),
    "board": say("Mainboard"),
    "gnss": say("Positioning module"),
    "network": say("Mobile network module"),
    "sim_contact": say("SIM holder or contacts"),
    "antenna": say("Antenna or its socket"),
    "connector": say("Plug or cable"),
    "storage": say("Memory or card slot"),
    "firmware": say("Firmware or settings"),
    "battery": say("Backup battery"),
    "water": say("Water inside"),
    "broken": say("Broken by force"),
    "card": say("SIM card dead or locked"),
    "inexact": say("Measures wrongly"),
    "other": say("Another fault"),
}
_OF_TOOLS = ("inexact", "power", "battery", "connector", "water", "broken", "other")

FOUND_FAULTY: dict[str, Text] = {
    "found_dead": say("Does not start"),
    "found_offline": say("Does not go online"),
    "found_no_fix": say("Finds no position"),
    "found_damaged": say("Damaged"),
    "found_inexact": say("Measures wrongly"),
    "found_other": say("Something else"),
}
"""Why a unit that was in no vehicle is to be looked at. The last one needs words."""
SET_ASIDE = "set_aside"
"""The step with which a return of such a unit begins; its counter-step ends it."""
FROM_PLACES = ("store", "bag")


def faults_of(kind: str) -> dict[str, Text]:
    """What can be wrong with a unit of this kind."""
    of_tools = {code: FAULTS[code] for code in _OF_TOOLS}
    return of_tools if kind == "tool" else {code: words for code, words in FAULTS.items() if code != "inexact"}


def reasons_of(kind: str) -> dict[str, Text]:
    """Why a unit of this kind is set aside for the bench."""
    without = ("found_offline", "found_no_fix") if kind == "tool" else ("found_inexact",)
    return {code: words for code, words in FOUND_FAULTY.items() if code not in without}


@dataclass(frozen=True)
class Step:
    """One row of the table. `goes_to` is the kind of holder that has the unit afterwards, "back" for store or customer."""

    action: str
    sources: tuple[str, ...]
    target: str
    permission: str | None
    label: Text
    goes_to: str | None = None


STEPS: dict[str, Step] = {
    step.action: step
    for step in (
        Step("receive", OWED, "received", "bench.work", say("Receive"), "bench"),
        Step("diagnose", ON_BENCH, "diagnosed", "bench.work", say("Record the fault")),
        Step("no_fault", ON_BENCH, "no_fault_found", "bench.work", say("No fault found"), "back"),
        Step("repair", ("diagnosed",), "repaired", "bench.work", say("Repaired"), "back"),
        Step("send", ("diagnosed",), "at_supplier", "bench.work", say("Send to the supplier"), "supplier"),
        Step("take_back", SENT, "diagnosed", "bench.work", say("Back from the supplier"), "bench"),
        Step("replace", SENT, "replaced", "bench.work", say("Replaced by the supplier")),
        Step("propose_scrap", ("diagnosed",), "scrap_proposed", "bench.work", say("Propose to scrap")),
        Step("keep", PROPOSED, "diagnosed", "bench.work", say("Do not scrap")),
        Step("scrap", PROPOSED, "scrapped", "bench.scrap", say("Approve scrapping"), "scrapped"),
        Step("void", OWED, "void", None, say("Ended without the bench")),
        Step("reopen", ("void",), "owed", None, say("Owed again")),
    )
}

STEP_WORDS: dict[str, Text] = {
    SET_ASIDE: say("Set aside for the bench"),
    **{step.action: step.label for step in STEPS.values()},
}
"""What a step is called where it is taken back."""


def may_undo(action: str) -> str:
    """The permission that a step's counter-step needs: what two had to decide, one who decides takes back."""
    return STEPS[action].permission or "" if action in STEPS else "bench.work"


OWN_PROPOSAL = say("You have proposed this yourself: somebody else has to decide.")


def steps_from(status: str, permissions: Iterable[str]) -> list[Step]:
    """What somebody with these permissions can do with a return in this status, in the order of the table."""
    held = set(permissions)
    return [step for step in STEPS.values() if status in step.sources and step.permission in held]


def why_not_scrap(proposed_by_id: int | None, decides_id: int | None) -> Text | None:
    """Nobody approves what he has proposed himself; None when he may."""
    return OWN_PROPOSAL if proposed_by_id is not None and proposed_by_id == decides_id else None
