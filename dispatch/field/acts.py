"""One act of a technician on the way to being applied, and what all acts ask of it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.errors import NotFound, RuleBroken
from dispatch.field.operations import SentFact
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.operations.visits import take_over_line
from dispatch.staff.rules import Actor
from dispatch.words import say


@dataclass(frozen=True)
class Act:
    """A fact with its visit and order, both locked. `at` is the server's time as it is applied, which may be after it came."""

    visit: Visit
    order: Order
    sent: SentFact
    by: Actor
    at: datetime

    @property
    def content(self) -> dict[str, Any]:
        """What was sent."""
        return self.sent.content

    @property
    def when(self) -> datetime:
        """When it was done: the device's time, corrected by how much its clock was off; not before the order was there, nor after
        we heard of it."""
        corrected = self.sent.device_at - timedelta(milliseconds=self.sent.clock_offset_ms or 0)
        return max(min(corrected, self.heard_at), min(self.order.created_at, self.heard_at))

    @property
    def heard_at(self) -> datetime:
        """When it came to the server."""
        return self.sent.received_at or self.at

    def must_be_on_site(self) -> None:
        """Raises RuleBroken unless the technician is at the vehicle."""
        if self.visit.status in ("finished", "abandoned"):
            raise RuleBroken(say("This visit is over, so nothing was changed."))
        if self.visit.status != "on_site":
            raise RuleBroken(say("Press “Arrived” first: this belongs to the work on site."))

    @property
    def names(self) -> uuid.UUID | None:
        """The earlier act that this one takes back: a phone without signal knows no number of a row yet."""
        named = self.content.get("fact")
        return uuid.UUID(named) if named else None

    def tell(self, session: Session, **detail: Any) -> None:
        """Write the act into the order's history."""
        detail |= {"visit": self.visit.id, "fact": str(self.sent.id), "device_at": self.when.isoformat()}
        record(session, ("order", self.order.id), self.sent.kind, by=self.by, at=self.at, detail=detail)

    def line(self, session: Session) -> OrderLine:
        """The vehicle the act is about; one that was planned for a colleague at the same site is taken over. Raises NotFound."""
        line = session.get(OrderLine, self.content.get("line") or 0)
        if line is None or line.order_id != self.order.id:
            raise NotFound
        if all(row.line_id != line.id for row in self.visit.visit_lines):
            take_over_line(session, self.visit, line, by=self.by, at=self.at)
        return line
