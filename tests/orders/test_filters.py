"""Filters of the order list: kept under a name by whoever uses them, and their rows as a spreadsheet."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.orders.filter_models import SavedFilter
from dispatch.orders.models import Order
from dispatch.orders.operations.filters import MOST
from dispatch.tabular.tables import read
from tests.building import installation_order
from tests.conftest import Cast, SignIn

WAITING = "status=awaiting_approval&sort=oldest"


def test_what_is_shown_is_kept_under_a_name_until_it_is_forgotten(order: Order, cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    kept = lin.post(f"/orders/filters?{WAITING}&page=3&nonsense=1", data={"name": "  等 审批 "})
    assert kept.location.endswith(f"/orders?{WAITING}")
    page = lin.get(kept.location).text
    assert "Kept as “等 审批”." in page and f'/orders?{WAITING.replace("&", "&amp;")}" aria-current' in page
    with transaction() as db:
        row = db.scalars(sa.select(SavedFilter)).one()
    stranger = as_person(cast.wang)
    assert "等 审批" not in stranger.get("/orders").text
    stranger.post(f"/orders/filters/{row.id}/forget")
    assert "等 审批" in lin.get("/orders").text, "nobody forgets what is somebody else's"
    for _press in range(2):
        assert lin.post(f"/orders/filters/{row.id}/forget").status_code == 302
    assert "“等 审批” is forgotten." in lin.get("/orders").text
    assert "等 审批" not in lin.get("/orders").text


def test_the_same_name_again_means_what_is_shown_now(cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    for query in (WAITING, "mine=1"):
        lin.post(f"/orders/filters?{query}", data={"name": "早会"})
    with transaction() as db:
        assert db.scalars(sa.select(SavedFilter.query)).all() == ["mine=1"]


@pytest.mark.parametrize(
    ("query", "name", "sentence"),
    [
        ("", "早会", "Nothing is filtered or sorted"),
        ("mine=1", " ", "Give the filter a name."),
        ("mine=1", "长" * 31, "A name has at most 30 letters."),
    ],
)
def test_what_cannot_be_kept_is_said_beside_the_name(cast: Cast, as_person: SignIn, query: str, name: str, sentence: str) -> None:
    answer = as_person(cast.lin).post(f"/orders/filters?{query}", data={"name": name})
    assert answer.status_code == 422
    assert sentence in answer.text and f'value="{name.strip()}"' in answer.text


def test_a_menu_holds_a_dozen(cast: Cast, as_person: SignIn) -> None:
    lin = as_person(cast.lin)
    for number in range(MOST):
        assert lin.post("/orders/filters?mine=1", data={"name": f"第{number}个"}).status_code == 302
    assert "Forget one first." in lin.post("/orders/filters?mine=1", data={"name": "再来"}).text
    assert lin.post("/orders/filters?kind=repair", data={"name": "第3个"}).status_code == 302


def test_the_rows_of_a_filter_are_a_spreadsheet(order: Order, cast: Cast, as_person: SignIn) -> None:
    with transaction() as db:
        fleet = installation_order(db, cast, lines=3)
    answer = as_person(cast.lin).get("/orders/export.xlsx?sort=oldest")
    (sheet,) = read("orders.xlsx", answer.data).sheets
    head, *rows = sheet.rows
    assert head[:2] == ("Order", "Status") and [row[0] for row in rows] == [order.number, fleet.number]
    assert str(rows[1][6]).count(", ") == 2, "all its vehicles in one cell"
    only = read("orders.xlsx", as_person(cast.lin).get("/orders/export.xlsx?kind=repair").data).sheets[0].rows
    assert [row[0] for row in only[1:]] == [order.number]
    assert len(read("orders.xlsx", as_person(cast.he).get("/orders/export.xlsx").data).sheets[0].rows) == 1, "another branch"
    assert as_person(cast.su).get("/orders/export.xlsx").status_code == 404
