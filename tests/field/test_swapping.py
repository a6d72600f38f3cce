"""Swaps, installations and test-runs on site: units move with the numbers that are kept, or a sentence says why not."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.checks import broken_custody
from dispatch.devices.fitted import fittings_of, slot_units
from dispatch.devices.models import CustodyEntry, Holder
from dispatch.devices.operations import move_units, slot_of
from dispatch.devices.rules import Spot, spot_of
from dispatch.errors import Invalid, NotFound, RuleBroken
from dispatch.field.acting import act
from dispatch.field.models import FieldFact, TestResult
from dispatch.field.summary import fitting_json, latest_tests
from dispatch.intake.forms import read_call
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.words import text_from_json
from tests.board.building import approved_order
from tests.conftest import AT, Cast, SignIn
from tests.devices.building import unit_history, where
from tests.field.building import arrived, carrying, do, fact, fitted_long_ago, fresh, sent_out
from tests.intake.building import call_form

# --- swapping and installing


def test_a_swap_of_both_moves_four_units_and_names_all_numbers(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    old_box, old_card = fitted_long_ago(db, cast, order.lines[0])
    [box], [card] = carrying(db, cast, cast.su)
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, sim=card.number)
    made = {row.unit_kind: (row.kind, row.old_unit_id, row.new_unit_id) for row in fittings_of(db, order.id)}
    assert made == {"terminal": ("swap", old_box.id, box.id), "sim": ("swap", old_card.id, card.id)}
    assert {where(db, unit).kind for unit in (box, card)} == {"slot"}
    assert {where(db, unit).person_id for unit in (old_box, old_card)} == {cast.su.id}


def test_a_swap_of_a_unit_in_a_colleagues_bag_says_where_it_is(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.wei)
    sent = fact(on_site, "line.swap", line=order.lines[0].id, terminal=box.number)
    with pytest.raises(Invalid) as refused, db.begin_nested():
        act(db, sent, by=cast.su, at=AT)
    assert "卫晨" in str(refused.value.fields["terminal"])
    assert db.get(FieldFact, sent.id) is None
    assert where(db, box).person_id == cast.wei.id


def test_who_insists_is_heard_by_the_dispatcher(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    old, _ = fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.wei)
    kept = do(db, on_site, "line.swap", cast.su, insist=True, line=order.lines[0].id, terminal=box.number)
    assert kept.state == "disputed"
    assert "卫晨" in str(text_from_json(kept.outcome))
    assert where(db, old).kind == "slot"
    assert not fittings_of(db, order.id)


def test_half_a_swap_is_none(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    old, _ = fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    with pytest.raises(Invalid) as refused, db.begin_nested():
        do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, sim="8986000000000000000")
    assert set(refused.value.fields) == {"sim"}
    assert where(db, old).kind == "slot"
    assert where(db, box).person_id == cast.su.id


def test_an_old_unit_that_the_record_does_not_know_is_registered(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    [box], _ = carrying(db, cast, cast.su)
    line = order.lines[0].id
    with pytest.raises(Invalid) as refused, db.begin_nested():
        do(db, on_site, "line.swap", cast.su, line=line, terminal=box.number)
    assert set(refused.value.fields) == {"old_terminal"}
    do(db, on_site, "line.swap", cast.su, line=line, terminal=box.number, old_terminal="GT06N771203", old_model="GT06N")
    [made] = fittings_of(db, order.id)
    assert made.old_unit is not None
    assert made.old_unit.number == "GT06N771203"
    assert where(db, made.old_unit).person_id == cast.su.id


def test_a_vehicle_planned_for_a_colleague_is_taken_over(db: Session, cast: Cast) -> None:
    order = approved_order(db, cast, lines=2, kind="installation", symptom=None)
    first, second = order.lines
    mine = arrived(db, cast, order, cast.su, lines=(first.id,))
    his = arrived(db, cast, order, cast.wei, lines=(second.id,))
    [box], [card] = carrying(db, cast, cast.su)
    do(db, mine, "line.install", cast.su, line=second.id, terminal=box.number, sim=card.number)
    do(db, mine, "line.done", cast.su, line=second.id)
    db.expire_all()
    assert [row.line_id for row in his.visit_lines] == []
    assert second.status == "done"
    with pytest.raises(RuleBroken, match="settled"):
        do(db, his, "line.done", cast.wei, line=second.id)


def test_nothing_is_done_before_arrival(db: Session, cast: Cast, order: Order) -> None:
    visit = sent_out(db, cast, order, cast.su)
    for kind in ("line.swap", "line.install", "line.done", "test.run", "payment.take", "sign"):
        with pytest.raises(RuleBroken, match="Arrived"), db.begin_nested():
            do(db, visit, kind, cast.su, line=order.lines[0].id, results={}, amount="1", channel="cash")


def test_other_orders_vehicles_are_not_there(db: Session, cast: Cast, on_site: Visit) -> None:
    other = approved_order(db, cast)
    with pytest.raises(NotFound):
        do(db, on_site, "line.done", cast.su, line=other.lines[0].id)


def test_a_wrong_swap_is_taken_back_and_done_again(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    old, _ = fitted_long_ago(db, cast, order.lines[0])
    [wrong, right], _ = carrying(db, cast, cast.su, 2)
    line = order.lines[0].id
    do(db, on_site, "line.swap", cast.su, line=line, terminal=wrong.number)
    do(db, on_site, "line.undo", cast.su, line=line, fitting=fittings_of(db, order.id)[0].id, reason="拿错了")
    assert where(db, old).kind == "slot"
    do(db, on_site, "line.swap", cast.su, line=line, terminal=right.number)
    [standing] = fittings_of(db, order.id)
    assert (standing.old_unit_id, standing.new_unit_id) == (old.id, right.id)


# --- the test-run


def test_results_from_before_a_swap_do_not_count(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    line = order.lines[0].id
    do(db, on_site, "test.run", cast.su, line=line, results={"online": {"result": "passed"}})
    do(db, on_site, "line.swap", cast.su, line=line, terminal=box.number)
    assert latest_tests(db, order.id, fittings_of(db, order.id)) == {}
    do(db, on_site, "test.run", cast.su, line=line, results={"online": {"result": "failed"}, "fix": {"result": "passed"}})
    do(db, on_site, "test.run", cast.su, line=line, results={"online": {"result": "overruled", "reason": "地下车库"}})
    counts = latest_tests(db, order.id, fittings_of(db, order.id))[line]
    assert {item: row.result for item, row in counts.items()} == {"online": "overruled", "fix": "passed"}
    assert counts["online"].by_name == "苏杰"


@pytest.mark.parametrize("result", ["overruled", "not_available"])
def test_what_did_not_pass_needs_a_reason(db: Session, cast: Cast, order: Order, on_site: Visit, result: str) -> None:
    with pytest.raises(Invalid) as refused, db.begin_nested():
        do(db, on_site, "test.run", cast.su, line=order.lines[0].id, results={"fix": {"result": result}})
    assert set(refused.value.fields) == {"reason-fix"}
    assert db.scalar(sa.select(sa.func.count()).select_from(TestResult)) == 0


# --- several terminals in one vehicle


@pytest.mark.parametrize(
    ("sent", "kept"), [((91, 0), None), ((1, None), None), ((1, 2, -1), Spot(1, 2)), ((1, 2, 3), Spot(1, 2, 3))]
)
def test_what_is_no_place_is_not_kept(sent: tuple[float, ...], kept: Spot | None) -> None:
    assert spot_of(*sent) == kept


def test_a_second_terminal_has_a_place_of_its_own(
    db: Session, cast: Cast, order: Order, on_site: Visit, as_person: SignIn
) -> None:
    line = order.lines[0]
    main, _ = fitted_long_ago(db, cast, line)
    [hidden, newer], [card, _] = carrying(db, cast, cast.su, 2)
    do(db, on_site, "line.install", cast.su, line=line.id, role="hidden", terminal=hidden.number, sim=card.number)
    do(db, on_site, "line.swap", cast.su, line=line.id, role="hidden", terminal=newer.number)
    assert slot_units(db, line.vehicle_id)["terminal"] is main, "nothing happened to the other one"
    assert slot_units(db, line.vehicle_id, "hidden") == {"terminal": newer, "sim": card}
    assert [fitting_json(one)["role"] for one in fittings_of(db, order.id)] == ["hidden"] * 3
    with pytest.raises(NotFound):
        do(db, on_site, "line.swap", cast.su, line=line.id, role="roof", terminal=hidden.number)
    with pytest.raises(IntegrityError), db.begin_nested():
        db.execute(sa.update(Holder).where(Holder.role == "hidden").values(role="roof"))
    db.commit()
    phone = as_person(cast.su)
    url = f"/my-day/visits/{on_site.id}/vehicles/{line.id}"
    assert hidden.number not in phone.get(f"{url}?role=recorder").text.split("In the vehicle")[1]
    page = phone.get(f"{url}?role=hidden").text
    assert "Second or hidden terminal" in page and "Another terminal of this vehicle" in page and main.number in page
    assert phone.get(f"{url}?role=roof").status_code == 404
    place = {"lat": "22.5431", "lon": "114.0579", "accuracy_m": "12.5"}
    sent = {"fact": str(uuid.uuid4()), "units": ["terminal", "sim"], "role": "hidden", **place}
    assert phone.post(f"{url}/remove", data=sent).status_code in (302, 303)
    assert slot_units(fresh(db), line.vehicle_id, "hidden") == {} and slot_units(db, line.vehicle_id)["terminal"].id == main.id
    came, went = list(unit_history(db, card.id))[1::-1]
    assert (came.spot, went.spot) == (None, Spot(22.5431, 114.0579, 12.5)), "where the phone was, if it said so"
    assert phone.post(f"{url}/remove", data=sent | {"lat": "22.6"}).status_code in (302, 303), "again from elsewhere is the same"
    assert list(broken_custody(db)) == []
    db.execute(sa.text("ALTER TABLE custody_entry DISABLE TRIGGER USER"))
    db.execute(sa.update(CustodyEntry).where(CustodyEntry.id == went.id).values(lat=23.0))
    assert len(list(broken_custody(db))) == 1, "the place is part of the chain"


def test_a_call_says_which_of_several_terminals_it_is_about(db: Session, cast: Cast, order: Order, as_person: SignIn) -> None:
    line = order.lines[0]
    fitted_long_ago(db, cast, line)
    desk, asked = as_person(cast.lin), f"/calls/known?vehicle_id={line.vehicle_id}"
    assert "Which terminal is it about?" not in desk.get(asked).text, "there is one only"
    [other], _ = carrying(db, cast, cast.su)
    slot = slot_of(db, vehicle_id=line.vehicle_id, branch_id=cast.sz, role="recorder")
    move_units(db, [other.id], to=slot, reason="correct", by=cast.root, at=AT)
    line.role = "recorder"
    db.commit()
    assert "Which terminal is it about?" in desk.get(asked).text
    assert [read_call(call_form(**role)).role for role in ({"role": "recorder"}, {})] == ["recorder", "main"]
    page = desk.get(f"/orders/{order.number}").text
    assert "Camera or recorder" in page and other.number in page, "the order is about that one"
    assert "Camera or recorder" in desk.get(f"/vehicles/{line.vehicle_id}").text
    url = f"/orders/{order.number}/lines/1/terminal"
    for role, kept in (("roof", "recorder"), ("main", "main"), ("main", "main")):
        assert desk.post(url, data={"role": role}).status_code == 303
        assert fresh(db).get_one(OrderLine, line.id).role == kept
    told = [entry.action for entry in history(db, ("order", order.id))]
    assert told.count("line.role") == 1, "pressed twice it is written once"
    assert as_person(cast.he).post(url, data={"role": "main"}).status_code == 404
