"""A month (月结): export for accounting, technicians' settlement sheets, customers' statements of account; codes of accounts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from dispatch.clock import local_day, now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.errors import NotFound, Refusal
from dispatch.fees.ledger_queries import Span, turnover, whole_statement
from dispatch.fees.ledger_rules import VOUCHER_WORDS
from dispatch.finance.code_rules import USUAL, Code, code_of
from dispatch.finance.coding import change_code, codes_on
from dispatch.finance.day_queries import books_of
from dispatch.finance.forms import read_code
from dispatch.finance.month_papers import SETTLEMENT, STATEMENT, amounts, paper, settlement_facts, statement_facts
from dispatch.finance.month_queries import JournalLine, Worked, branches_of, journal, owing, owing_lines, worked
from dispatch.finance.month_rules import Month, csv_file, is_final, month_of, read_month
from dispatch.finance.pages.blueprint import Answer, pages, seen_branch
from dispatch.staff.models import Branch, Person
from dispatch.tabular.writing import Table
from dispatch.typed import number_in
from dispatch.web.access import current, may
from dispatch.web.downloads import spreadsheet
from dispatch.web.forms import Form
from dispatch.web.locale import tr

JOURNAL_AMOUNTS = (5, 6)


# --- the month


@pages.get("/finance/months")
@may("money.see")
def month() -> str:
    """One month: whether it is final, its export, its people and its customers on account."""
    with transaction() as db:
        of = _branch(db)
        today = local_day(now(), of.zone)
        wanted = read_month(request.args.get("month", "")) or month_of(today)
        books = books_of(db)
        people, customers = worked(db, of, wanted), owing(db, wanted, branch_id=of.id)
    return render_template(
        "finance/month.html",
        of=of,
        branches=list(books.values()) if current().may("branches.all") else [],
        wanted=wanted,
        final=is_final(wanted, [books[of.id].closed_until]),
        until=books[of.id].closed_until,
        latest=wanted.after.first > today,
        people=people,
        customers=customers,
    )


def _branch(db: Session) -> Branch:
    """The branch that the address names, if the reader sees it; else his own."""
    asked = db.get(Branch, seen_branch(number_in(request.args.get("branch"))) or 0)
    return asked or db.get_one(Branch, current().branch_id)


def _month(text: str) -> Month:
    found = read_month(text)
    if found is None:
        raise NotFound
    return found


# --- for accounting


@pages.get("/finance/months/<text>/journal.<kind>")
@may("money.see")
def journal_export(text: str, kind: str) -> Response:
    """Every posting of the month with the codes of accounting, as xlsx or csv; debit and credit are summed up at the end."""
    wanted = _month(text)
    if kind not in ("xlsx", "csv"):
        raise NotFound
    with transaction() as db:
        of = _branch(db)
        final = is_final(wanted, [books_of(db, of.id)[of.id].closed_until])
        rows = list(_journal_rows(journal(db, of.id, wanted), codes_on(db, wanted.last)))
    rows.append(_sums(rows))
    state = "final" if final else "preliminary"
    name = f"journal-{of.code}-{wanted}-{state}.{kind}"
    if kind == "csv":
        return _file(csv_file(_heads(), rows, JOURNAL_AMOUNTS), "text/csv; charset=utf-8", name)
    table = Table(f"{wanted} {state}", _heads(), rows, JOURNAL_AMOUNTS, summed=False)
    return spreadsheet(name, table)


def _heads() -> list[str]:
    named = [_("Voucher"), _("Date"), _("Account code"), _("Account (Chinese)"), _("Account (English)"), _("Debit"), _("Credit")]
    return [*named, _("Summary"), _("Person"), _("Customer"), _("Order")]


def _journal_rows(lines: Iterator[JournalLine], codes: dict[tuple[str, str], Code]) -> Iterator[list[Any]]:
    for line in lines:
        code, zero = code_of(codes, line.account, line.channel), Decimal("0.00")
        ways = (line.amount, zero) if line.amount > 0 else (zero, -line.amount)
        summary = f"{tr(VOUCHER_WORDS[line.kind])} {line.paper}".strip()
        named = [line.voucher, line.day, code.code, code.zh, code.en]
        yield [*named, *ways, summary, line.person, line.customer, line.order]


def _sums(rows: list[list[Any]]) -> list[Any]:
    totals = (sum((row[column] for row in rows), Decimal("0.00")) for column in JOURNAL_AMOUNTS)
    return [_("Sum"), "", "", "", "", *totals, "", "", "", ""]


def _file(content: bytes, kind: str, name: str) -> Response:
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=not name.endswith(".pdf"), download_name=name)


# --- papers


@pages.get("/finance/months/<text>/people/<int:person_id>.<kind>")
@may("money.see")
def settlement(text: str, person_id: int, kind: str) -> Response:
    """A technician's settlement sheet, as pdf or xlsx."""
    wanted = _month(text)
    with transaction() as db:
        of = _branch(db)
        span = Span(wanted.first, wanted.last)
        found = worked(db, of, wanted, person_id)
        who = found[0] if found else _somebody(db, of, person_id)
        final = is_final(wanted, [books_of(db, of.id)[of.id].closed_until])
        moved = whole_statement(db, person_id, span)
        facts = settlement_facts(who, turnover(db, person_id, span), moved, of, wanted, final=final)
    if kind == "pdf":
        made = paper(facts, "finance/settlement.html", SETTLEMENT, who.name, of, at=now())
        return _file(made, "application/pdf", f"settlement-{wanted}-{person_id}.pdf")
    if kind != "xlsx":
        raise NotFound
    return spreadsheet(f"settlement-{wanted}-{person_id}.xlsx", *_settlement_tables(facts))


