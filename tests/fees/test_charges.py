"""Charges of an order: what was fitted, what was added, what was taken back, and which warranty decides."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.queries import broken_chains, history
from dispatch.clock import local_day
from dispatch.devices.fitting import install, register_found, undo
from dispatch.errors import Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.fees.models import Charge
from dispatch.fees.operations import NewPrice, set_prices, take_back_charge
from dispatch.fees.parts import unpriced
from dispatch.fees.queries import account_of, charges_of, warranty_of_line
from dispatch.orders.models import Order
from dispatch.orders.operations.visits import cancel_order
from tests.building import repair_order
from tests.conftest import AT, Cast
from tests.counting import queries
from tests.devices.building import into_bag, sims, terminals
from tests.fees.building import (
    THIS_YEAR,
    added,
    charged,
    installation,
    price_list,
    repair,
    swapped,
    told,
    work_at,
)

TODAY = date(2026, 12, 2)


@pytest.fixture(autouse=True)
def listed(db: Session, cast: Cast) -> None:
    """Every test has the price list."""
    price_list(db, cast)


def rows(session: Session, order: Order) -> list[tuple[str, int, Decimal, str]]:
    """The charges of an order in short."""
    return [(c.code, c.quantity, c.amount, c.rule) for c in charges_of(session, order.id)]


def test_a_swap_out_of_warranty_is_charged_once(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    swapped(db, cast, order)
    (charge,) = charged(db, cast, order)
    assert (charge.code, charge.name, charge.unit_price, charge.amount) == ("P001", "BD-808A 主机", 680, 680)
    assert told(charge) == "Out of warranty since 2026-01-11: the part is charged." and charge.rule == "part_out_of_warranty"
    assert charge.line_id == order.lines[0].id and charge.tax_rate == Decimal("0.13")
    assert charged(db, cast, order) == [] and len(rows(db, order)) == 1
    swapped(db, cast, order, sim=True)
    assert [(c.code, c.amount) for c in charged(db, cast, order)] == [("P006", 15)]
    account = account_of(db, order.id)
    assert (account.charged, account.received, account.due) == (695, 0, 695)


def test_a_swap_in_warranty_is_free_and_says_until_when(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=THIS_YEAR)
    swapped(db, cast, order)
    (charge,) = charged(db, cast, order)
    assert (charge.unit_price, charge.amount, charge.rule) == (680, 0, "in_warranty")
    assert told(charge) == "In warranty until 2027-06-10 (12 months from installation on 2026-06-10): free."


def test_the_last_day_of_the_warranty_is_one_of_the_branchs_zone(db: Session, cast: Cast) -> None:
    evening = AT.replace(year=2025, month=12, day=1, hour=15, minute=59)  # 23:59 in Shenzhen
    swaps = {}
    for name, fitted_at in (("before", evening), ("after", evening + timedelta(minutes=1))):
        order = repair(db, cast, fitted_at=fitted_at)
        swapped(db, cast, order)
        swaps[name] = charged(db, cast, order)[0].rule
    assert swaps == {"before": "part_out_of_warranty", "after": "in_warranty"}


def test_where_nothing_is_known_the_part_is_charged(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=None)
    register_found(db, work_at(order), kind="terminal", number="OLD-1", model="GT06N", by=cast.su, at=AT)
    swapped(db, cast, order)
    (charge,) = charged(db, cast, order)
    assert told(charge) == "Nothing on record says that it is in warranty: the part is charged." and charge.amount == 680


def test_the_day_of_purchase_decides_where_no_fitting_is_on_record(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=None, purchased_on=date(2026, 3, 1))
    assert warranty_of_line(db, order, order.lines[0], day=TODAY).until == date(2027, 3, 1)
    register_found(db, work_at(order), kind="terminal", number="OLD-2", model="GT06N", by=cast.su, at=AT)
    swapped(db, cast, order)
    assert charged(db, cast, order)[0].rule == "in_warranty"


def test_what_this_order_fits_changes_nothing_for_it_but_for_the_next(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    line = order.lines[0]
    before = warranty_of_line(db, order, line, day=TODAY)
    swapped(db, cast, order)
    assert warranty_of_line(db, order, line, day=TODAY) == before and before.until == date(2026, 1, 10)
    later = repair_order(db, cast)
    later.lines[0].vehicle_id = line.vehicle_id
    db.flush()
    assert warranty_of_line(db, later, later.lines[0], day=TODAY).until == date(2027, 12, 2)
    assert warranty_of_line(db, later, later.lines[0], day=TODAY - timedelta(days=1)).until == before.until


def test_a_swap_of_another_order_that_was_undone_does_not_renew_the_warranty(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    undo(db, swapped(db, cast, order).id, reason="wrong vehicle", by=cast.su, at=AT + timedelta(minutes=5))
    later = repair_order(db, cast)
    later.lines[0].vehicle_id = order.lines[0].vehicle_id
    db.flush()
    assert warranty_of_line(db, later, later.lines[0], day=TODAY).until == date(2026, 1, 10)


def test_a_replacement_that_fails_at_once_is_in_a_warranty_of_its_own(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    swapped(db, cast, order)
    swapped(db, cast, order, at=AT + timedelta(minutes=20))
    charges = charged(db, cast, order)
    assert [(c.amount, c.rule) for c in charges] == [(680, "part_out_of_warranty"), (0, "in_warranty")]
    assert told(charges[1]) == "In warranty until 2027-12-02 (12 months from installation on 2026-12-02): free."


def test_what_was_undone_is_no_longer_charged(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    fitting = swapped(db, cast, order)
    charged(db, cast, order)
    undo(db, fitting.id, reason="wrong vehicle", by=cast.su, at=AT)
    (counter,) = charged(db, cast, order)
    assert (counter.quantity, counter.amount, counter.reason) == (-1, -680, "wrong vehicle")
    assert charged(db, cast, order) == [] and account_of(db, order.id).due == 0
    swapped(db, cast, order)
    assert [c.amount for c in charged(db, cast, order)] == [680]


def test_a_charge_that_a_person_took_back_does_not_come_again(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    swapped(db, cast, order)
    (charge,) = charged(db, cast, order)
    take_back_charge(db, charge.id, reason="goodwill", by=cast.wang, at=AT)
    assert charged(db, cast, order) == [] and account_of(db, order.id).charged == 0


def test_the_units_of_an_installation_are_sold_already(db: Session, cast: Cast) -> None:
    order = installation(db, cast)
    units = [*terminals(db, cast), *sims(db, cast), *terminals(db, cast, model="GT06N")]
    into_bag(db, cast, cast.su, units)
    for unit in units[:2]:
        install(db, work_at(order), unit.id, by=cast.su, at=AT)
    assert [(c.code, c.amount, c.rule) for c in charged(db, cast, order)] == [
        ("P001", 0, "own_service_free"),
        ("P006", 0, "own_service_free"),
    ]
    assert unpriced(db, order) == []


def test_a_unit_without_a_price_is_named_and_charged_once_it_has_one(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    swapped(db, cast, order, model="TK-310")
    assert charged(db, cast, order) == []
    assert [str(text) for text in unpriced(db, order)] == ["The price list has no part whose name begins with TK-310."]
    set_prices(db, [NewPrice("P009", "tk-310 主机", "part", Decimal(900), Decimal("0.13"), TODAY)], by=cast.qian, at=AT)
    assert [c.amount for c in charged(db, cast, order)] == [900] and unpriced(db, order) == []


def test_in_warranty_nobody_asks_for_a_price(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=THIS_YEAR)
    swapped(db, cast, order, model="TK-310")
    assert charged(db, cast, order) == [] and unpriced(db, order) == []


def test_charges_from_the_list(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    visit = added(db, order, "S001", cast.su)
    antenna = added(db, order, " p003", cast.su, quantity=2)
    moving = added(db, order, "S003", cast.su)
    assert [(c.amount, c.rule) for c in (visit, antenna, moving)] == [
        (0, "own_service_free"),
        (90, "part_out_of_warranty"),
        (150, "listed_price"),
    ]
    assert account_of(db, order.id).charged == 240


def test_the_price_is_that_of_the_day(db: Session, cast: Cast) -> None:
    set_prices(db, [NewPrice("S003", "移机费", "service", Decimal(180), Decimal("0.06"), date(2026, 12, 3))], by=cast.qian, at=AT)
    order = repair(db, cast)
    evening = AT.replace(hour=16) - timedelta(seconds=1)  # 23:59:59 in Shenzhen
    assert added(db, order, "S003", cast.su, at=evening).amount == 150
    assert added(db, order, "S003", cast.su, at=evening + timedelta(seconds=1)).amount == 180
    assert local_day(evening, "Asia/Shanghai") == TODAY


def test_a_part_for_no_vehicle_of_several_counts_as_not_in_warranty(db: Session, cast: Cast) -> None:
    order = repair(db, cast, fitted_at=THIS_YEAR, lines=2)
    assert added(db, order, "P003", cast.su).rule == "part_out_of_warranty"
    assert added(db, order, "P003", cast.su, line_id=order.lines[1].id).rule == "in_warranty"


def test_the_same_fact_charges_once(db: Session, cast: Cast) -> None:
    order, fact = repair(db, cast), uuid.uuid4()
    first = added(db, order, "S003", cast.su, fact_id=fact)
    assert added(db, order, "S003", cast.su, fact_id=fact) is first and len(rows(db, order)) == 1


def test_what_cannot_be_charged(db: Session, cast: Cast) -> None:
    order, other = repair(db, cast), repair(db, cast)
    with pytest.raises(RuleBroken, match="“X1” has no price in the list on 2026-12-02"):
        added(db, order, "X1", cast.su)
    for quantity in (0, -1, 1000):
        with pytest.raises(Invalid):
            added(db, order, "S003", cast.su, quantity=quantity)
    with pytest.raises(NotFound):
        added(db, order, "S003", cast.su, line_id=other.lines[0].id)
    for person in (cast.lin, cast.chen, cast.root):
        with pytest.raises(NotAllowed):
            added(db, order, "S003", person)
    waiting = repair_order(db, cast)
    with pytest.raises(RuleBroken, match="not at work"):
        added(db, waiting, "S003", cast.su)
    cancel_order(db, waiting.id, version=waiting.version, reason="double", by=cast.lin, at=AT)
    with pytest.raises(RuleBroken, match="not at work"):
        added(db, waiting, "S003", cast.su)


def test_taking_back(db: Session, cast: Cast) -> None:
    order = repair(db, cast)
    charge = added(db, order, "S003", cast.su, quantity=2)
    with pytest.raises(Invalid):
        take_back_charge(db, charge.id, reason=" ", by=cast.su, at=AT)
    for stranger in (cast.wei, cast.he):  # neither his visit nor her branch
        with pytest.raises((NotFound, NotAllowed)):
            take_back_charge(db, charge.id, reason="x", by=stranger, at=AT)
    counter = take_back_charge(db, charge.id, reason="not moved", by=cast.su, at=AT)
    assert (counter.quantity, counter.amount, counter.reverses_id) == (-2, -300, charge.id)
    for each in (charge, counter):
        with pytest.raises(RuleBroken, match="taken back already"):
            take_back_charge(db, each.id, reason="again", by=cast.wang, at=AT)
    trail = [(e.action, e.detail["amount"], e.detail.get("reason")) for e in history(db, ("order", order.id), limit=2)]
    assert trail == [("charge.take_back", "-300.00", "not moved"), ("charge.add", "300.00", None)]
    assert list(broken_chains(db)) == []


def test_the_database_keeps_charges_as_they_are(db: Session, cast: Cast) -> None:
    charge = added(db, repair(db, cast), "S003", cast.su)
    for change in (sa.update(Charge).values(reason="x"), sa.delete(Charge).where(Charge.id == charge.id)):
        with pytest.raises(sa.exc.DatabaseError), db.begin_nested():
            db.execute(change)


def test_many_vehicles_take_few_queries(db: Session, cast: Cast) -> None:
    order = repair(db, cast, lines=4)
    for line in range(4):
        swapped(db, cast, order, line=line)
    charged(db, cast, order)
    with queries() as asked:
        assert charged(db, cast, order) == []
    assert len(asked) <= 6
    with queries() as asked:
        account_of(db, order.id)
        charges_of(db, order.id)
    assert len(asked) == 2


@pytest.mark.parametrize(("days", "rule"), [(80, "in_warranty"), (100, "part_out_of_warranty")])
def test_a_sim_or_part_that_a_repair_put_in_has_a_term_of_its_own(db: Session, cast: Cast, days: int, rule: str) -> None:
    first, second = repair(db, cast), repair(db, cast, fitted_at=None)
    second.lines[0].vehicle = first.lines[0].vehicle
    db.flush()
    before = AT - timedelta(days=days)
    swapped(db, cast, first, sim=True, at=before)
    added(db, first, "P003", cast.su, at=before)
    swapped(db, cast, second, sim=True)
    (card,) = charged(db, cast, second)
    antenna = added(db, second, "P003", cast.su)
    assert {card.rule, antenna.rule} == {rule}
    if rule == "in_warranty":
        assert told(card) == told(antenna) and "3 months from the repair on 2026-09-13" in told(card)
    assert added(db, first, "P003", cast.su).rule == "part_out_of_warranty", "not by what the same order put in"
