"""Who decides about what, in which turn, by kind, amount and branch; and whose turn it is: plain data."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from dispatch.approvals.forms import read_rule
from dispatch.approvals.rules import BUSINESS, FAVOUR, MANAGER, LevelRule, Turn, ladder, level_of, why_not_decide
from dispatch.errors import Invalid

DIRECTOR, FINANCE, SUPERVISOR = level_of("director"), level_of("finance"), level_of("supervisor")

TABLE = [
    LevelRule("purchase", (), Decimal(0), Decimal("999.99")),
    LevelRule("purchase", ("finance",), Decimal(1000), Decimal("19999.99")),
    LevelRule("purchase", ("finance",), Decimal(0), None, branch_id=2),
    LevelRule("goodwill", ("director",), Decimal(500)),
    LevelRule("refund", ("manager",), Decimal(200)),
    LevelRule("refund", ("manager", "finance"), Decimal(1000)),
    LevelRule("overrule", ("supervisor", "manager"), Decimal(100)),
    LevelRule("repair", ("director",), Decimal(5)),
]


@pytest.mark.parametrize(
    ("kind", "amount", "branch", "asked"),
    [
        ("purchase", "999.99", 1, (MANAGER,)),
        ("purchase", "999.99", 2, (MANAGER, FINANCE)),
        ("purchase", "1000", 1, (MANAGER, FINANCE)),
        ("purchase", "20000", 1, (MANAGER, FINANCE, DIRECTOR)),
        ("goodwill", "499.99", 1, (FAVOUR,)),
        ("goodwill", "500", 1, (FAVOUR, DIRECTOR)),
        ("goodwill", None, 1, (FAVOUR, DIRECTOR)),
        ("refund", "199.99", 1, (FAVOUR,)),
        ("refund", "200", 1, (MANAGER,)),
        ("refund", "5000", 1, (MANAGER, FINANCE)),
        ("overrule", "100", 1, (SUPERVISOR, MANAGER)),
        ("repair", "4", 1, (MANAGER,)),
        ("repair", "5", 1, (MANAGER, DIRECTOR)),
    ],
)
def test_one_table_says_who_decides(kind: str, amount: str | None, branch: int, asked: tuple[str, ...]) -> None:
    assert ladder(kind, None if amount is None else Decimal(amount), branch, TABLE) == asked


def test_without_a_table_a_purchase_asks_three_and_a_favour_one() -> None:
    first = {kind: ladder(kind, Decimal(1), 1, []) for kind in BUSINESS}
    assert first["purchase"] == (MANAGER, FINANCE, DIRECTOR)
    assert {first["goodwill"], first["refund"], first["overrule"]} == {(FAVOUR,)}
    assert {first["installation"], first["repair"]} == {(MANAGER,)}


TURN = Turn(FAVOUR, 7, frozenset({FAVOUR}), frozenset({1}))


@pytest.mark.parametrize(
    ("turn", "why"),
    [
        (TURN, None),
        (replace(TURN, permission=None), "No approval is open"),
        (replace(TURN, held=frozenset({MANAGER})), "The next decision is not yours"),
        (replace(TURN, asked_by=frozenset({1, 7})), "your own request"),
        (replace(TURN, decided_by=frozenset({7})), "You have decided an earlier level"),
        (replace(TURN, decided_by=frozenset({7}), helped_by=frozenset({7})), "decided in your place"),
    ],
)
def test_whose_turn_it_is(turn: Turn, why: str | None) -> None:
    no = why_not_decide(turn)
    assert no is None if why is None else why in str(no)


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ({"kind": "refund", "least": "￥1,000.50", "first": "finance"}, LevelRule("refund", ("finance",), Decimal("1000.50"))),
        ({"kind": "purchase", "most": "800"}, LevelRule("purchase", (), Decimal(0), Decimal(800))),
        ({"kind": "repair", "first": "director"}, LevelRule("repair", ("director",), Decimal(1))),
        ({"kind": "repair", "least": "1.5", "first": "director"}, {"least"}),
        ({"kind": "refund", "least": "1.005", "most": "-1", "first": "qa"}, {"least", "most", "first"}),
        ({"kind": "purchase", "first": "manager"}, {"first"}),
        ({"kind": "leave"}, {"kind"}),
    ],
)
def test_a_rule_as_it_is_typed(typed: dict[str, str], rule: object) -> None:
    if isinstance(rule, LevelRule):
        assert read_rule(typed) == rule
    else:
        with pytest.raises(Invalid) as refused:
            read_rule(typed)
        assert set(refused.value.fields) == rule
