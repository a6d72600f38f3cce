"""Stations of a life in words, as its page and its printed form show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from dispatch.customers.models import Vehicle
from dispatch.devices.bench_history import LOOKS as BENCH_LOOKS
from dispatch.devices.bench_history import named
from dispatch.devices.models import Holder, Unit
from dispatch.devices.ownership_queries import REASONS as OWNER_REASONS
from dispatch.devices.reasons import reason_word
from dispatch.devices.rules import UNIT_WORDS
from dispatch.devices.sim_life import SIM_WORDS
from dispatch.devices.swap_rules import why_told
from dispatch.field.rules import RESULTS, TESTS
from dispatch.intake.silence_rules import ENDED_BY
from dispatch.lives.queries import Life, Station
from dispatch.orders.presenting.looks import Look
from dispatch.words import Text, say

WAYS = {"jt808": "JT/T 808", "traccar": "Traccar"}
OWNERS: Mapping[str, Text] = {
    "ours": say("ours"),
    "customer": say("the customer's"),
    "third_party": say("a third party's"),
}
CHANGES: Mapping[str, Text] = {
    "install": say("%(kind)s fitted"),
    "swap": say("%(kind)s swapped"),
    "remove": say("%(kind)s taken out"),
    "move_out": say("%(kind)s moved to another vehicle"),
    "move_in": say("%(kind)s moved in from another vehicle"),
    "undo": say("%(kind)s put back as it was before"),
}
"""What a fitting did to a vehicle."""


LOOKS: Mapping[str, Look] = {
    "offer": Look(say("Offered, to be accepted"), "people", "awaiting"),
    "offer.declined": Look(say("The offer was declined"), "x-circle", "refused"),
    "offer.withdrawn": Look(say("The offer was taken back"), "arrow-left", "closed"),
    "calibration": Look(say("It was calibrated"), "tools", "done"),
    "order.take": Look(say("Order taken"), "telephone", "draft"),
    "order.approve": Look(say("Order approved"), "check-lg", "approved"),
    "order.approve_by_word": Look(say("Order approved by word"), "check-lg", "backfill"),
    "order.reject": Look(say("Order rejected"), "x-circle", "refused"),
    "order.cancel": Look(say("Order cancelled"), "slash-circle", "refused"),
    "order.close": Look(say("Order closed"), "archive", "closed"),
    "order.auto_close": Look(say("Order closed by rule"), "archive", "closed"),
    "order.reopen": Look(say("Order reopened"), "arrow-repeat", "waiting"),
    "order.not_solved": Look(say("Not solved, says the customer"), "arrow-repeat", "refused"),
    "call.join": Look(say("Called about it again"), "telephone", "waiting"),
    "contact.confirm": Look(say("The customer confirmed"), "check-circle", "done"),
    "help.solved": Look(say("Solved by remote help, without a visit"), "broadcast-pin", "done"),
    "help.not_solved": Look(say("Remote help did not solve it"), "broadcast-pin", "waiting"),
    "line.give_up": Look(say("It could not be done"), "dash-circle", "refused"),
    "line.leave_over": Look(say("The vehicle did not come"), "arrow-repeat", "waiting"),
    "line.take_up": Look(say("It is taken up again"), "arrow-repeat", "planned"),
    "recall.confirm": Look(say("It counts as a recall of earlier work"), "arrow-repeat", "waiting"),
    "recall.deny": Look(say("It counts as no recall"), "check-lg", "draft"),
    "arrive": Look(say("Arrived on site"), "geo-alt", "site"),
    "finish": Look(say("Visit finished"), "check-circle", "done"),
    "sheet": Look(say("Sheet issued"), "file-earmark-text", "done"),
    "silent": Look(say("It fell silent"), "broadcast-pin", "waiting"),
    "silence.dismiss": Look(say("Silence set aside"), "pause-circle", "closed"),
    "silence.skip_restart": Look(say("To be seen to without a restart"), "telephone-plus", "closed"),
    "restart.done": Look(say("Restarted from afar"), "arrow-repeat", "done"),
    "restart.kept": Look(say("Restart from afar: Traccar tells it when it connects"), "arrow-repeat", "waiting"),
    "restart.refused": Look(say("Restart from afar: it refused"), "x-circle", "refused"),
    "restart.unreached": Look(say("Restart from afar: it could not be reached"), "x-circle", "refused"),
    "restart.under way": Look(say("Restart from afar: under way"), "arrow-repeat", "awaiting"),
    "lent": Look(say("Lent until %(day)s"), "clock", "waiting"),
    "lent.returned": Look(say("The loan ended: it came back"), "check-circle", "done"),
    "lent.sold": Look(say("The loan was turned into a sale"), "receipt", "done"),
    "lent.void": Look(say("The loan ended: the fitting was undone"), "arrow-left", "closed"),
    "return.open": Look(say("To be brought to the repair bench"), "truck", "waiting"),
    "terminal.learn": Look(say("Numbers learnt from what it reported: %(numbers)s"), "broadcast-pin", "draft"),
    "vehicle.make": Look(say("Put on record"), "clipboard-plus", "draft"),
    "vehicle.change": Look(say("What is known of it was corrected"), "pencil", "draft"),
    "vehicle.change_owner": Look(say("It changed hands"), "people", "planned"),
    "vehicle.park": Look(say("Not in use any more"), "pause-circle", "waiting"),
    "vehicle.unpark": Look(say("In use again"), "play-circle", "done"),
}
BY_CHAPTER = {
    "move": ("box-seam", "planned"),
    "vehicle": ("arrow-repeat", "done"),
    "heard": ("broadcast-pin", "done"),
    "carrier": ("sim", "draft"),
    "owner": ("person-badge", "draft"),
}
"""Icon and tone of what has no look of its own."""


@dataclass(frozen=True)
class Point:
    """One point of a test-run: what, how it ended, why, and what the terminal told for it over what and when."""

    what: Text | str
    result: Text | str
    why: str | None
    source: str | None
    told_at: datetime | None


@dataclass(frozen=True)
class Event:
    """One station as people read it. `old` and `new` are the units that changed places; `beside` is the unit it is about."""

    row: Station
    what: Text | str
    icon: str
    tone: str
    number: str | None
    source: Holder | None
    target: Holder | None
    old: Unit | None = None
    new: Unit | None = None
    beside: Unit | None = None
    vehicle: Vehicle | None = None
    why: str | Text | None = None
    points: Sequence[Point] = ()

    @property
    def hidden(self) -> bool:
        """Whether it belongs to an order that the reader does not see."""
        return self.row.order_id is not None and self.number is None

    @property
    def sheet(self) -> str | None:
        """The name of the sheet that was issued, if the reader may see it."""
        return self.row.detail.get("name") if self.row.chapter == "sheet" and not self.hidden else None

    @property
    def exchanged(self) -> bool:
        """Whether, in the life of a unit, `old` is the one that took its place, or whose place it took."""
        return self.row.action in ("swap_in", "swap_out") and "loose" not in self.row.detail

    @property
    def undone(self) -> bool:
        """Whether it was taken back."""
        return "undone_by" in self.row.detail


def events(life: Life, own: int | None = None) -> list[Event]:
    """The stations of a life in words, newest first; `own` is the unit whose life it is, which need not be named."""
    return [_event(life, row, own) for row in life.stations]


def _event(life: Life, row: Station, own: int | None) -> Event:
    what, icon, tone = _words(row)
    number = life.orders.get(row.order_id or 0)
    seen = row.order_id is None or number is not None
    about = life.units.get(row.unit_id or 0)
    other = life.units.get(row.other_id or 0)
    changed = row.chapter == "vehicle"
    of_vehicle = changed and ("kind" in row.detail or "loose" in row.detail)
    slot = life.holders.get(row.detail.get("slot") or 0)
    return Event(
        row,
        what,
        icon,
        tone,
        number,
        life.holders.get(row.from_id or 0),
        life.holders.get(row.to_id or 0),
        old=other if of_vehicle or row.action in ("swap_in", "swap_out") else None,
        new=about if changed else None,
        beside=None if changed or row.unit_id == own else about,
        vehicle=slot.vehicle if slot else None,
        why=_why(row) if seen else None,
        points=[_point(one) for one in row.detail.get("points", ())] if seen else (),
    )


def _words(row: Station) -> tuple[Text | str, str, str]:
    look = LOOKS.get(row.action) or (BENCH_LOOKS.get(row.action) if row.chapter == "repair" else None)
    if look is not None:
        return (
            Text(look.what.msgid, {name: value for name, value in _places(row).items() if f"%({name})s" in look.what.msgid}),
            (look.icon),
            look.tone,
        )
    if row.chapter == "test":
        return _test_words(row)
    icon, tone = BY_CHAPTER.get(row.chapter, ("circle-fill", "draft"))
    return PLAIN[row.chapter](row), icon, tone


def _places(row: Station) -> dict[str, Any]:
    """What the sentences may name."""
    numbers = ", ".join(str(value) for value in row.detail.values()) if row.action == "terminal.learn" else ""
    return named(row.detail) | {"day": row.detail.get("due", "—"), "numbers": numbers}


def _changed(row: Station) -> Text | str:
    """What happened in a vehicle; a unit's own life says it by the reason of its move."""
    kind = UNIT_WORDS.get(row.detail.get("kind", ""))
    if kind is not None and row.action in CHANGES:
        return Text(CHANGES[row.action].msgid, {"kind": kind})
    return reason_word(row.action)


