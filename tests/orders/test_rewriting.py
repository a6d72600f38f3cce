"""A rejected order is taken back, changed, and sent for approval again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from dispatch.audit.queries import history
from dispatch.db import transaction
from dispatch.orders.models import Order
from dispatch.orders.operations.approving import reject
from dispatch.orders.operations.moves import locked_order, move_order
from dispatch.staff.rules import Actor
from tests.building import repair_order
from tests.conftest import AT, Cast

Browser = Callable[[Actor], FlaskClient]


@pytest.fixture
def draft(database: str, cast: Cast) -> Order:
    """A repair order that Wang rejected and Lin took back."""
    with transaction() as session:
        order = repair_order(session, cast)
        session.refresh(order, ["approvals"])
        reject(session, order.id, approval_id=order.approvals[0].id, reason="no purchase date", by=cast.wang, at=AT)
        move_order(session, locked_order(session, order.id), "rework", by=cast.lin, at=AT)
        return order


def typed(order: Order, **changes: Any) -> dict[str, str]:
    return {
        "version": str(order.version),
        "contact_name": "张超敏",
        "contact_phone": "18886844318",
        "urgency": "normal",
        "symptom": "drift",
        "symptom_text": "定位漂移",
    } | changes


def test_the_changed_draft_goes_to_the_manager_again(as_person: Browser, cast: Cast, draft: Order) -> None:
    lin = as_person(cast.lin)
    page = f"/orders/{draft.number}"
    assert f"{page}/words" in lin.get(page).get_data(as_text=True)
    assert "定位漂移" in lin.get(f"{page}/words").get_data(as_text=True)
    changes = {
        "urgency": "urgent",
        "purchased_on": "2026/03/01",
        "window_from": "9:00",
        "window_to": "12:00",
        "wanted_on": "2026-12-03",
    }
    answer = lin.post(f"{page}/words", data=typed(draft, **changes))
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    with transaction() as session:
        order = session.get_one(Order, draft.id)
        assert (order.urgency, str(order.purchased_on), str(order.window_to)) == ("urgent", "2026-03-01", "12:00:00")
        told = history(session, ("order", order.id))[0]
        assert (told.action, told.detail["changed"]["urgency"]) == ("order.rewrite", ["normal", "urgent"])
    shown = lin.get(page).get_data(as_text=True)
    assert "Draft changed" in shown and "order.rewrite" not in shown
    assert lin.post(f"{page}/submit", data={"version": str(order.version)}).status_code == 302


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"contact_phone": ""}, "Please fill this in."),
        ({"contact_phone": "call me"}, "This is no phone number."),
        ({"symptom": "magic"}, "Please fill this in."),
        ({"window_from": "12:00", "window_to": "9:00"}, "This must be later than the beginning."),
    ],
)
def test_what_cannot_be_taken_is_said_beside_its_field_and_kept(
    as_person: Browser, cast: Cast, draft: Order, changes: dict[str, str], sentence: str
) -> None:
    answer = as_person(cast.lin).post(f"/orders/{draft.number}/words", data=typed(draft, note="keep me", **changes))
    assert answer.status_code == 422
    text = answer.get_data(as_text=True)
    assert sentence in text and "keep me" in text


def test_an_order_that_is_no_draft_cannot_be_changed(as_person: Browser, cast: Cast, database: str) -> None:
    with transaction() as session:
        order = repair_order(session, cast)
    lin, page = as_person(cast.lin), f"/orders/{order.number}"
    shown = lin.get(f"{page}/words")
    assert shown.location == page and "Only a draft can be changed" in lin.get(page).text
    answer = lin.post(f"{page}/words", data=typed(order))
    assert answer.status_code == 422 and "Only a draft can be changed" in answer.get_data(as_text=True)


def test_a_stale_page_and_another_branch_change_nothing(as_person: Browser, cast: Cast, draft: Order) -> None:
    stale = as_person(cast.lin).post(f"/orders/{draft.number}/words", data=typed(draft, version="1"))
    assert stale.status_code == 409
    assert as_person(cast.he).get(f"/orders/{draft.number}/words").status_code == 404
    assert as_person(cast.he).post(f"/orders/{draft.number}/words", data=typed(draft)).status_code == 404