def _somebody(db: Session, of: Branch, person_id: int) -> Worked:
    """Somebody of the branch who did nothing in the month. Raises NotFound."""
    person = db.get(Person, person_id)
    if person is None or person.branch_id != of.id:
        raise NotFound
    return Worked(person.id, person.name)


def _settlement_tables(facts: dict[str, Any]) -> Iterator[Table]:
    names = {
        "cash": _("Collected in cash"),
        "channels": _("Collected through channels"),
        "on_account": _("On account"),
        "handed": _("Handed in, counted"),
        "differences": _("Differences of counts"),
        "goodwill": _("Given as goodwill, at list price"),
    }
    sums = [[names[name], amount] for name, amount in facts["sums"].items()]
    sums += [[_("Opening balance"), facts["turnover"]["opening"]], [_("Closing balance"), facts["turnover"]["closing"]]]
    yield Table(f"{facts['person']} {facts['month']}", [_("What"), _("Amount")], sums, 1, summed=False)
    heads = [_("Day"), _("Voucher"), _("What"), _("Paper"), _("Amount"), _("Balance")]
    rows = amounts(facts["rows"], ("day", "voucher", "kind", "paper", "amount", "balance"), _kinds())
    yield Table(_("Cash account"), heads, list(rows), (4, 5), summed=False)


@pages.get("/finance/months/<text>/customers/<int:customer_id>.<kind>")
@may("money.see")
def customer_statement(text: str, customer_id: int, kind: str) -> Response:
    """A customer's statement of account, as pdf or xlsx."""
    wanted = _month(text)
    with transaction() as db:
        customer = db.get(Customer, customer_id)
        found = owing(db, wanted, customer_id=customer_id)
        if customer is None or not found or not current().sees_branch(customer.branch_id):
            raise NotFound
        of, books = db.get_one(Branch, customer.branch_id), books_of(db)
        final = is_final(wanted, [books[id_].closed_until for id_ in branches_of(db, customer_id, wanted)])
        facts = statement_facts(found[0], owing_lines(db, customer_id, wanted), of, wanted, final=final)
    if kind == "pdf":
        made = paper(facts, "finance/customer_statement.html", STATEMENT, customer.name, of, at=now())
        return _file(made, "application/pdf", f"statement-{wanted}-{customer_id}.pdf")
    if kind != "xlsx":
        raise NotFound
    return spreadsheet(f"statement-{wanted}-{customer_id}.xlsx", *_statement_tables(facts))


def _statement_tables(facts: dict[str, Any]) -> Iterator[Table]:
    names = {
        "opening": _("Opening balance"),
        "charged": _("Charged on account"),
        "paid": _("Paid"),
        "closing": _("Closing balance"),
    }
    sums = [[names[name], amount] for name, amount in facts["sums"].items()]
    yield Table(f"{facts['customer']} {facts['month']}", [_("What"), _("Amount")], sums, 1, summed=False)
    heads = [_("Day"), _("Voucher"), _("What"), _("Order"), _("Receipt"), _("Amount")]
    rows = amounts(facts["rows"], ("day", "voucher", "kind", "order", "receipt", "amount"), _kinds())
    yield Table(_("Movements"), heads, list(rows), 5)
    orders = [[row["order"], row["amount"]] for row in facts["orders"]]
    yield Table(_("By order"), [_("Order"), _("Amount")], orders, 1)


def _kinds() -> dict[str, str]:
    return {kind: tr(word) for kind, word in VOUCHER_WORDS.items()}


# --- codes of accounts


@pages.get("/finance/account-codes")
@may("money.see")
def account_codes() -> str:
    """What accounting calls each account."""
    return _codes(None)


@pages.post("/finance/account-codes")
@may("money.confirm")
def set_account_code() -> Answer:
    """Give an account another code or name from a day on."""
    form = Form.sent()
    try:
        typed = read_code({name: form.text(name) for name in form.values})
        with transaction() as db:
            change_code(db, typed.kind, typed.channel, typed.said, valid_from=typed.valid_from, by=current(), at=now())
    except Refusal as refusal:
        return _codes(form.refused(refusal), refusal), refusal.status
    flash(_("Saved."), "success")
    return redirect(url_for("finance.account_codes"))


def _codes(form: Form | None, refusal: Refusal | None = None) -> str:
    today = local_day(now(), current().zone)
    with transaction() as db:
        codes = codes_on(db, today)
    accounts = [(f"{kind}:{channel}", code_of(codes, kind, channel)) for kind, channel in USUAL]
    return render_template(
        "finance/account_codes.html",
        form=form or Form.of({"valid_from": today.replace(day=1)}),
        refusal=refusal,
        accounts=accounts,
        options=[(key, f"{code.code} {code.zh}") for key, code in accounts],
        labels={"account": _("Account"), "code": _("Account code"), "valid_from": _("From the day")},
    )
