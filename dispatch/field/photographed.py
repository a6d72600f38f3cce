"""Which photos closing misses, and for which the office does without: one rule for phone, office and closing (P8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.devices.models import Fitting
from dispatch.field.models import Photo
from dispatch.field.points import Asking
from dispatch.field.rules import PHOTOS_TO_ASK, SHOWS_CHANGE, SHOWS_VEHICLE, photos_asked
from dispatch.field.summary import UNTESTED, Run
from dispatch.orders.models import OrderLine

VEHICLE = "vehicle"
"""Stands for a photo of the vehicle among the kinds that are missing: a repair needs it before the work, of an installation any
will do."""


@dataclass(frozen=True)
class Waiver:
    """The office's word that a vehicle's order may close without these photos of it; none named: without any of the vehicle."""

    reason: str
    by_name: str
    at: datetime
    kinds: frozenset[str] = frozenset({VEHICLE})


@dataclass(frozen=True)
class PhotoAsked:
    """A kind of photo that is asked for of a vehicle; `there` when it was taken and shows what is there now."""

    kind: str
    there: bool
    optional: bool = False


@dataclass(frozen=True)
class Taken:
    """What was photographed of the vehicles of one order: `asked` with what is asked of it, `tests` its test-runs by line.

    A photo that names no vehicle is one of the only vehicle. What a change makes look otherwise counts only when it was taken
    after the last one, by the device's clock.
    """

    asked: Asking
    tests: Mapping[int, Run]
    photos: Sequence[Photo]
    alone: bool | None = None
    """Whether the order has one vehicle; None: as its lines say, which the reader has read."""

    def shown(self, line: OrderLine) -> set[str]:
        """The kinds of photos there are of a vehicle as it is now."""
        changed_at = max((one.at for one in self._changes[line.id]), default=None)
        return {one.kind for one in self._of(line) if not changed_at or one.at >= changed_at or one.kind not in SHOWS_CHANGE}

    def wanted(self, line: OrderLine) -> list[PhotoAsked]:
        """The kinds that are asked for besides one of the vehicle itself."""
        points, shown = self.asked.points(line, self.tests.get(line.id, UNTESTED)), self.shown(line)
        fitted = {one.unit_kind for one in self._changes[line.id] if one.new_unit_id is not None}
        listed = photos_asked([kind for kind in PHOTOS_TO_ASK if kind in (*points.photos, *points.photos_may)], fitted)
        return [PhotoAsked(kind, kind in shown, kind not in points.photos) for kind in listed]

    def missing(self, line: OrderLine) -> list[str]:
        """The kinds that closing waits for."""
        shows = any(one.kind in SHOWS_VEHICLE[self.asked.order.kind] for one in self._of(line))
        waits = [one.kind for one in self.wanted(line) if not one.there and not one.optional]
        return waits if shows else [VEHICLE, *waits]

    def _of(self, line: OrderLine) -> list[Photo]:
        own, of_all = self._by_line[line.id], self._by_line[None]
        alone = len(self.asked.order.lines) == 1 if self.alone is None else self.alone
        return own + of_all if alone else own

    @cached_property
    def _by_line(self) -> Mapping[int | None, list[Photo]]:
        found: defaultdict[int | None, list[Photo]] = defaultdict(list)
        for photo in self.photos:
            found[photo.line_id].append(photo)
        return found

    @cached_property
    def _changes(self) -> Mapping[int, list[Fitting]]:
        found: defaultdict[int, list[Fitting]] = defaultdict(list)
        for fitting in self.asked.fittings:
            found[fitting.line_id].append(fitting)
        return found


def kinds_missing(taken: Taken, lines: Iterable[OrderLine]) -> dict[int, list[str]]:
    """Line id -> the kinds of photos it lacks, for those of the order's `lines` that lack any."""
    found = {line.id: taken.missing(line) for line in lines}
    return {line_id: kinds for line_id, kinds in found.items() if kinds}


def waivers_of(session: Session, order_id: int) -> dict[int, Waiver]:
    """Line id -> why its order closes without photos of it, and without which. Never taken back: another one only adds to it."""
    of_order = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order_id, AuditEntry.action == "photo.waive")
    entries = session.scalars(sa.select(AuditEntry).where(*of_order).order_by(AuditEntry.seq))
    return waivers_in(entries)


def waivers_in(entries: Iterable[AuditEntry]) -> dict[int, Waiver]:
    """The same out of the entries that were read, in their order."""
    found: dict[int, Waiver] = {}
    for entry in entries:
        line_id, before = entry.detail["line"], found.get(entry.detail["line"])
        kinds = frozenset(entry.detail.get("kinds", [VEHICLE])) | (before.kinds if before else frozenset())
        found[line_id] = Waiver(entry.detail["reason"], entry.by_name, entry.at, kinds)
    return found


def kinds_owed(session: Session, taken: Taken, lines: Iterable[OrderLine]) -> dict[int, list[str]]:
    """Line id -> the kinds of photos whose absence holds back closing."""
    lacking = kinds_missing(taken, lines)
    waived = waivers_of(session, taken.asked.order.id) if lacking else {}
    return owed_after(lacking, waived)


def owed_after(lacking: Mapping[int, Sequence[str]], waived: Mapping[int, Waiver]) -> dict[int, list[str]]:
    """What is left of the missing kinds when those are taken away without which the office does."""
    left = {
        line_id: [kind for kind in kinds if line_id not in waived or kind not in waived[line_id].kinds]
        for line_id, kinds in lacking.items()
    }
    return {line_id: kinds for line_id, kinds in left.items() if kinds}
