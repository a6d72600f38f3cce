"""The states of a SIM at its carrier, by hand and by rule, what is put on it, and who is warned."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices import sim_following
from dispatch.devices.fitting import install, register_found, swap, undo
from dispatch.devices.models import Sim, SimTopUp, Unit
from dispatch.devices.sim_life import change_state, note_balance, sims_warned, take_back_top_up, told, top_up
from dispatch.devices.sim_queries import sims_of_concern
from dispatch.devices.sim_rules import STATES, TopUp, steps_of, warnings_of
from dispatch.devices.usable import oldest_units
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.orders.models import Order
from tests.building import installation_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import carried, fitted_by, sentence, sims, where, work

TODAY = date(2026, 12, 2)


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """An order for three vehicles."""
    return installation_order(db, cast, lines=3)


@pytest.fixture
def card(db: Session, cast: Cast) -> Unit:
    """A new SIM in the store."""
    return sims(db, cast)[0]


def state(db: Session, unit: Unit) -> str:
    return db.scalars(sa.select(Sim.state).where(Sim.unit_id == unit.id)).one()


def trail(db: Session, unit: Unit) -> list[str]:
    return [str(told(entry)) for entry in history(db, ("sim", unit.id))]


@pytest.mark.parametrize(
    ("before", "steps"),
    [
        ("inventory", ["activate", "close"]),
        ("active", ["suspend", "close"]),
        ("suspended", ["resume", "close"]),
        ("closed", []),
    ],
)
def test_the_table_of_states(before: str, steps: list[str]) -> None:
    assert [step.action for step in steps_of(before)] == steps and before in STATES
    warned = [str(text) for text in warnings_of("8986", before, date(2026, 12, 1), TODAY)]
    assert len(warned) == (2 if before in ("suspended", "closed") else 1) and "run out" in warned[-1]


def test_by_hand_with_who_and_why(db: Session, cast: Cast, card: Unit) -> None:
    by = {"by": cast.lin, "at": AT}
    change_state(db, card.id, "activate", **by)
    sentence(change_state, db, card.id, "activate", **by, refusal=Conflict)
    sentence(change_state, db, card.id, "suspend", **by, refusal=Invalid)
    change_state(db, card.id, "suspend", reason="unpaid", **by)
    assert sims_warned(db, [card.id], TODAY) and oldest_units(db, where(db, card).id, kind="sim") == []
    change_state(db, card.id, "resume", **by)
    change_state(db, card.id, "close", reason="lost", **by)
    assert trail(db, card) == ["Closed for good: lost", "Resumed", "Suspended: unpaid", "Activated"]
    sentence(change_state, db, card.id, "fly", **by, refusal=NotFound)
    sentence(change_state, db, card.id, "close", by=cast.su, at=AT, refusal=NotAllowed)
    sentence(change_state, db, card.id, "close", by=cast.he, at=AT, refusal=NotFound)
    with pytest.raises(DatabaseError), db.begin_nested():
        db.execute(sa.update(Sim).where(Sim.unit_id == card.id).values(state="active"))


def test_fitting_activates_it_and_undoing_takes_that_back(db: Session, cast: Cast, order: Order) -> None:
    fitted_by(db, cast, cast.wei, order)
    (new,) = carried(db, cast, cast.su, cards=1)
    done = swap(db, work(order), new.id, by=cast.su, at=AT)
    assert state(db, new) == "active" and history(db, ("sim", new.id))[0].by_name == cast.su.name
    undo(db, done.id, reason="wrong", by=cast.su, at=AT)
    assert state(db, new) == "inventory" and trail(db, new) == ["Not activated after all", "Activated"]
    found = register_found(
        db, work(order, order.lines[1]), kind="sim", number="89860624329322451760", model=None, by=cast.su, at=AT
    )
    assert state(db, found) == "active"
    change_state(db, new.id, "close", reason="dead", by=cast.lin, at=AT)
    assert "take another one" in sentence(install, db, work(order, order.lines[2]), new.id, by=cast.su, at=AT)


def test_without_the_rule_somebody_activates_it(db: Session, cast: Cast, order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sim_following, "_by_rule", False)
    (card,) = carried(db, cast, cast.su, cards=1)
    install(db, work(order), card.id, by=cast.su, at=AT)
    assert state(db, card) == "inventory"
    assert "take it out first" in sentence(change_state, db, card.id, "close", reason="x", by=cast.lin, at=AT, refusal=RuleBroken)
    change_state(db, card.id, "activate", by=cast.lin, at=AT)
    change_state(db, card.id, "suspend", reason="parked", by=cast.lin, at=AT)
    seen = sims_of_concern(db, "suspended", cast.lin, today=TODAY)
    assert [row.unit.id for row in seen.rows] == [card.id] and seen.counts["alone"] == 1


def test_a_top_up_counts_once_and_is_taken_back_by_a_counter_row(db: Session, cast: Cast, card: Unit) -> None:
    by, key = {"by": cast.lin, "at": AT}, uuid.uuid4()
    note_balance(db, card.id, Decimal("3.50"), **by)
    change_state(db, card.id, "activate", **by)
    assert sims_of_concern(db, "low", cast.lin, today=TODAY).counts["low"] == 1
    paid = TopUp(Decimal("30.00"), "CZ-1", date(2027, 12, 2))
    row = top_up(db, card.id, paid, key=key, **by)
    assert top_up(db, card.id, paid, key=key, **by).id == row.id
    sim = db.get_one(Sim, card.id)
    assert (sim.balance, sim.expires_on) == (Decimal("33.50"), paid.until)
    sentence(top_up, db, card.id, TopUp(Decimal(1), "CZ-2", TODAY), key=uuid.uuid4(), **by, refusal=Invalid)
    sentence(take_back_top_up, db, card.id, row.id, reason=" ", **by, refusal=Invalid)
    back = take_back_top_up(db, card.id, row.id, reason="other card", **by)
    assert (back.amount, sim.balance, sim.expires_on) == (Decimal("-30.00"), Decimal("3.50"), None)
    sentence(take_back_top_up, db, card.id, row.id, reason="twice", **by, refusal=Conflict)
    sentence(take_back_top_up, db, card.id, back.id, reason="it", **by, refusal=NotFound)
    assert trail(db, card)[0] == "Top-up CZ-1 taken back, -¥30.00: other card"
    with pytest.raises(DatabaseError), db.begin_nested():
        db.execute(sa.update(SimTopUp).values(amount=1))
    change_state(db, card.id, "close", reason="done", **by)
    sentence(top_up, db, card.id, paid, key=uuid.uuid4(), **by)


def test_the_page_of_a_sim_and_the_warning_at_issuing(db: Session, cast: Cast, card: Unit, as_person: SignIn) -> None:
    number, store_id = card.sim.iccid if card.sim else "", where(db, card).id
    db.commit()
    lin, page = as_person(cast.lin), f"/units/{card.id}/sim"
    assert "Not activated" in lin.get(page).text and as_person(cast.he).get(page).status_code == 404
    key = {"key": str(uuid.uuid4())}
    refused = lin.post(f"{page}/top-up", data=key | {"amount": "x", "receipt": "CZ-7"})
    assert refused.status_code == 422 and 'value="CZ-7"' in refused.text
    assert "CZ-7" in lin.post(f"{page}/top-up", data=key | {"amount": "50", "receipt": "CZ-7"}, follow_redirects=True).text
    row = db.scalars(sa.select(SimTopUp.id)).one()
    assert lin.post(f"{page}/top-up/back", data={"row": row, "reason": ""}).status_code == 422
    assert lin.post(f"{page}/balance", data={"balance": "4"}).status_code == 303
    lin.post(f"{page}/state/activate")
    assert lin.post(f"{page}/state/suspend", data={"reason": "unpaid"}).status_code == 303
    assert "Suspended: unpaid" in lin.get(f"/units/{card.id}").text
    issue = {"technician": cast.su.id, "store": store_id, "numbers": number, "key": str(uuid.uuid4())}
    assert "is not in use at the carrier" in lin.post("/stock/issue", data=issue, follow_redirects=True).text