def _owned(row: Station) -> Text | str:
    was, becomes = (row.detail.get(f"{which}_name") or OWNERS.get(row.detail.get(which, ""), "") for which in ("was", "becomes"))
    return say("%(was)s → %(becomes)s", was=was, becomes=becomes) if was else say("Belongs to: %(becomes)s", becomes=becomes)


def _carrier(row: Station) -> Text | str:
    look = SIM_WORDS.get(row.action)
    if look is None:
        return row.action
    names = ("to", "reason", "amount", "receipt")
    return Text(look.msgid, {name: row.detail.get(name, "") for name in names if f"%({name})s" in look.msgid})


def _silence_over(row: Station) -> Text | str:
    return ENDED_BY.get(row.action.removeprefix("silent."), row.action)


PLAIN: Mapping[str, Callable[[Station], Text | str]] = {
    "move": lambda row: reason_word(row.action),
    "vehicle": _changed,
    "heard": _silence_over,
    "carrier": _carrier,
    "owner": _owned,
    "repair": lambda row: row.action,
    "record": lambda row: row.action,
}


def _test_words(row: Station) -> tuple[Text, str, str]:
    results = [one["result"] for one in row.detail["points"]]
    passed = sum(1 for result in results if result == "passed")
    what = say("Test-run: %(passed)s of %(all)s points passed", passed=passed, all=len(results))
    if "failed" in results:
        return what, "x-circle", "refused"
    return (what, "check-circle", "done") if passed == len(results) else (what, "exclamation-triangle", "waiting")


