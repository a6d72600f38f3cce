"""SIMs somebody has to see to: lists by concern, a binding that is confirmed, a contract that is renewed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.fitting import swap
from dispatch.devices.models import BindingRule, Sim, Unit
from dispatch.devices.operations import move_units, slot_of
from dispatch.devices.sim_binding_rules import mode_for
from dispatch.devices.sim_life import renew
from dispatch.devices.sim_queries import SOON, sims_of_concern
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from dispatch.field.binding_rules import end_rule, write_rule
from dispatch.field.rebinding import bindings_missing, confirm_binding
from dispatch.orders.models import Order, OrderPapers
from dispatch.orders.operations.papers import count_papers
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import into_bag, sims, terminals, work
from tests.racing import at_once

TODAY = date(2026, 12, 2)
OLD_IMEI, NEW_IMEI = "861550031001714", "861550031001722"


@pytest.fixture
def order(db: Session, cast: Cast) -> Order:
    """A repair of one vehicle, done but for its papers."""
    return approved_order(db, cast)


@pytest.fixture
def card(db: Session, cast: Cast, order: Order) -> Unit:
    """A SIM that stayed in that vehicle, bound to the terminal that was swapped out beside it."""
    old, new = terminals(db, cast, 2)
    (card,) = sims(db, cast)
    assert old.terminal and new.terminal and card.sim
    old.terminal.imei, new.terminal.imei, card.sim.bound_imei = OLD_IMEI, NEW_IMEI, OLD_IMEI
    slot = slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz)
    move_units(db, [old.id, card.id], to=slot, reason="install", by=cast.lin, at=AT)
    into_bag(db, cast, cast.su, [new])
    swap(db, work(order), new.id, old_unit_id=old.id, by=cast.su, at=AT)
    order.status = "done"
    db.flush()
    return card


def concerns(db: Session, cast: Cast, concern: str) -> list[int]:
    return [row.unit.id for row in sims_of_concern(db, concern, cast.lin, today=TODAY).rows]


def test_a_swap_leaves_a_binding_to_be_confirmed(db: Session, cast: Cast, order: Order, card: Unit) -> None:
    assert concerns(db, cast, "rebind") == [card.id]
    (told,) = bindings_missing(db, order)
    assert card.sim and card.sim.iccid in str(told)
    confirm_binding(db, card.id, imei=NEW_IMEI, by=cast.lin, at=AT)
    assert concerns(db, cast, "rebind") == [] and list(bindings_missing(db, order)) == []
    entry, fitted = history(db, ("sim", card.id))
    assert fitted.action == "sim.activate"
    assert (entry.action, entry.by_name, entry.detail) == ("sim.bind", "林晓", {"from": OLD_IMEI, "to": NEW_IMEI})
    confirm_binding(db, card.id, imei=NEW_IMEI, by=cast.lin, at=AT)
    assert len(history(db, ("sim", card.id))) == 2, "pressed twice, written once"


def test_closing_waits_for_it(db: Session, cast: Cast, order: Order, card: Unit) -> None:
    def counted() -> list[str]:
        count_papers(db, order, at=AT)
        db.expire_all()
        return [paper["place"] for paper in db.get_one(OrderPapers, order.id).missing]

    assert "binding" in counted()
    confirm_binding(db, card.id, imei=NEW_IMEI, by=cast.lin, at=AT)
    assert "binding" not in counted()
    asked = sa.text("SELECT (args ->> 'order_id')::bigint FROM procrastinate_jobs WHERE task_name = 'orders.count_papers'")
    assert order.id in set(db.scalars(asked)), "the order is counted anew"


RULED: list[tuple[dict[str, Any], str, bool, bool]] = [
    ({"carrier": "中国移动"}, "always", True, True),
    ({"carrier": "中国移动"}, "on_record", True, False),
    ({"carrier": "中国移动"}, "never", False, False),
    ({"carrier": "中国电信"}, "never", True, True),
    ({"branch_id": 1}, "never", False, False),
]
"""A rule's scope and mode -> whether it asks for a binding where the SIM is bound elsewhere, and where to nothing."""


def test_a_rule_says_whether_a_swap_asks_for_a_binding(db: Session, cast: Cast, order: Order, card: Unit) -> None:
    def asked(bound: str | None) -> bool:
        assert card.sim
        card.sim.bound_imei = bound
        db.flush()
        missing = bool(list(bindings_missing(db, order)))
        assert (concerns(db, cast, "rebind") == [card.id]) == missing
        return missing

    assert card.sim
    card.sim.carrier = "中国移动"
    assert asked(OLD_IMEI) and asked(None), "where no rule is written, every swap asks"
    for scope, mode, elsewhere, unbound in RULED:
        rule = write_rule(db, **({"branch_id": None, "carrier": "", "plan": ""} | scope), mode=mode, by=cast.wang, at=AT)
        assert (asked(OLD_IMEI), asked(None)) == (elsewhere, unbound), (scope, mode)
        end_rule(db, rule.id, by=cast.wang, at=AT)
    confirm_binding(db, card.id, imei=NEW_IMEI, by=cast.lin, at=AT)
    assert not asked(NEW_IMEI)


