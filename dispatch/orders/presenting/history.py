"""One history of an order: entries of the audit trail as sentences, by a table action -> sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.audit.models import AuditEntry
from dispatch.customers.rules import show_plate
from dispatch.devices.rules import UNIT_WORDS
from dispatch.devices.swap_rules import why_told
from dispatch.fees.rules import CHANNEL_WORDS, yuan
from dispatch.field.rules import PHOTOS, RESULTS, TESTS
from dispatch.orders.clock_rules import STAGES
from dispatch.orders.contact_rules import HOW
from dispatch.orders.models import OrderLine
from dispatch.orders.presenting.looks import FITTED, LOOKS, PLAIN, TESTED, Look
from dispatch.orders.rules import URGENCY_WORDS, reason_words
from dispatch.orders.status_words import WORDS
from dispatch.orders.verbal_rules import VERBAL_CHANNELS
from dispatch.orders.waiting_rules import WHYS
from dispatch.staff.rules import SYSTEM
from dispatch.words import Text, say, text_from_json


@dataclass(frozen=True)
class Happening:
    """One entry as the page shows it. `who` is the name as it was then; `old` and `new` are status words or names.

    `notes` is what spoke against a change that was made all the same, or what a test-run found. `device_at` is when it was done
    by the technician's clock, where the server heard of it more than a minute apart.
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
    device_at: datetime | None = None


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


def people_in(entries: Sequence[AuditEntry]) -> set[int]:
    """The ids of people whom the entries name."""
    named = (entry.detail.get(key) for entry in entries for key in ("technician", "from_technician"))
    return {person_id for person_id in named if isinstance(person_id, int)}


def lines_in(entries: Sequence[AuditEntry]) -> set[int]:
    """The ids of lines that entries name without their vehicle."""
    named = (entry.detail.get("line") for entry in entries if not entry.detail.get("vehicle"))
    return {line_id for line_id in named if isinstance(line_id, int)}


def naming_of(lines: Iterable[OrderLine], people: Mapping[int, str], zone: str) -> Naming:
    """The names that an order's own history needs; `lines` are those that it names."""
    vehicles = {line.id: show_plate(line.vehicle.plate) if line.vehicle.plate else line.vehicle.vin or "—" for line in lines}
    return Naming(people, vehicles, zone)


def told(entries: Sequence[AuditEntry], naming: Naming) -> list[Happening]:
    """Entries as sentences, in the order given."""
    return [_tell(entry, naming) for entry in entries]


def _look(entry: AuditEntry) -> Look:
    action = entry.action
    if action == "order.take" and entry.detail.get("lines") == 1:
        action = "order.take.one"
    special = None
    if action == "line.fit":
        special = FITTED.get(entry.detail.get("kind", ""))
    elif action == "test.run":
        special = next((look for result, look in TESTED.items() if result in entry.detail.get("results", {}).values()), None)
    return special or LOOKS.get(action, PLAIN)


def _tell(entry: AuditEntry, naming: Naming) -> Happening:
    look = _look(entry)
    old, new = _change(entry, naming)
    return Happening(
        what=Text(look.what.msgid, _params(entry, naming, look.what)),
        who=say("System") if entry.by_id is None and entry.by_name == SYSTEM.name else entry.by_name,
        server_at=entry.at,
        icon=look.icon,
        tone=look.tone,
        reason=reason_words(entry.detail.get("reason", "")) or None,
        old=old,
        new=new,
        notes=(
            *(text_from_json(stored) for stored in entry.detail.get("conflicts", ())),
            *_not_passed(entry),
            *_in_whose_place(entry),
            *_why_swapped(entry),
            *_raised(entry),
            *_whom_from_outside(entry),
            *_until(entry),
        ),
        device_at=_apart(entry),
    )


def _in_whose_place(entry: AuditEntry) -> Iterator[Text]:
    """For whom a deputy decided, and who made the link by which it was decided."""
    if entry.detail.get("for"):
        yield say("for %(name)s", name=entry.detail["for"])
    if entry.detail.get("link_by"):
        yield say("by a link that %(name)s made", name=entry.detail["link_by"])


def _why_swapped(entry: AuditEntry) -> Iterator[Text]:
    """The reason of a swap."""
    told = why_told(entry.detail.get("why"), entry.detail.get("why_words"))
    if told is not None:
        yield told


