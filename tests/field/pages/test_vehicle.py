"""The pages of one vehicle: swaps that cannot be, what is undone or taken out, and the test-run."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.fitted import fittings_of
from dispatch.field.models import FieldFact, TestResult
from dispatch.field.rules import TEST_ITEMS
from dispatch.field.summary import latest_tests
from dispatch.orders.models import Order
from tests.conftest import Cast
from tests.field.building import carrying, fitted_long_ago, fresh
from tests.field.phone import Phone, at

# --- swaps that cannot be


def test_a_unit_in_a_colleagues_bag_gets_a_sentence_and_the_dispatcher_if_he_insists(
    db: Session, cast: Cast, order: Order, phone: Phone
) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.wei)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    assert "There is no terminal in your bag." in phone.page
    phone.press(f"{at(order)}/fit", status=422, terminal=box.number)
    assert "卫晨" in phone.page and f'value="{box.number}"' in phone.page
    assert "It is so: let the dispatcher decide" in phone.page
    assert not db.scalars(sa.select(FieldFact).where(FieldFact.kind == "line.swap")).all()
    phone.press(f"{at(order)}/fit", insist="1")
    assert "the dispatcher will sort it out" in phone.page
    assert db.scalars(sa.select(FieldFact.state).where(FieldFact.kind == "line.swap")).all() == ["disputed"]
    assert not fittings_of(fresh(db), order.id)


def test_nothing_chosen_is_asked_for_beside_the_field(db: Session, order: Order, phone: Phone) -> None:
    for what, sentence in (("terminal", "f-terminal-error"), ("sim", "f-sim-error")):
        phone.open(f"{at(order)}/swap?what={what}")
        phone.press(f"{at(order)}/fit", status=422)
        assert sentence in phone.page and "Choose one from your bag" in phone.page
        assert "let the dispatcher decide" not in phone.page


def test_what_the_record_does_not_know_is_typed_or_said_to_be_none(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    [box], [card] = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=both")
    phone.press(f"{at(order)}/fit", status=422, pick_terminal=box.number, pick_sim=card.number)
    assert "The record knows of none in this vehicle. Enter the number of the old one." in phone.page
    phone.press(f"{at(order)}/fit", status=422, old_terminal="OLD12345", none_sim="1")
    assert "Enter the model of the old terminal." in phone.page
    phone.press(f"{at(order)}/fit", old_model="BD-808A")
    made = {row.unit_kind: row.kind for row in fittings_of(fresh(db), order.id)}
    assert made == {"terminal": "swap", "sim": "install"}


def test_a_wrong_swap_is_undone_with_a_reason(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", pick_terminal=box.number)
    phone.press(f"{at(order)}/undo", status=422)
    assert "Please give a reason." in phone.page
    phone.press(f"{at(order)}/undo", reason="拿错了")
    assert "Undone." in phone.page and not fittings_of(fresh(db), order.id)


def test_a_unit_is_taken_out_without_a_new_one(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    db.commit()
    phone.open(at(order))
    phone.press(f"{at(order)}/remove", status=422)
    assert "Choose one of these." in phone.page
    phone.press(f"{at(order)}/remove", units=["terminal"])
    assert "Taken out." in phone.page
    assert [row.kind for row in fittings_of(fresh(db), order.id)] == ["remove"]


# --- the test-run


def test_after_a_swap_the_test_run_is_to_be_done_again(db: Session, cast: Cast, order: Order, phone: Phone) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    db.commit()
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", rest="passed")
    phone.open(f"{at(order)}/swap?what=terminal")
    phone.press(f"{at(order)}/fit", pick_terminal=box.number)
    assert "To do again after the change" in phone.page
    assert "please do it again" in phone.open(f"{at(order)}/test") and "All passed" in phone.big()


def test_single_points_are_put_right_and_overruling_needs_a_word(db: Session, order: Order, phone: Phone) -> None:
    phone.open(f"{at(order)}/test")
    phone.press(f"{at(order)}/test", status=422, **{"result-acc": "not_available"})
    assert "Say why this cannot be tested." in phone.page
    phone.press(f"{at(order)}/test", **{"result-acc": "failed"})
    assert "The rest passed" in phone.big()
    phone.press(f"{at(order)}/test", rest="passed")
    assert len(db.scalars(sa.select(TestResult)).all()) == len(TEST_ITEMS)
    phone.press(f"{at(order)}/test", status=422, **{"result-acc": "overruled"})
    assert "Say why this counts as passed." in phone.page
    phone.press(f"{at(order)}/test", **{"reason-acc": "客户未接ACC线"})
    latest = latest_tests(fresh(db), order.id, [])[order.lines[0].id]
    assert (latest["acc"].result, latest["acc"].reason) == ("overruled", "客户未接ACC线")
    count = len(db.scalars(sa.select(TestResult)).all())
    phone.press(f"{at(order)}/test")
    assert len(fresh(db).scalars(sa.select(TestResult)).all()) == count, "what stands is not written again"
    nonsense = phone.client.post(f"{phone.root}{at(order)}/test", data=phone.form(f"{at(order)}/test") | {"result-acc": "x"})
    assert nonsense.status_code == 404
