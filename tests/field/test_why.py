"""Why a terminal or SIM is swapped: a tap on site, in words of one's own where none fits, kept with the swap and shown."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dispatch.audit.queries import history
from dispatch.devices.fitted import fittings_of
from dispatch.devices.models import Fitting
from dispatch.devices.swap_rules import WHYS, usual_why, why_told, whys_for
from dispatch.errors import Invalid
from dispatch.field.correcting import replace_unit
from dispatch.field.forms import read_fitting, read_why
from dispatch.field.summary import summary_of
from dispatch.orders.models import Order, Visit
from dispatch.orders.rules import SYMPTOMS
from dispatch.sheets.facts import record_of, sheet_facts
from tests.conftest import AT, Cast, SignIn
from tests.field.building import carrying, do, fitted_long_ago


@pytest.mark.parametrize(
    ("symptom", "kinds", "usual"),
    [
        ("offline", ("sim",), "sim_fault"),
        ("offline", ("terminal", "sim"), "defect"),
        ("power", ("terminal",), "no_power"),
        ("damaged", ("terminal",), "damage"),
        ("recharge", ("sim",), "plan"),
        (None, ("terminal",), "upgrade"),
        ("other", ("terminal",), None),
        ("move", ("terminal",), None),
    ],
)
def test_what_the_symptom_lets_expect_is_chosen_beforehand(
    symptom: str | None, kinds: tuple[str, ...], usual: str | None
) -> None:
    assert usual_why(symptom, kinds) == usual
    assert all(usual_why(code, kinds) in (None, *WHYS) for code in SYMPTOMS)
    assert "not_told" not in whys_for(kinds) and list(whys_for(kinds))[-1] == "other"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ({"why": "defect"}, {"why": "defect"}),
        ({"why": "other", "why_words": " 客户要求 "}, {"why": "other", "why_words": "客户要求"}),
        ({"lend": "1"}, {"why": "loan"}),
        ({}, "why"),
        ({"why": "because"}, "why"),
        ({"why": "other"}, "why_words"),
    ],
)
def test_a_reason_is_a_tap_and_another_one_needs_words(typed: dict[str, str], answer: Any) -> None:
    if isinstance(answer, dict):
        assert read_why(typed) == answer
        return
    with pytest.raises(Invalid) as refused:
        read_why(typed)
    assert set(refused.value.fields) == {answer}


def test_only_a_swap_is_asked_for_its_reason() -> None:
    assert read_fitting({"terminal": "A1", "none_terminal": "1"}, (), 7) == [("line.install", {"line": 7, "terminal": "A1"})]
    with pytest.raises(Invalid):
        read_fitting({"terminal": "A1"}, ("terminal",), 7)
    assert str(why_told("other", "客户要求")) == "客户要求" and str(why_told("defect", "黑屏")) == "Defective: 黑屏"
    assert why_told("not_told", None) is None and why_told(None, None) is None


def test_the_reason_is_on_the_order_the_life_pages_and_the_sheet(
    db: Session, cast: Cast, order: Order, on_site: Visit, as_person: SignIn
) -> None:
    line = order.lines[0]
    fitted_long_ago(db, cast, line)
    [box, right], [card] = carrying(db, cast, cast.su, 2)[0], carrying(db, cast, cast.su)[1]
    do(db, on_site, "line.swap", cast.su, line=line.id, terminal=box.number, why="no_power", why_words="黑屏")
    do(db, on_site, "line.swap", cast.su, line=line.id, sim=card.number)
    told = {row.unit_kind: row for row in fittings_of(db, order.id)}
    assert (told["terminal"].why, told["terminal"].why_words, told["sim"].why) == ("no_power", "黑屏", "not_told")
    facts = sheet_facts(record_of(db, order.id), None)["lines"][0]["fittings"]
    assert [(fact.get("why"), fact.get("why_words")) for fact in facts] == [("no_power", "黑屏"), (None, None)]
    assert "why" not in str(summary_of(db, order, on_site)["lines"][0]["fittings"])  # what was signed before stays as it was
    again = replace_unit(db, order.id, told["terminal"].id, number=right.number, reason="写错号", by=cast.wang, at=AT)
    assert (again.why, again.why_words) == ("no_power", "黑屏")
    assert history(db, ("order", order.id))[0].detail["why"] == "no_power"
    db.commit()
    desk = as_person(cast.wang)
    for path in (
        f"/orders/{order.number}/on-site",
        f"/units/{right.id}",
        f"/vehicles/{line.vehicle_id}",
        f"/orders/{order.number}",
    ):
        assert "No power: 黑屏" in desk.get(path).text, path
    assert "No power: 黑屏" in as_person(cast.su).get(f"/my-day/visits/{on_site.id}/vehicles/{line.id}").text
    form = desk.get(f"/orders/{order.number}/corrections/replace/{again.id}").text
    assert 'value="no_power" selected' in form and 'value="黑屏"' in form


def test_no_swap_is_without_a_reason_whoever_writes_it(db: Session, cast: Cast, order: Order, on_site: Visit) -> None:
    fitted_long_ago(db, cast, order.lines[0])
    [box], _ = carrying(db, cast, cast.su)
    with pytest.raises(Invalid), db.begin_nested():
        do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, why="other")
    do(db, on_site, "line.swap", cast.su, line=order.lines[0].id, terminal=box.number, why="defect")
    copied = {column.key: column for column in Fitting.__table__.c if column.key != "id"}
    bare = sa.select(*(sa.null() if name == "why" else column for name, column in copied.items())).where(Fitting.kind == "swap")
    with pytest.raises(IntegrityError, match="swap_has_why"), db.begin_nested():
        db.execute(sa.insert(Fitting).from_select(list(copied), bare))