def test_the_plans_rule_counts_before_the_carriers_and_that_before_the_branchs() -> None:
    def named(mode: str, **scope: Any) -> BindingRule:
        return BindingRule(mode=mode, **({"branch_id": None, "carrier": None, "plan": None} | scope))

    rules = [
        named("never"),
        named("on_record", branch_id=2),
        named("always", carrier="中国移动"),
        named("never", carrier="中国移动", plan="2GB"),
    ]
    sim = {"branch_id": 2, "carrier": "中国移动", "plan": "2GB"}
    assert [
        mode_for(rules, **(sim | other)) for other in ({}, {"plan": None}, {"carrier": None}, {"carrier": "x", "branch_id": 1})
    ] == [
        "never",
        "always",
        "on_record",
        "never",
    ]
    assert mode_for((), **sim) == "always"


def test_a_rule_is_written_read_and_ended(db: Session, cast: Cast, order: Order, card: Unit, as_person: SignIn) -> None:
    db.commit()
    wang, lin, url = as_person(cast.wang), as_person(cast.lin), "/stock/sims/binding"
    assert "After every swap" in lin.get(url).text and "Write the rule" not in lin.get(url).text
    assert lin.post(url, data={"mode": "never"}).status_code == 404
    refused = wang.post(url, data={"plan": "2GB", "mode": "never"})
    assert refused.status_code == 422 and "Name the carrier whose plan it is." in refused.text and 'value="2GB"' in refused.text
    assert wang.post(url, data={"mode": "perhaps"}).status_code == 422
    for _press in range(2):
        assert wang.post(url, data={"carrier": "中国移动", "mode": "never"}).status_code == 303
    assert wang.post(url, data={"carrier": "中国移动", "mode": "always"}).status_code == 303
    rules = db.scalars(sa.select(BindingRule).order_by(BindingRule.id)).all()
    assert [(rule.mode, rule.ended_by_name) for rule in rules] == [("never", "王建国"), ("always", None)]
    page = wang.get(url).text
    assert "中国移动" in page and "Never" in page
    for _press in range(2):
        assert wang.post(f"{url}/{rules[1].id}/end").status_code == 303
    asked = sa.text("SELECT (args ->> 'order_id')::bigint FROM procrastinate_jobs WHERE task_name = 'orders.count_papers'")
    assert order.id in set(db.scalars(asked)), "what waits to be closed is counted anew"
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(sa.insert(BindingRule), [{"carrier": "x", "mode": "never", "by_name": "x", "at": AT}] * 2)


def test_what_was_seen_must_still_be_so(db: Session, cast: Cast, card: Unit) -> None:
    with pytest.raises(Conflict, match="Another terminal is beside this SIM by now"):
        confirm_binding(db, card.id, imei=OLD_IMEI, by=cast.lin, at=AT)
    (loose,) = sims(db, cast)
    with pytest.raises(RuleBroken, match="in no vehicle with a terminal"):
        confirm_binding(db, loose.id, imei=NEW_IMEI, by=cast.lin, at=AT)
    with pytest.raises(NotAllowed):
        confirm_binding(db, card.id, imei=NEW_IMEI, by=cast.su, at=AT)
    (box,) = terminals(db, cast)
    with pytest.raises(NotFound):
        renew(db, box.id, until=TODAY + SOON, by=cast.lin, at=AT)


def test_two_who_confirm_at_once_write_one_line(db: Session, cast: Cast, card: Unit) -> None:
    db.commit()
    unit_id = card.id
    answers = at_once(*[lambda s: confirm_binding(s, unit_id, imei=NEW_IMEI, by=cast.lin, at=AT)] * 2)
    assert all(isinstance(answer, Sim) for answer in answers)
    assert [entry.action for entry in history(db, ("sim", unit_id))] == ["sim.bind", "sim.activate"]


@pytest.mark.parametrize(
    ("runs_until", "concern"),
    [
        (TODAY - timedelta(days=1), "expired"),
        (TODAY, "expiring"),
        (TODAY + SOON, "expiring"),
        (TODAY + SOON + timedelta(days=1), None),
        (None, None),
    ],
)
def test_what_runs_out(db: Session, cast: Cast, runs_until: date | None, concern: str | None) -> None:
    (card,) = sims(db, cast)
    assert card.sim
    card.sim.expires_on = runs_until
    db.flush()
    counts = sims_of_concern(db, None, cast.lin, today=TODAY).counts
    assert {name for name, count in counts.items() if count} == ({concern} if concern else set())