def _point(one: Mapping[str, Any]) -> Point:
    told_at = datetime.fromisoformat(one["told_at"]) if "told_at" in one else None
    item, result = one["item"], one["result"]
    source = WAYS.get(one.get("source", ""))
    return Point(TESTS.get(item, item), RESULTS.get(result, result), one.get("why"), source, told_at)


def _why(row: Station) -> str | Text | None:
    """The reason in somebody's own words, or what else is to be known of it."""
    if row.chapter == "owner" and row.action.startswith("owner."):
        return row.why or OWNER_REASONS.get(row.action.removeprefix("owner."))
    if row.action == "calibration":
        return _calibrated(row.detail)
    if row.action == "silent" and row.detail.get("carrier"):
        return say("carrier: %(name)s", name=row.detail["carrier"])
    if row.chapter == "repair" and row.action != "return.void":
        return _benched(row.detail)
    return row.why or why_told(row.detail.get("swapped"), row.detail.get("words"))


def _benched(detail: Mapping[str, Any]) -> str | Text | None:
    if detail.get("tracking_number"):
        return say("Tracking number %(number)s", number=detail["tracking_number"])
    said: str | None = detail.get("remark") or detail.get("reason")
    return said


def _calibrated(detail: Mapping[str, Any]) -> Text:
    day, until = date.fromisoformat(detail["done_on"]), date.fromisoformat(detail["until"])
    certificate = detail.get("certificate") or "—"
    return say("done on %(day)s, holds until %(until)s, certificate %(number)s", day=day, until=until, number=certificate)