def _raised(entry: AuditEntry) -> Iterator[Text]:
    """How urgent an order became by a further call."""
    if entry.action == "call.join" and entry.detail.get("urgency"):
        yield say("now %(urgency)s", urgency=URGENCY_WORDS.get(entry.detail["urgency"], "—"))


def _whom_from_outside(entry: AuditEntry) -> Iterator[Text]:
    """Whom an order is to go to when nobody is free, and for how much at most."""
    if entry.detail.get("whom") == "contractor":
        yield say("to a contractor, for %(amount)s at most", amount=yuan(Decimal(entry.detail["amount"])))
    elif entry.detail.get("whom") == "colleague":
        yield say("to %(name)s of another branch", name=entry.detail["name"])


def _until(entry: AuditEntry) -> Iterator[Text]:
    """Until which day an order waits, and for what where its reason is somebody's own words."""
    wait = entry.detail.get("wait")
    if wait is not None:
        yield say("until %(day)s", day=entry.detail.get("day", "—"))
        if wait != "other" and entry.detail.get("reason") != str(WHYS.get(wait)):
            yield WHYS[wait]


def _not_passed(entry: AuditEntry) -> Iterator[Text]:
    """The points of a test-run that were not simply passed."""
    results = entry.detail.get("results", {})
    for item, words in TESTS.items():
        if results.get(item, "passed") != "passed":
            yield say("%(item)s: %(result)s", item=words, result=RESULTS.get(results[item], results[item]))


def _apart(entry: AuditEntry) -> datetime | None:
    """When it was done by the device's clock, if the server heard of it at another time."""
    said = entry.detail.get("device_at")
    if not said:
        return None
    done = datetime.fromisoformat(said)
    return done if abs(done - entry.at) > SAME_TIME else None


SAME_TIME = timedelta(minutes=1)
AS_KEPT = (
    "lines",
    "step",
    "name",
    "names",
    "day",
    "hours",
    "old",
    "new",
    "number",
    "quantity",
    "receipt",
    "invoice",
    "before",
    "received",
    "total",
    "away",
    "delivery",
)
"""What sentences name just as it stands in the entry."""


def _params(entry: AuditEntry, naming: Naming, what: Text) -> dict[str, Any]:
    """Exactly the parameters that the sentence has places for."""
    detail = entry.detail
    readers: dict[str, Callable[[], Any]] = {
        "vehicle": lambda: show_plate(detail["vehicle"]) if detail.get("vehicle") else naming.vehicle(detail.get("line")),
        "technician": lambda: naming.person(detail.get("technician")),
        "starts_at": lambda: naming.moment(detail.get("starts_at")),
        "until": lambda: naming.moment(detail.get("until")),
        "action": lambda: entry.action,
        "amount": lambda: yuan(abs(Decimal(detail.get("amount", 0)))),
        "channel": lambda: CHANNEL_WORDS.get(detail.get("channel", ""), "—"),
        "medium": lambda: VERBAL_CHANNELS.get(detail.get("channel", ""), "—"),
        "photo": lambda: PHOTOS.get(detail.get("kind", ""), "—"),
        "about": lambda: text_from_json(detail["about"]) if detail.get("about") else "—",
        "how": lambda: HOW.get(detail.get("how", ""), "—"),
        "stage": lambda: STAGES.get(detail.get("stage", ""), "—"),
        "unit": lambda: UNIT_WORDS.get(detail.get("unit_kind", ""), "—"),
    }
    wanted = [name for name in (*readers, *AS_KEPT) if f"%({name})s" in what.msgid]
    return {name: readers[name]() if name in readers else detail.get(name, "—") for name in wanted}


def _change(entry: AuditEntry, naming: Naming) -> tuple[Text | str | None, Text | str | None]:
    detail = entry.detail
    if entry.action == "visit.change":
        ends = (detail.get("from_technician"), detail.get("technician"))
        return (naming.person(ends[0]), naming.person(ends[1])) if ends[0] != ends[1] else (None, None)
    if entry.action == "line.fit":
        return (detail.get("old"), detail.get("new")) if "old" in detail and "new" in detail else (None, None)
    if entry.action == "order.urgency":
        return URGENCY_WORDS.get(detail["from"], "—"), URGENCY_WORDS.get(detail["urgency"], "—")
    words = WORDS.get(entry.action.split(".")[0], {})
    old, new = words.get(detail.get("from", "")), words.get(detail.get("to", ""))
    return (old, new) if old and new and old != new else (None, None)
