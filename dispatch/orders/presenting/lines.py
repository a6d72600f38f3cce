"""The vehicles of an order as rows: what is fitted, what to look at, which visit is theirs, whether the warranty holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.customers.rules import show_plate
from dispatch.devices.models import Unit
from dispatch.devices.rules import UNKNOWN_MODEL_MONTHS
from dispatch.orders.lifecycle import VISIT_LIVE
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.rules import Warranty, warranty
from dispatch.words import Text, text_from_json


@dataclass(frozen=True)
class LineRow:
    """One vehicle of the order."""

    line: OrderLine
    terminal: Unit | None
    sim: Unit | None
    visit: Visit | None
    attention: list[Text]
    warranty: Warranty | None

    @property
    def renewed(self) -> bool:
        """Whether its terminal came in with this order: the warranty shown is then the new one's, which starts anew."""
        since = self.terminal.position.since if self.terminal and self.terminal.position else None
        return since is not None and since >= self.line.order.received_at

    @property
    def model(self) -> str | None:
        """The model that is wanted, else the one that is fitted."""
        return self.line.model or (self.terminal.terminal.model if self.terminal and self.terminal.terminal else None)

    @property
    def name(self) -> str:
        """The plate as it is written, else the VIN."""
        vehicle = self.line.vehicle
        return show_plate(vehicle.plate) if vehicle.plate else vehicle.vin or ""

    @property
    def drivers(self) -> list[str]:
        """Who drives the vehicle, by name."""
        return [driver.name for driver in self.line.vehicle.drivers if driver.name]

    @property
    def where(self) -> list[str]:
        """Where the vehicle stands if not at the order's place, and what was remarked."""
        own = self.line.own_site.address if self.line.own_site else None
        return [said for said in (own, self.line.parking, self.line.remark) if said]


def line_rows(order: Order, fitted: Mapping[int, Mapping[str, Unit]], months: Mapping[str, int], zone: str) -> list[LineRow]:
    """The rows of an order's table. `fitted` is what is in each vehicle, `months` the warranty term of each model."""
    visits = visits_by_line(order.visits)
    return [_row(line, order, fitted.get(line.vehicle_id, {}), visits.get(line.id), months, zone) for line in order.lines]


def _row(
    line: OrderLine, order: Order, inside: Mapping[str, Unit], visit: Visit | None, months: Mapping[str, int], zone: str
) -> LineRow:
    terminal = inside.get("terminal")
    rule = warranty_of(order, line, terminal, months, zone) if order.kind == "repair" else None
    return LineRow(line, terminal, inside.get("sim"), visit, attention_of(line.attention), rule)


def visits_by_line(visits: Iterable[Visit]) -> dict[int, Visit]:
    """The visit that says most about each line: a live one, else the latest that was not abandoned."""
    best: dict[int, Visit] = {}
    ranked = sorted(visits, key=lambda visit: (visit.status in VISIT_LIVE, visit.status == "finished", visit.starts_at))
    for visit in ranked:
        best.update({part.line_id: visit for part in visit.visit_lines})
    return best


def warranty_of(order: Order, line: OrderLine, terminal: Unit | None, months: Mapping[str, int], zone: str) -> Warranty:
    """The warranty of one vehicle: from the day its terminal was fitted, else from the purchase date the caller named (P10)."""
    own = terminal.terminal.warranty_months if terminal and terminal.terminal else None
    term = own or months.get(line.model or order.product_model or "", UNKNOWN_MODEL_MONTHS)
    return warranty(_fitted_on(terminal, zone), order.purchased_on or line.vehicle.purchased_on, term)


def _fitted_on(terminal: Unit | None, zone: str) -> date | None:
    since = terminal.position.since if terminal and terminal.position else None
    return since.astimezone(ZoneInfo(zone)).date() if since else None


def attention_of(stored: Sequence[Any]) -> list[Text]:
    """The sentences that were kept with a line when it was taken."""
    return [text_from_json(one) for one in stored if isinstance(one, dict) and "msgid" in one]


def models_wanted(order: Order) -> list[tuple[str, int]]:
    """How many of which model an order asks for, the most first."""
    named = [line.model or order.product_model for line in order.lines]
    return Counter(model for model in named if model).most_common()


def standing(order: Order) -> list[tuple[str, int]]:
    """How many lines stand in which status."""
    return Counter(line.status for line in order.lines).most_common()
