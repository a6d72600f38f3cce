"""What happened to a return, as sentences: entries of the audit trail by a table action -> words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dispatch.audit.models import AuditEntry
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_rules import FAULTS, STEP_WORDS
from dispatch.devices.reasons import reason_word
from dispatch.words import Text, say


@dataclass(frozen=True)
class Happening:
    """One entry as the page's history shows it."""

    what: Text
    who: str
    server_at: datetime
    icon: str
    tone: str
    reason: str | Text | None = None


@dataclass(frozen=True)
class _Look:
    what: Text
    icon: str
    tone: str


OPENED = say("Taken out of the vehicle: to be brought to the bench")
SET_ASIDE_FROM = say("Set aside because it does not work: to be brought to the bench")
LOOKS: dict[str, _Look] = {
    "return.receive": _Look(say("Received at the bench"), "inbox", "planned"),
    "return.diagnose": _Look(say("Fault found: %(fault)s"), "search", "site"),
    "return.no_fault": _Look(say("No fault found; now: %(name)s"), "check-circle", "done"),
    "return.repair": _Look(say("Repaired; now: %(name)s"), "tools", "done"),
    "return.send": _Look(say("Sent to %(supplier)s, RMA %(rma_number)s"), "send", "dispatched"),
    "return.take_back": _Look(say("Back from the supplier"), "arrow-left", "planned"),
    "return.replace": _Look(say("The supplier sent %(number)s instead; now: %(name)s"), "arrow-repeat", "done"),
    "return.propose_scrap": _Look(say("Proposed to be scrapped"), "trash", "awaiting"),
    "return.scrap": _Look(say("Scrapping approved"), "trash", "refused"),
    "return.keep": _Look(say("Not scrapped after all"), "arrow-repeat", "planned"),
    "return.undo": _Look(say("Taken back: %(step)s"), "arrow-repeat", "waiting"),
    "return.void": _Look(say("Ended without the bench: %(why)s"), "slash-circle", "closed"),
    "return.reopen": _Look(say("Owed again: what had ended it was undone"), "arrow-repeat", "waiting"),
}


def happenings(case: UnitReturn, entries: Iterable[AuditEntry]) -> list[Happening]:
    """A return's trail, newest first, in words; its beginning is when the unit came out, not when the server heard of it."""
    came = (OPENED, "truck") if case.fitting_id else (SET_ASIDE_FROM, "bag-check")
    opened = Happening(came[0], case.opened_by_name, case.opened_at, came[1], "waiting")
    return [*(_told(entry, LOOKS[entry.action]) for entry in entries if entry.action in LOOKS), opened]


def _told(entry: AuditEntry, look: _Look) -> Happening:
    what = Text(look.what.msgid, named(entry.detail))
    return Happening(what, entry.by_name, entry.at, look.icon, look.tone, _more(entry))


def named(detail: Mapping[str, Any]) -> dict[str, Any]:
    """What the sentences may name, out of an entry's detail."""
    known = {name: detail.get(name) or "—" for name in ("name", "supplier", "rma_number", "number")}
    return known | {
        "step": STEP_WORDS.get(detail.get("action", ""), "—"),
        "fault": FAULTS.get(detail.get("fault", ""), "—"),
        "why": reason_word(detail.get("reason", "")),
    }


def _more(entry: AuditEntry) -> str | Text | None:
    """A remark or reason in somebody's own words, or the carrier's number."""
    if entry.detail.get("tracking_number"):
        return say("Tracking number %(number)s", number=entry.detail["tracking_number"])
    if entry.detail.get("asked_by"):
        return say("Asked for by %(name)s; both have said yes", name=entry.detail["asked_by"])
    if entry.action == "return.void":
        return None
    said: str | None = entry.detail.get("remark") or entry.detail.get("reason")
    return said
