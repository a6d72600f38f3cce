"""What the tests of corrections start from: a repair on which the terminal was swapped."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from dispatch.field import endings
from dispatch.orders.models import Order, OrderLine, Visit
from tests.board.building import approved_order
from tests.conftest import Cast
from tests.field.building import carrying, do, fitted_long_ago
from tests.field.correcting.ending import Swapped


@pytest.fixture
def order(db: Session, cast: Cast, prices: None) -> Order:
    """A repair of one vehicle."""
    return approved_order(db, cast)


@pytest.fixture
def line(order: Order) -> OrderLine:
    """Its vehicle."""
    return order.lines[0]


@pytest.fixture
def swapped(db: Session, cast: Cast, line: OrderLine, on_site: Visit) -> Swapped:
    """He has swapped the terminal: the old one and the one he entered."""
    old, _ = fitted_long_ago(db, cast, line)
    [box], _ = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=line.id, terminal=box.number)
    return old, box


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The orders whose followers were told."""
    heard: list[int] = []

    def listen(_session: Session, order_id: int, *, at: datetime) -> None:
        heard.append(order_id)

    monkeypatch.setattr(endings, "_listeners", [listen])
    return heard
