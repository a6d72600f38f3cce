"""Proving matches: each line and item is where its state says, every run and every undoing booked what its matches come to."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.fees.models import Account, AccountPayment, BankDeposit, DifferenceSettlement, Posting, Receipt, Voucher
from dispatch.finance.match_models import LineMatch, MatchItem, MatchPart, MatchRun, MatchUndo
from dispatch.finance.match_rows import sums_of
from dispatch.finance.match_rules import ZERO, postings_of, turned
from dispatch.finance.models import StatementLine
from dispatch.finance.owed_queries import OWED
from dispatch.finance.settlement_models import ContractorPayment, ContractorSheet
from dispatch.words import Text, say


def broken_matches(session: Session) -> Iterator[Text]:
    """One sentence for each match, line or money of ours that does not add up."""
    yield from _items_missing(session)
    yield from _wrong_items(session)
    yield from _wrong_states(session)
    yield from _wrong_amounts(session)
    yield from _wrong_runs(session)
    yield from _wrong_undoings(session)
    yield from _wrong_settlements(session)


def _items_missing(session: Session) -> Iterator[Text]:
    """Money that came by a channel or went to the bank, and that no statement could be matched with."""
    item = MatchItem
    there = (
        sa.select(Receipt.number).where(
            Receipt.channel.not_in(("cash", "account")), ~sa.exists().where(item.receipt_id == Receipt.id)
        ),
        sa.select(Receipt.number)
        .join(AccountPayment, AccountPayment.receipt_id == Receipt.id)
        .where(AccountPayment.channel != "cash", AccountPayment.reverses_id.is_(None))
        .where(~sa.exists().where(item.account_payment_id == AccountPayment.id)),
        sa.select(BankDeposit.number).where(
            BankDeposit.reverses_id.is_(None), ~sa.exists().where(item.bank_deposit_id == BankDeposit.id)
        ),
        sa.select(ContractorSheet.number)
        .join(ContractorPayment, ContractorPayment.sheet_id == ContractorSheet.id)
        .where(ContractorPayment.channel != "cash", ContractorPayment.reverses_id.is_(None))
        .where(~sa.exists().where(item.contractor_payment_id == ContractorPayment.id)),
    )
    for number in session.scalars(sa.union_all(*there).order_by("number")):
        yield say("%(number)s is not among the money to be matched with statements", number=number)


def _wrong_items(session: Session) -> Iterator[Text]:
    """Items that say another amount than what they stand for, or that are void though it stands."""
    item, back, paid_back = MatchItem, sa.orm.aliased(AccountPayment), sa.orm.aliased(ContractorPayment)
    amount = sa.func.coalesce(Receipt.amount, AccountPayment.amount, BankDeposit.amount, -ContractorPayment.amount)
    gone = sa.or_(
        sa.exists().where(back.reverses_id == AccountPayment.id),
        sa.exists().where(paid_back.reverses_id == ContractorPayment.id),
        BankDeposit.live.is_(False),
    )
    rows = (
        sa.select(item.number, item.amount, amount)
        .outerjoin(Receipt, Receipt.id == item.receipt_id)
        .outerjoin(AccountPayment, AccountPayment.id == item.account_payment_id)
        .outerjoin(BankDeposit, BankDeposit.id == item.bank_deposit_id)
        .outerjoin(ContractorPayment, ContractorPayment.id == item.contractor_payment_id)
        .where(sa.or_(item.amount != amount, (item.state == "void") != sa.func.coalesce(gone, False)))
    )
    for number, said, there in session.execute(rows.order_by(item.id)):
        told = {"number": number, "said": f"{said:.2f}", "there": f"{there:.2f}"}
        yield say("The money of %(number)s is to be matched with %(said)s, or not at all, and there it is %(there)s", **told)


def _wrong_states(session: Session) -> Iterator[Text]:
    """Lines and items that are matched without a match that counts, or the other way round; parts that do not follow."""
    line, item, part = StatementLine, MatchItem, MatchPart
    held = sa.exists().where(part.line_id == line.id, part.live)
    for id_ in session.scalars(sa.select(line.id).where((line.state != "open") != held).order_by(line.id)):
        yield say("Line %(line)s of a statement does not follow whether it is matched", line=id_)
    held = sa.exists().where(part.item_id == item.id, part.live)
    wrong = sa.select(item.number).where(item.state.in_(("matched", "underway")) != held)
    for number in session.scalars(wrong.order_by(item.id)):
        yield say("The money of %(number)s does not follow whether it is matched", number=number)
    crooked = sa.select(LineMatch.id).join(part, part.match_id == LineMatch.id).where(part.live != (LineMatch.state == "live"))
    for id_ in session.scalars(crooked.distinct().order_by(LineMatch.id)):
        yield say("Match %(match)s: its parts do not follow whether it counts", match=id_)


def _wrong_amounts(session: Session) -> Iterator[Text]:
    """Matches whose lines and items do not come to what they say."""
    line, item, part = StatementLine, MatchItem, MatchPart
    came = sa.func.coalesce(sa.func.sum(line.amount), 0)
    ours = sa.func.coalesce(sa.func.sum(item.amount), 0)
    about = sa.case((sa.func.count(line.id) > 0, came), else_=ours)
    sums = (
        sa.select(LineMatch.id)
        .outerjoin(part, part.match_id == LineMatch.id)
        .outerjoin(line, line.id == part.line_id)
        .outerjoin(item, item.id == part.item_id)
        .where(LineMatch.run_id.is_not(None))
        .group_by(LineMatch.id)
        .having(sa.or_(about != LineMatch.amount, came - ours != LineMatch.difference))
    )
    for id_ in session.scalars(sums.order_by(LineMatch.id)):
        yield say("Match %(match)s: its lines and our money do not come to what it says", match=id_)


def _wrong_runs(session: Session) -> Iterator[Text]:
    for run in session.scalars(sa.select(MatchRun).order_by(MatchRun.id)):
        wanted = {
            str(key): amount for key, amount in postings_of(sums_of(session, run.branch_id, LineMatch.run_id == run.id)).items()
        }
        count = session.scalar(sa.select(sa.func.count()).select_from(LineMatch).where(LineMatch.run_id == run.id))
        if count != run.count or _posted(session, Voucher.match_run_id == run.id) != wanted:
            yield say("Matching run %(run)s did not book what its matches come to", run=run.id)


def _wrong_undoings(session: Session) -> Iterator[Text]:
    rows = sa.select(LineMatch, MatchUndo.id).outerjoin(MatchUndo, MatchUndo.match_id == LineMatch.id)
    undone = rows.where(sa.or_(LineMatch.state == "undone", MatchUndo.id.is_not(None)))
    for found, undo_id in session.execute(undone.order_by(LineMatch.id)):
        sums = sums_of(session, found.branch_id, LineMatch.id == found.id)
        sums.told = dict(sums.fees)
        wanted = {str(key): amount for key, amount in turned(postings_of(sums)).items()}
        posted = _posted(session, Voucher.match_undo_id == undo_id) if undo_id else None
        if found.state != "undone" or posted != wanted:
            yield say("Match %(match)s was undone and not booked back as it was booked", match=found.id)


def _wrong_settlements(session: Session) -> Iterator[Text]:
    """Differences of matches of which more is settled than there was, or that are settled though the match was undone; and
    settlements without a voucher, or with one that took another amount from the differences."""
    row = DifferenceSettlement
    settled = sa.func.sum(row.amount)
    most = sa.case((sa.and_(*OWED), sa.func.abs(LineMatch.difference)), else_=0)
    sums = sa.select(LineMatch.id).join(row, row.match_id == LineMatch.id).group_by(LineMatch.id)
    for id_ in session.scalars(sums.having(sa.not_(settled.between(0, most))).order_by(LineMatch.id)):
        yield say("Match %(match)s: more of its difference is settled than there is", match=id_)
    moved, way = sa.func.coalesce(sa.func.sum(Posting.amount), 0), sa.case((LineMatch.difference < 0, -1), else_=1)
    differences = sa.select(Account.id).where(Account.kind == "difference")
    booked = (
        sa.select(row.id, row.match_id)
        .join(LineMatch, LineMatch.id == row.match_id)
        .outerjoin(Voucher, Voucher.difference_settlement_id == row.id)
        .outerjoin(Posting, sa.and_(Posting.voucher_id == Voucher.id, Posting.account_id.in_(differences)))
        .group_by(row.id, LineMatch.id)
        .having(moved != row.amount * way)
    )
    for id_, match_id in session.execute(booked.order_by(row.id)):
        yield say("Settlement %(id)s of match %(match)s is not what was posted for it", id=id_, match=match_id)


def _posted(session: Session, which: sa.ColumnElement[bool]) -> dict[str, Decimal]:
    query = sa.select(Account.key, sa.func.sum(Posting.amount)).join(Posting, Posting.account_id == Account.id)
    rows = session.execute(query.join(Voucher, Voucher.id == Posting.voucher_id).where(which).group_by(Account.key))
    return {key: amount for key, amount in rows if amount != ZERO}
