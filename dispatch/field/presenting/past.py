"""What happened to a vehicle before, for whoever stands beside it: what and when, and nobody's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dispatch.devices.rules import UNIT_WORDS
from dispatch.devices.swap_rules import why_told
from dispatch.field.packing.asked import MOST_EVENTS
from dispatch.field.packing.reading import Read
from dispatch.field.packing.sheaf import moment
from dispatch.field.packing.stop_shapes import Event
from dispatch.lives.presenting import CHANGES
from dispatch.orders.rules import KIND_WORDS, SYMPTOMS
from dispatch.words import Text, say


def history(read: Read, vehicle_id: int) -> list[Event]:
    """The newest first."""
    events = [*_changes(read, vehicle_id), *_trips(read, vehicle_id)]
    return sorted(events, key=lambda event: event.at, reverse=True)[:MOST_EVENTS]


def _changes(read: Read, vehicle_id: int) -> Iterator[Event]:
    for row in _of(read, "changes", vehicle_id):
        what = Text(CHANGES[row["kind"]].msgid, {"kind": UNIT_WORDS[row["unit_kind"]]})
        why = why_told(row["why"], row["why_words"])
        yield Event(moment(row["at"]), what, row["number"], row["old"], row["new"], why)


def _trips(read: Read, vehicle_id: int) -> Iterator[Event]:
    for row in _of(read, "trips", vehicle_id):
        what, symptom = say("Visit finished: %(kind)s", kind=KIND_WORDS[row["kind"]]), SYMPTOMS.get(row["symptom"])
        yield Event(moment(row["at"]), what, row["number"], why=symptom.words if symptom else None)


def _of(read: Read, name: str, vehicle_id: int) -> list[dict[str, Any]]:
    return [row for row in read.sheaf.rows(name) if row["vehicle_id"] == vehicle_id]
