"""The pages of hand-ins, deposits, statements and matching, and of the days that are closed."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.fees.models import BankDeposit, HandIn, HandInBack, LedgerBooks, Receipt
from dispatch.finance.match_models import LineMatch
from dispatch.finance.models import ContractorSheet, MatchItem, Statement, StatementLine
from dispatch.orders.models import Order
from tests.browser.sight import Sight, first


def money_pages(session: Session) -> dict[str, Sight]:
    """A hand-in that waits, one that is confirmed, and whose account they are on."""
    rows = session.execute(sa.select(HandIn.status, sa.func.min(HandIn.id)).group_by(HandIn.status))
    shown = {f"a hand-in, {status}": Sight("finance.show_hand_in", f"/finance/hand-ins/{id_}", "qian") for status, id_ in rows}
    back = first(session, sa.select(HandInBack.hand_in_id))
    shown["a hand-in, taken back"] = Sight("finance.show_hand_in", f"/finance/hand-ins/{back}", "qian")
    open_difference = first(session, sa.select(HandIn.id).where(HandIn.difference < 0).order_by(HandIn.difference.desc()))
    shown["a difference, to be written off"] = Sight("finance.show_hand_in", f"/finance/hand-ins/{open_difference}", "chen")
    debtor = first(
        session, sa.select(Order.customer_id).join(Receipt, Receipt.order_id == Order.id).where(Receipt.channel == "account")
    )
    shown["what is on account"] = Sight("finance.account", f"/finance/accounts/{debtor}", "qian")
    for name, stands in (("a deposit", True), ("a deposit that was taken back", False)):
        made = sa.select(BankDeposit.id).where(BankDeposit.live == stands, BankDeposit.reverses_id.is_(None))
        shown[name] = Sight("finance.show_deposit", f"/finance/deposits/{first(session, made)}", "qian")
    holder = first(session, sa.select(HandIn.person_id).order_by(HandIn.id))
    closed, until = session.execute(
        sa.select(LedgerBooks.branch_id, LedgerBooks.closed_until).order_by("closed_until")
    ).first() or (1, None)
    shown["a closed day"] = Sight("finance.show_day", f"/finance/days/{closed}/{until}", "chen")
    shown["a day that is open"] = Sight("finance.show_day", f"/finance/days/{closed}/{until + timedelta(days=1)}", "qian")
    statements = sa.select(sa.func.coalesce(Statement.channel, Statement.state), Statement.id)
    for kind, id_ in session.execute(statements):
        shown[f"a statement, {kind}"] = Sight("finance.show_statement", f"/finance/statements/{id_}", "qian")
    for state, id_ in session.execute(
        sa.select(StatementLine.state, sa.func.min(StatementLine.id)).group_by(StatementLine.state)
    ):
        shown[f"a line of a statement, {state}"] = Sight("finance.show_line", f"/finance/statement-lines/{id_}", "qian")
    owed = first(session, sa.select(LineMatch.id).where(LineMatch.why == "owed", LineMatch.run_id.is_not(None)))
    shown["a difference that matching left"] = Sight("finance.show_owed", f"/finance/owed/{owed}", "chen")
    for state, id_ in session.execute(sa.select(MatchItem.state, sa.func.min(MatchItem.id)).group_by(MatchItem.state)):
        shown[f"money to be matched, {state}"] = Sight("finance.show_item", f"/finance/match-items/{id_}", "qian")
    sheets = sa.select(Request.state, ContractorSheet.request_id).join(Request, Request.id == ContractorSheet.request_id)
    for state, id_ in session.execute(sheets):
        shown[f"a contractor's sheet, {state}"] = Sight("finance.show_sheet", f"/finance/contractor-sheets/{id_}", "qian")
    shown["contractors' sheets"] = Sight("finance.sheet_list", "/finance/contractor-sheets", "qian")
    return shown | {"a cash account": Sight("finance.person", f"/finance/people/{holder}", "qian")}
