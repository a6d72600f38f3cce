"""A closed order is reopened with a reason, corrected, and closed again only with a sheet that tells the correction."""

from __future__ import annotations

import uuid

import pytest

from dispatch.db import transaction
from dispatch.errors import Invalid, RuleBroken
from dispatch.field.correcting_money import drop_charge
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.sheets.jobs import carry_out
from dispatch.staff.rules import Actor
from tests.conftest import AT, Cast
from tests.fees.building import added, price_list
from tests.sheets.house import BASE, repaired, sheets, versions


def make_sheets(order: Order) -> list[int]:
    """Every sheet of the order is made; gives the versions of each."""
    with transaction() as session:
        asked = [sheet.id for sheet in sheets(session, order)]
    for sheet_id in asked:
        carry_out(sheet_id, BASE)
    with transaction() as session:
        return [len(versions(session, sheet)) for sheet in sheets(session, order)]


def move(order: Order, action: str, by: Actor, reason: str | None = None) -> None:
    with transaction() as session:
        move_order(session, locked_order(session, order.id), action, by=by, at=AT, reason=reason)


@pytest.mark.usefixtures("house")
def test_a_correction_after_closing_needs_a_reason_and_a_new_sheet(database: str, cast: Cast) -> None:
    with transaction() as session:
        price_list(session, cast)
        order = repaired(session, cast, days=30)
        charge_id = added(session, order, "S001", cast.qian).id
    assert make_sheets(order) == [1]
    move(order, "close", cast.wang)
    with pytest.raises(RuleBroken, match="Reopen it first"), transaction() as session:
        drop_charge(session, order.id, charge_id, reason="记错", key=uuid.uuid4(), by=cast.wang, at=AT)
    with pytest.raises(Invalid):
        move(order, "reopen", cast.wang, reason=" ")
    move(order, "reopen", cast.wang, reason="多记了一项")
    with transaction() as session:
        drop_charge(session, order.id, charge_id, reason="记错", key=uuid.uuid4(), by=cast.wang, at=AT)
    with pytest.raises(RuleBroken, match="The office owes the sheet"):
        move(order, "close", cast.wang)
    assert make_sheets(order) == [2]
    move(order, "close", cast.wang)
    with transaction() as session:
        assert session.get_one(Order, order.id).status == "closed"
