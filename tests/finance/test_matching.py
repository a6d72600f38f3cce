"""Matching on record: what is certain counts by itself, the rest is asked; one line, one money, one match; undoing books back."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.db import transaction
from dispatch.errors import Conflict, Invalid, NotAllowed, Refusal, RuleBroken
from dispatch.fees.ledger_check import broken_ledgers
from dispatch.fees.operations import refund, take_back_account_payment, take_back_deposit
from dispatch.finance.day_queries import books_of
from dispatch.finance.differences import Difference, differences
from dispatch.finance.jobs import match, match_again
from dispatch.finance.match_acts import accept, decline
from dispatch.finance.match_check import broken_matches
from dispatch.finance.match_explaining import explain
from dispatch.finance.match_list_queries import candidates
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart
from dispatch.finance.match_rules import FINDINGS, TOGETHER
from dispatch.finance.match_undoing import undo
from dispatch.finance.matching_run import Matched, match_branch
from dispatch.finance.models import StatementLine
from dispatch.finance.queries import day_rows
from dispatch.orders.models import Order
from tests.conftest import AT, Cast
from tests.fees.building import paid
from tests.fees.money import balance, banked, confirmed, handed, owing, paid_off
from tests.finance.building import explained, item_of, said
from tests.racing import at_once

OFF = "; ".join(
    f"ALTER TABLE {table} DISABLE TRIGGER append_only" for table in ("match_item", "match_part", "match_run", "line_match")
)
DAY = local_day(AT, "Asia/Shanghai")


def run(session: Session, cast: Cast, at: Any = AT) -> Matched:
    return match_branch(session, cast.sz, by=cast.qian, at=at)


def proposed(session: Session) -> list[LineMatch]:
    return list(session.scalars(sa.select(LineMatch).where(LineMatch.state == "proposed").order_by(LineMatch.id)))


def sound(session: Session) -> None:
    assert [str(each) for each in (*broken_ledgers(session), *broken_matches(session))] == []


def unexplained(session: Session, cast: Cast) -> list[Difference]:
    """What keeps the day open."""
    return differences(session, books_of(session, cast.sz), day=DAY, matching=DAY, begins=DAY).rows


@pytest.fixture
def order(database: str, cast: Cast) -> Order:
    with transaction() as db:
        return owing(db, cast, quantity=20)


def test_what_is_certain_matches_by_itself_and_is_booked(order: Order, cast: Cast) -> None:
    with transaction() as db:
        first = paid(db, order, "763.50", cast.su, channel="wechat")
        second = paid(db, order, "60", cast.su, channel="wechat")
        back = refund(db, first.id, amount=Decimal("63.50"), reason="x", device="desk", by=cast.qian, at=AT)
        lines = said(
            db,
            cast,
            "wechat",
            ("763.50", first.number, {"fee": "4.581"}),
            ("60.00", second.number, {"fee": "0.365"}),
            ("-63.50", first.number, {"fee": "-0.381", "kind": "refund"}),
            ("9.00", "RSZ999999", {}),
        )
        assert run(db, cast) == Matched(3, 0, 1)
        assert item_of(db, back).state == item_of(db, first).state == "matched"
        assert balance(db, "clearing", branch_id=cast.sz, channel="wechat") == 0
        assert balance(db, "channel_fee", branch_id=cast.sz, channel="wechat") == Decimal("4.57")
        assert balance(db, "at_channel", branch_id=cast.sz, channel="wechat") == Decimal("755.43"), "less 4.565, rounded once"
        assert balance(db, "rounding", branch_id=cast.sz) == 0
        sound(db)
        assert run(db, cast) == Matched(0, 0, 1), "nothing new, nothing changed"
        (open_,) = unexplained(db, cast)
        assert (open_.line_id, open_.paper, open_.owner) == (lines[3], "RSZ999999", cast.qian.name)
        assert open_.what == FINDINGS["unknown"]
        (row,) = day_rows(db, branch_id=cast.sz, since=DAY, until=DAY)
        assert [(each.channel, each.received, each.open) for each in row.channels] == [("wechat", Decimal("760.00"), 0)]
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), transaction() as db:
        db.execute(sa.update(StatementLine).where(StatementLine.id == lines[0]).values(amount=1))
    with transaction() as db:
        for id_, finding in ((lines[3], "unknown"), (lines[0], None)):
            assert db.get_one(StatementLine, id_).finding == finding


def test_undoing_books_back_and_asks_nobody_again(order: Order, cast: Cast) -> None:
    with transaction() as db:
        receipt = paid(db, order, "100", cast.su, channel="alipay")
        (line,) = said(db, cast, "alipay", ("100.00", receipt.number, {"fee": "0.60"}))
        run(db, cast)
        (match_id,) = db.scalars(sa.select(MatchPart.match_id).where(MatchPart.line_id == line)).all()
        with pytest.raises(Invalid):
            undo(db, match_id, reason=" ", by=cast.qian, at=AT)
        with pytest.raises(NotAllowed):
            undo(db, match_id, reason="x", by=cast.su, at=AT)
        undo(db, match_id, reason="错了", by=cast.qian, at=AT)
        assert balance(db, "clearing", branch_id=cast.sz, channel="alipay") == 100
        assert balance(db, "channel_fee", branch_id=cast.sz, channel="alipay") == 0
        assert run(db, cast) == Matched(0, 0, 1)
        with pytest.raises(Conflict, match="has undone this match"):
            undo(db, match_id, reason="x", by=cast.qian, at=AT)
        together = explain(db, explained([line], [item_of(db, receipt).id], TOGETHER), by=cast.qian, at=AT)
        assert together.why is None and balance(db, "clearing", branch_id=cast.sz, channel="alipay") == 0
        sound(db)


def test_proposals_are_accepted_or_declined(order: Order, cast: Cast) -> None:
    with transaction() as db:
        nameless, other = paid(db, order, "150", cast.su, channel="transfer"), paid(db, order, "80", cast.su, channel="transfer")
        twins = [paid(db, order, "45", cast.su, channel="transfer") for _ in range(2)]
        lines = said(
            db,
            cast,
            "bank",
            ("150", None, {}),
            ("80", None, {}),
            ("45", None, {}),
            ("-15", None, {"kind": "fee"}),
            ("70", other.number, {}),
        )
        assert run(db, cast).asked == 4
        found = {(each.way, each.amount): each for each in proposed(db)}
        ways = sorted(each.way for each in proposed(db))
        assert ways == ["ambiguous", "ambiguous", "amount", "differs", "fee"]
        (both,) = [[each.id for each in proposed(db) if each.way == "ambiguous"]]
        with pytest.raises(RuleBroken, match="choose one of them"):
            accept(db, both, by=cast.qian, at=AT)
        with pytest.raises(RuleBroken, match="The amounts differ"):
            accept(db, [found["differs", Decimal(70)].id], by=cast.qian, at=AT)
    with transaction() as db:
        chosen = [found["amount", Decimal(150)].id, found["fee", Decimal(-15)].id, both[0]]
        accept(db, chosen, by=cast.qian, at=AT)
        assert db.get_one(StatementLine, lines[3]).state == "explained"
        assert (
            balance(db, "bank", branch_id=cast.sz) == 180 and balance(db, "channel_fee", branch_id=cast.sz, channel="bank") == 15
        )
        assert [each.way for each in proposed(db)] == ["differs"], "what was overtaken is over"
        with pytest.raises(Conflict, match="has matched this already"):
            accept(db, chosen[:1], by=cast.qian, at=AT)
        assert sorted(item_of(db, each).state for each in (nameless, *twins)) == ["matched", "matched", "open"]
        decline(db, [found["differs", Decimal(70)].id], by=cast.qian, at=AT)
        assert run(db, cast).asked == 0, "nobody is asked twice"
        sound(db)


def test_explaining_closes_with_what_it_books(order: Order, cast: Cast) -> None:
    with transaction() as db:
        short, gone, late = (paid(db, order, "80", cast.su, channel="transfer") for _ in range(3))
        bank = said(
            db, cast, "bank", ("79.99", short.number, {}), ("12", None, {"kind": "other"}), ("30", None, {"kind": "other"})
        )
        run(db, cast)
        say_ = partial(explain, db, by=cast.qian, at=AT)
        for wrong, why in (
            (explained([bank[0]], [item_of(db, short).id], TOGETHER), "left over"),
            (explained([bank[1]], [], "rounding"), "too much"),
            (explained([bank[1]], [], "fee"), "there is none"),
            (explained([bank[1]], [], "cancels"), "come to nothing"),
            (explained([], [item_of(db, gone).id], "elsewhere"), "only for lines"),
            (explained([bank[1]], [], "underway"), "on its way any more"),
            (explained([bank[1]], [], "nonsense"), "choose a reason"),
            (explained([bank[1]], [], "owed"), "Who answers"),
            (explained([bank[1]], [], "payout"), "Which channel"),
            (explained([bank[1]], [], "elsewhere", words=" "), "few words"),
        ):
            with pytest.raises(Invalid) as refusal:
                say_(wrong)
            assert any(why in str(text) for text in refusal.value.fields.values()), why
        with pytest.raises(NotAllowed):
            say_(explained([], [item_of(db, gone).id], "written_off"))
        say_(explained([bank[0]], [item_of(db, short).id], "rounding"))
        say_(explained([bank[1]], [], "elsewhere"))
        say_(explained([bank[2]], [], "payout", payout_channel="wechat"))
        owed = say_(explained([], [item_of(db, gone).id], "owed", owner_id=cast.su.id))
        assert balance(db, "difference", branch_id=cast.sz) == 80
        undo(db, owed.id, reason="写错", by=cast.qian, at=AT)
        explain(db, explained([], [item_of(db, gone).id], "written_off"), by=cast.wang, at=AT)
        assert balance(db, "written_off", branch_id=cast.sz) == 80 and balance(db, "difference", branch_id=cast.sz) == 0
        assert balance(db, "rounding", branch_id=cast.sz) == Decimal("0.01")
        assert balance(db, "at_channel", branch_id=cast.sz, channel="wechat") == -30
        say_(explained([], [item_of(db, late).id], "underway"))
        assert unexplained(db, cast) == []
        said(db, cast, "bank", ("80", late.number, {"at": AT + timedelta(days=1)}))
        assert run(db, cast).sure == 1 and item_of(db, late).state == "matched", "what was under way has come"
        sound(db)


def test_what_a_bank_pays_out_in_one_sum_is_made_up_of_its_parts(order: Order, cast: Cast) -> None:
    with transaction() as db:
        day = [paid(db, order, amount, cast.su, channel="transfer") for amount in ("300", "150", "80")]
        before = paid(db, order, "90", cast.su, channel="transfer", at=AT - timedelta(days=9))
        paid(db, order, "44", cast.su, channel="wechat")
        line = db.get_one(StatementLine, said(db, cast, "bank", ("526.82", None, {"at": AT + timedelta(hours=9)}))[0])
        lines, items = candidates(db, line)
        assert not lines and {item.id for item in items} == {item_of(db, each).id for each in day}
        assert line.id not in {each.id for each in candidates(db, item_of(db, before))[0]}
        explain(db, explained([line.id], [item.id for item in items], "fee"), by=cast.qian, at=AT)
        assert balance(db, "clearing", branch_id=cast.sz, channel="transfer") == 90
        assert balance(db, "channel_fee", branch_id=cast.sz, channel="bank") == Decimal("3.18")
        sound(db)


def test_deposits_and_payments_on_account(order: Order, cast: Cast) -> None:
    with transaction() as db:
        made = handed(db, [paid(db, order, "300", cast.su).id], cast.su)
        confirmed(db, made.id, {"100": 3}, cast.qian)
        deposit = banked(db, [made.id], "300", cast.qian)
        debt = paid(db, order, "200", cast.su, channel="account")
        payment = paid_off(db, debt.id, "200", cast.qian)
        wrong = paid_off(db, paid(db, order, "50", cast.su, channel="account").id, "50", cast.qian)
        take_back_account_payment(db, wrong.id, reason="x", by=cast.qian, at=AT)
        number = db.scalars(sa.select(MatchItem.number).where(MatchItem.account_payment_id == wrong.id)).one()
        said(
            db,
            cast,
            "bank",
            ("300", None, {"kind": "deposit", "note": f"现金存款 {made.number.replace('-', ' ')}"}),
            ("200", debt.number, {}),
            ("50", number, {}),
        )
        assert run(db, cast) == Matched(2, 0, 1)
        assert balance(db, "bank", branch_id=cast.sz) == 500, "the deposit is booked already; its match confirms it"
        assert [each.what for each in unexplained(db, cast)] == [FINDINGS["reversed"]]
        sound(db)
    for act in (partial(take_back_account_payment, payment_id=payment.id), partial(take_back_deposit, deposit_id=deposit.id)):
        with pytest.raises(Conflict, match="matched with a statement"), transaction() as db:
            act(db, reason="x", by=cast.qian, at=AT)


def test_two_clerks_on_the_same_line(order: Order, cast: Cast) -> None:
    with transaction() as db:
        paid(db, order, "150", cast.su, channel="transfer")
        (line,) = said(db, cast, "bank", ("150", None, {}))
        run(db, cast)
        chosen = [each.id for each in proposed(db)]
    acts = [partial(accept, match_ids=chosen, by=who, at=AT) for who in (cast.qian, cast.qian)]
    acts.append(partial(explain, said=explained([line], [], "elsewhere"), by=cast.qian, at=AT))
    answers = at_once(*acts, partial(match_branch, branch_id=cast.sz, by=cast.qian, at=AT))
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    assert len(refusals) == 2 and all(isinstance(each, Conflict) for each in refusals)
    with transaction() as db:
        sound(db)


def test_a_check_finds_what_was_damaged(order: Order, cast: Cast) -> None:
    with transaction() as db:
        receipt = paid(db, order, "150", cast.su, channel="wechat")
        (line,) = said(db, cast, "wechat", ("150", receipt.number, {"fee": "0.90"}))
    match(cast.sz)
    match_again(timestamp=0)
    for damage, words in (
        ("UPDATE statement_line SET state = 'open'", "does not follow whether it is matched"),
        ("UPDATE match_item SET state = 'open'", "does not follow whether it is matched"),
        ("UPDATE match_item SET state = 'void'", "or not at all"),
        ("UPDATE match_part SET live = false", "do not follow whether it counts"),
        ("UPDATE line_match SET state = 'undone'", "was undone and not booked back"),
        (
            f"{OFF}; UPDATE line_match SET difference = 1, why = 'rounding'",
            "come to what it says",
        ),
        (f"{OFF}; UPDATE match_run SET count = 2", "did not book what its matches"),
        (
            f"ALTER TABLE statement_line DISABLE TRIGGER locked; UPDATE statement_line SET amount = 1 WHERE id = {line}",
            "come to what it says",
        ),
        (f"{OFF}; UPDATE match_item SET amount = 1", "and there it is"),
        (
            f"{OFF}; DELETE FROM match_part; DELETE FROM match_item",
            "is not among the money to be matched",
        ),
    ):
        with transaction() as db:
            for each in damage.split("; "):
                db.execute(sa.text(each))
            assert any(words in str(text) for text in broken_matches(db)), damage
            db.rollback()
    with transaction() as db:
        sound(db)