def test_a_renewed_card_is_no_concern_any_more(db: Session, cast: Cast) -> None:
    (card,) = sims(db, cast)
    assert card.sim
    card.sim.expires_on = TODAY
    for _ in range(2):
        renew(db, card.id, until=date(2027, 12, 31), by=cast.lin, at=AT)
    assert card.sim.expires_on == date(2027, 12, 31) and concerns(db, cast, "expiring") == []
    (entry,) = history(db, ("sim", card.id))
    assert entry.detail == {"from": "2026-12-02", "to": "2027-12-31"}
    with pytest.raises(Invalid) as refusal:
        renew(db, card.id, until=date(2027, 1, 1), by=cast.lin, at=AT)
    assert "It already runs until 2027-12-31" in str(refusal.value.fields["until"])


def test_one_that_has_run_out_is_renewed_for_days_to_come(db: Session, cast: Cast) -> None:
    (card,) = sims(db, cast)
    with pytest.raises(Invalid) as refusal:
        renew(db, card.id, until=TODAY, by=cast.lin, at=AT)
    assert "still to come" in str(refusal.value.fields["until"])


def test_a_card_without_a_terminal_beside_it(db: Session, cast: Cast, order: Order) -> None:
    (card,) = sims(db, cast)
    slot = slot_of(db, vehicle_id=order.lines[0].vehicle_id, branch_id=cast.sz)
    move_units(db, [card.id], to=slot, reason="install", by=cast.lin, at=AT)
    assert concerns(db, cast, "alone") == [card.id]
    assert sims_of_concern(db, "alone", cast.he, today=TODAY).counts["alone"] == 0, "another branch's"


# --- pages


def test_the_page_confirms_and_says_so(db: Session, cast: Cast, as_person: SignIn, card: Unit) -> None:
    db.commit()
    lin = as_person(cast.lin)
    page = lin.get("/stock/sims").text
    assert "The carrier has bound it" in page and NEW_IMEI[-3:] in page
    stale = lin.post(f"/stock/sims/{card.id}/bound?concern=rebind", data={"imei": OLD_IMEI})
    assert stale.status_code == 409 and "Another terminal is beside this SIM by now" in stale.text
    done = lin.post(f"/stock/sims/{card.id}/bound?concern=rebind", data={"imei": NEW_IMEI}, follow_redirects=True)
    assert "The binding is confirmed." in done.text and "No SIM is in need of this." in done.text
    assert f"Bound to IMEI {NEW_IMEI}" in lin.get(f"/units/{card.id}").text
    assert as_person(cast.su).get("/stock/sims").status_code == 404
    assert as_person(cast.he).post(f"/stock/sims/{card.id}/bound", data={"imei": NEW_IMEI}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "sentence"), [("", "Please fill this in."), ("soon", "is not a date"), ("2020-01-01", "still to come")]
)
def test_a_day_that_is_none_is_told_beside_its_field(
    db: Session, cast: Cast, as_person: SignIn, typed: str, sentence: str
) -> None:
    (card,) = sims(db, cast)
    assert card.sim
    card.sim.expires_on = date(2019, 1, 1)
    db.commit()
    answer = as_person(cast.lin).post(f"/stock/sims/{card.id}/renew?concern=expired", data={"until": typed})
    assert answer.status_code == 422 and sentence in answer.text and "<details open>" in answer.text


def test_carrier_plan_and_expiry_are_put_right_by_hand_and_told(db: Session, cast: Cast, as_person: SignIn) -> None:
    (card,) = sims(db, cast)
    assert card.sim
    card.sim.carrier, card.sim.plan, card.sim.expires_on = "中国移动", None, TODAY
    db.commit()
    lin, url = as_person(cast.lin), f"/units/{card.id}/sim/contract"
    was = {"was_carrier": "中国移动", "was_plan": "", "was_expires_on": TODAY.isoformat()}
    to = {"carrier": "中国移动", "plan": "物联 30M/月", "expires_on": "2026-11-30"}
    assert as_person(cast.su).post(url, data=was | to).status_code == 404
    for _ in range(2):
        assert lin.post(url, data=was | to).status_code == 303, "pressed twice it is written once"
    db.expire_all()
    assert (card.sim.plan, card.sim.expires_on) == ("物联 30M/月", date(2026, 11, 30)), "a mistake may be put right downwards"
    assert [entry.action for entry in history(db, ("sim", card.id))] == ["sim.expires_on", "sim.plan"]
    page = lin.get(f"/units/{card.id}/sim").text
    assert "Plan: — → 物联 30M/月" in page and "Runs until: 2026-12-02 → 2026-11-30" in page
    late = lin.post(url, data=was | to | {"plan": "物联 100M/月"})
    assert late.status_code == 409 and "物联 100M/月" in late.text and "<details open>" in late.text
    assert lin.post(url, data=was | to | {"expires_on": "soon"}).status_code == 422
