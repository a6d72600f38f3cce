"""One history of an order: entries of the audit trail as sentences, by a table action -> sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.models import AuditEntry
from dispatch.customers.rules import show_plate
from dispatch.orders.lifecycle import WORDS
from dispatch.orders.models import Order
from dispatch.orders.rules import reason_words
from dispatch.words import Text, say, text_from_json


@dataclass(frozen=True)
class Happening:
    """One entry as the page shows it. `who` is the name as it was then; `old` and `new` are status words or names.

    `notes` is what spoke against a change that was made all the same.
    """

    what: Text
    who: str | Text
    server_at: datetime
    icon: str
    tone: str
    reason: Text | str | None = None
    old: Text | str | None = None
    new: Text | str | None = None
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Naming:
    """The names behind the ids that entries hold: people, vehicles by line, and the zone in which times are read."""

    people: Mapping[int, str]
    vehicles: Mapping[int, str]
    zone: str

    def person(self, person_id: int | None) -> str:
        """A person's name."""
        return self.people.get(person_id or 0, "—")

    def vehicle(self, line_id: int | None) -> str:
        """The plate or VIN of a line."""
        return self.vehicles.get(line_id or 0, "—")

    def moment(self, text: str | None) -> str:
        """An ISO moment of an entry as 12-03 14:05 in the zone."""
        return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(self.zone)):%m-%d %H:%M}" if text else "—"


@dataclass(frozen=True)
class Look:
    """How an action is told: its sentence (with parameters filled from the entry), icon and colour."""

    what: Text
    icon: str
    tone: str


LOOKS: dict[str, Look] = {
    "order.take": Look(say("Order taken: %(lines)s vehicles"), "telephone", "draft"),
    "order.take.one": Look(say("Order taken: one vehicle"), "telephone", "draft"),
    "order.submit": Look(say("Sent for approval"), "send", "awaiting"),
    "order.approve": Look(say("Approved"), "check-lg", "done"),
    "approval.pass": Look(say("Approved at level %(step)s: the next level decides"), "check-lg", "awaiting"),
    "order.reject": Look(say("Rejected"), "x-circle", "refused"),
    "order.rewrite": Look(say("Draft changed"), "pencil", "draft"),
    "order.rework": Look(say("Taken back to be reworked"), "pencil", "draft"),
    "order.follow": Look(say("The order follows the work"), "arrow-repeat", "draft"),
    "order.hold": Look(say("Put on hold"), "pause-circle", "waiting"),
    "order.resume": Look(say("Resumed"), "play-circle", "approved"),
    "order.cancel": Look(say("Cancelled"), "slash-circle", "refused"),
    "order.close": Look(say("Closed"), "archive", "closed"),
    "order.reopen": Look(say("Reopened"), "arrow-repeat", "waiting"),
    "line.complete": Look(say("%(vehicle)s is done"), "check-circle", "done"),
    "line.give_up": Look(say("%(vehicle)s cannot be done"), "dash-circle", "refused"),
    "line.leave_over": Look(say("%(vehicle)s did not come"), "arrow-repeat", "waiting"),
    "line.take_up": Look(say("%(vehicle)s is taken up again"), "arrow-repeat", "planned"),
    "visit.plan": Look(say("Visit planned: %(technician)s, %(starts_at)s"), "calendar-check", "planned"),
    "visit.change": Look(say("Visit changed: %(technician)s, %(starts_at)s"), "calendar3", "planned"),
    "visit.overrule": Look(say("Planned although something spoke against it"), "exclamation-triangle", "waiting"),
    "visit.dispatch": Look(say("%(technician)s is sent"), "send", "dispatched"),
    "visit.recall": Look(say("%(technician)s is called back"), "arrow-left", "waiting"),
    "visit.depart": Look(say("%(technician)s sets out"), "truck", "moving"),
    "visit.arrive": Look(say("%(technician)s has arrived"), "geo-alt", "site"),
    "visit.finish": Look(say("%(technician)s has finished"), "check-circle", "done"),
    "visit.abandon": Look(say("The visit of %(technician)s is abandoned"), "dash-circle", "refused"),
    "field.settle": Look(say("A message of %(technician)s was settled"), "check-circle", "draft"),
    "phone.reveal": Look(say("Asked for the phone number of %(name)s"), "eye", "draft"),
}
PLAIN = Look(say("Something was done: %(action)s"), "circle-fill", "draft")


def people_in(entries: Sequence[AuditEntry]) -> set[int]:
    """The ids of people whom the entries name."""
    named = (entry.detail.get(key) for entry in entries for key in ("technician", "from_technician"))
    return {person_id for person_id in named if isinstance(person_id, int)}


def naming_of(order: Order, people: Mapping[int, str], zone: str) -> Naming:
    """The names that an order's own history needs."""
    vehicles = {
        line.id: show_plate(line.vehicle.plate) if line.vehicle.plate else line.vehicle.vin or "—" for line in order.lines
    }
    return Naming(people, vehicles, zone)


def told(entries: Sequence[AuditEntry], naming: Naming) -> list[Happening]:
    """Entries as sentences, in the order given."""
    return [_tell(entry, naming) for entry in entries]


def _tell(entry: AuditEntry, naming: Naming) -> Happening:
    single = entry.action == "order.take" and entry.detail.get("lines") == 1
    look = LOOKS.get("order.take.one" if single else entry.action, PLAIN)
    old, new = _change(entry, naming)
    return Happening(
        what=Text(look.what.msgid, _params(entry, naming, look.what)),
        who=entry.by_name if entry.by_id else say("System"),
        server_at=entry.at,
        icon=look.icon,
        tone=look.tone,
        reason=reason_words(entry.detail.get("reason", "")) or None,
        old=old,
        new=new,
        notes=tuple(text_from_json(stored) for stored in entry.detail.get("conflicts", ())),
    )


def _params(entry: AuditEntry, naming: Naming, what: Text) -> dict[str, Any]:
    """Exactly the parameters that the sentence has places for."""
    detail = entry.detail
    readers: dict[str, Callable[[], Any]] = {
        "vehicle": lambda: naming.vehicle(detail.get("line")),
        "technician": lambda: naming.person(detail.get("technician")),
        "starts_at": lambda: naming.moment(detail.get("starts_at")),
        "action": lambda: entry.action,
    }
    wanted = [name for name in (*readers, "lines", "step", "name") if f"%({name})s" in what.msgid]
    return {name: readers[name]() if name in readers else detail.get(name, "—") for name in wanted}


def _change(entry: AuditEntry, naming: Naming) -> tuple[Text | str | None, Text | str | None]:
    detail = entry.detail
    if entry.action == "visit.change":
        ends = (detail.get("from_technician"), detail.get("technician"))
        return (naming.person(ends[0]), naming.person(ends[1])) if ends[0] != ends[1] else (None, None)
    words = WORDS.get(entry.action.split(".")[0], {})
    old, new = words.get(detail.get("from", "")), words.get(detail.get("to", ""))
    return (old, new) if old and new and old != new else (None, None)
