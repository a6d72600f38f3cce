"""The vehicles of an order as rows: what is fitted, what to look at, which visit is theirs, whether the warranty holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dispatch.customers.rules import show_plate
from dispatch.devices.models import Unit
from dispatch.devices.warranty_queries import warranties
from dispatch.devices.warranty_rules import Question, Warranty
from dispatch.orders.models import Order, OrderLine, Visit
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
        """Whether its terminal came in with this order: the warranty shown is then the new one's."""
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


def line_rows(
    seen: Iterable[tuple[OrderLine, Visit | None]], fitted: Mapping[int, Mapping[str, Unit]], held: Mapping[int, Warranty]
) -> list[LineRow]:
    """The rows of an order's table. `fitted` is what is in each vehicle, `held` the warranty of each line, if it matters."""
    return [_row(line, fitted.get(line.vehicle_id, {}), visit, held.get(line.id)) for line, visit in seen]


def _row(line: OrderLine, inside: Mapping[str, Unit], visit: Visit | None, held: Warranty | None) -> LineRow:
    return LineRow(line, inside.get("terminal"), inside.get("sim"), visit, attention_of(line.attention), held)


def warranties_now(
    session: Session, order: Order, lines: Iterable[OrderLine], fitted: Mapping[int, Mapping[str, Unit]], zone: str
) -> dict[int, Warranty]:
    """The warranty of what these vehicles of a repair hold now, by line (P10); none for an installation, which is free."""
    if order.kind != "repair":
        return {}
    asked = {line.id: _asked(order, line, fitted.get(line.vehicle_id, {}).get("terminal")) for line in lines}
    return warranties(session, asked, zone)


def _asked(order: Order, line: OrderLine, terminal: Unit | None) -> Question:
    model = line.model or order.product_model
    unit_id = terminal.id if terminal else None
    purchased_on = order.purchased_on or line.vehicle.purchased_on
    return Question(line.vehicle.customer_id, unit_id, purchased_on=purchased_on, model=model)


def attention_of(stored: Sequence[Any]) -> list[Text]:
    """The sentences that were kept with a line when it was taken."""
    return [text_from_json(one) for one in stored if isinstance(one, dict) and "msgid" in one]


def models_wanted(order: Order) -> list[tuple[str, int]]:
    """How many of which model an order asks for, the most first."""
    named = [line.model or order.product_model for line in order.lines]
    return Counter(model for model in named if model).most_common()
