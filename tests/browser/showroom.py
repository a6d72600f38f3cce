"""Every page of the product, with addresses out of the demonstration company at two in the afternoon."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from dispatch.clock import local_day, now
from dispatch.customers.models import Customer
from dispatch.db import transaction
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.models import (
    CustodyPosition,
    Fitting,
    HandOver,
    Holder,
    Part,
    SimTopUp,
    StockCount,
    Terminal,
    Tool,
    Transfer,
    Unit,
)
from dispatch.devices.pages.bench import TABS
from dispatch.fees.models import BankDeposit, HandIn, HandInBack, LedgerBooks, Price, Receipt
from dispatch.field.models import FieldFact
from dispatch.finance.models import MatchItem, Statement, StatementLine
from dispatch.intake.models import Outage, Upload
from dispatch.orders.contact_models import OrderCall, OwnedContact
from dispatch.orders.models import Approval, ClockNotice, Order, OrderLine, Recall, Visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.outside.models import OutsideOffer
from dispatch.staff.models import Person
from tests.browser.asked_sights import asked_pages
from tests.browser.invoice_sights import invoice_pages
from tests.browser.outside_sights import outside_pages
from tests.browser.phone_sights import phone_pages
from tests.browser.quote_sights import quote_pages
from tests.browser.staging import (
    act_on_several,
    issue_a_sheet,
    make_a_customers_link,
    make_a_draft,
    make_a_link,
    make_it_large,
    send_files,
    send_large_files,
    send_statements,
    send_what_fits_nothing,
    signed_in,
)

NO_PAGES = {
    "static",
    "fees.quotation_paper",
    "finance.slip",
    "finance.slip_photo",
    "finance.rate_export",
    "finance.contractor_sheet",
    "finance.contractor_export",
    "finance.day_export",
    "invoices.export",
    "invoices.export_orders",
    "invoices.fetch",
    "finance.person_export",
    "finance.journal_export",
    "finance.settlement",
    "finance.customer_statement",
    "devices.bench_label",
    "devices.reorder_export",
    "orders.export",
    "web.livez",
    "web.readyz",
    "web.certificate",
    "web.home",
    "web.waiting",
    "web.setup",
    "intake.find",
    "intake.known",
    "intake.warranty",
    "intake.place",
    "intake.request_template",
    "imports.template",
    "board.assign_check",
    "board.visit_check",
    "board.progress",
    "intake.progress",
    "finance.statement_progress",
    "board.map_data",
    "orders.news",
    "field.photo",
    "field.told",
    "field.code_state",
    "devices_api.fitted_at",
    "sheets.download",
}


"""Redirections, pieces of pages, data; the setup page is not there once a company is."""


@dataclass(frozen=True)
class Sight:
    """A page to be looked at: its endpoint, its address, and who opens it ("" before signing in)."""

    endpoint: str
    path: str
    who: str = "wang"

    @property
    def status(self) -> int:
        """What it should be answered with: a page without an endpoint is an error page."""
        return 200 if self.endpoint else 404


def sights(app: Flask, zone: str) -> dict[str, Sight]:
    """Every page worth a look, by a name that reads well in a report."""
    client = signed_in(app, "wang")
    send_files(client)
    send_large_files(client)
    send_statements(signed_in(app, "qian"))
    draft = make_a_draft(client)
    send_what_fits_nothing(signed_in(app, "su"))
    large = _large(*make_it_large())
    boxes, told = act_on_several(signed_in(app, "lin"))
    issued, asked = issue_a_sheet()
    with transaction() as session:
        found = _people_and_things(session) | _orders(session) | _on_site(session) | _board(session, zone) | _uploads(session)
        found |= _money(session) | _bench(session) | _contacts(session)
        found |= {name: Sight(*page) for name, page in _of_others(session).items()}
        phone = {name: Sight(*page, "su") for name, page in phone_pages(session).items()}
    codes = {"behind a sheet's code": issued, "behind the code of a sheet that is being made": asked}
    shown = {name: Sight("sheets.shown", f"/s/{token}?v=1", "") for name, token in codes.items()}
    found |= _several(boxes) | {"orders, what was done to several": Sight("orders.index", told, "lin")}
    return _plain() | found | phone | shown | large | {"words of a draft": Sight("orders.words", f"/orders/{draft}/words")}


def _plain() -> dict[str, Sight]:
    shown = {
        "signing in": Sight("web.signin", "/signin", ""),
        "an address that leads nowhere": Sight("", "/nowhere", ""),
        "nothing of the reader's": Sight("", "/orders/none"),
        "my account": Sight("web.account", "/account"),
        "first steps": Sight("web.first_steps", "/first-steps"),
        "search": Sight("web.search", "/search?q=138"),
        "search without a hit": Sight("web.search", "/search?q=zzzzzz"),
        "people": Sight("staff.index", "/people"),
        "a new person": Sight("staff.new", "/people/new"),
        "customers": Sight("customers.index", "/customers"),
        "customers, none found": Sight("customers.index", "/customers?q=zzzzzz"),
        "a new customer": Sight("customers.new", "/customers/new"),
        "stock": Sight("devices.index", "/stock"),
        "stock, none found": Sight("devices.index", "/stock?q=zzzzzz"),
        "issuing": Sight("devices.issue", "/stock/issue"),
        "the bench, none found": Sight("devices.bench", "/bench?q=zzzzzz"),
        "what waits for a yes": Sight("devices.papers", "/stock/papers"),
        "what did not all come": Sight("devices.papers", "/stock/papers?show=left"),
        "transfers": Sight("devices.transfers", "/stock/transfers"),
        "transfers, all arrived": Sight("devices.transfers", "/stock/transfers?kind=missing"),
        "contractors": Sight("devices.contractors", "/stock/contractors", "lin"),
        "sending to a branch": Sight("devices.new_transfer", "/stock/transfers/new"),
        "parts": Sight("devices.parts", "/stock/parts"),
        "a new part": Sight("devices.new_part", "/stock/parts/new"),
        "purchases": Sight("devices.purchases", "/stock/purchases"),
        "a purchase to be asked for": Sight("devices.new_purchase", "/stock/purchases/new?ware=terminal:TK-310&count=12", "lin"),
        "what to order": Sight("devices.reorder", "/stock/reorder"),
        "which SIMs are bound": Sight("devices.binding_rules", "/stock/sims/binding"),
        "terminal models": Sight("devices.models", "/stock/models"),
        "points of the test-run": Sight("field.points", "/test-points"),
        "silent terminals": Sight("intake.silent", "/silent"),
        "stock counts": Sight("devices.counts", "/stock/counts"),
        "tools": Sight("devices.tools", "/stock/tools"),
        "orders": Sight("orders.index", "/orders"),
        "orders, none found": Sight("orders.index", "/orders?q=zzzzzz"),
        "orders of the company": Sight("orders.index", "/orders", "chen"),
        "approvals": Sight("orders.approvals", "/approvals"),
        "open contacts": Sight("orders.contacts", "/contacts", "lin"),
        "everybody's open contacts": Sight("orders.contacts", "/contacts?show=branch&sort=quiet"),
        "contacts offered, none": Sight("orders.contacts", "/contacts?show=offered", "lin"),
        "approvals, a refusal to be settled": Sight("orders.approvals", "/approvals", "chen"),
        "approvals by word, by person": Sight("orders.approvals_by_word", "/approvals/by-word"),
        "deputies": Sight("orders.approvals_deputies", "/approvals/deputies"),
        "who approves what": Sight("orders.approvals_rules", "/approvals/rules", "chen"),
        "orders past their limits": Sight("orders.index", "/orders?overdue=1&sort=due"),
        "orders that are not planned": Sight("orders.index", "/orders?unplanned=1", "lin"),
        "orders that lack a paper": Sight("orders.index", "/orders?papers=1", "lin"),
        "orders that wait": Sight("orders.index", "/orders?status=waiting"),
        "limits": Sight("orders.clock_limits", "/orders/limits"),
        "limits of the company": Sight("orders.clock_limits", "/orders/limits", "chen"),
        "orders to be backfilled": Sight("orders.index", "/orders?backfill=1"),
        "closing": Sight("orders.closing", "/closing"),
        "closing, what technicians owe": Sight("orders.closing", "/closing?owes=technician", "qian"),
        "figures of the day": Sight("reports.figures", "/figures"),
        "figures of a day long gone": Sight("reports.figures", "/figures?day=2025-02-03"),
        "figures of all branches": Sight("reports.figures", "/figures?branch=all", "chen"),
        "prices": Sight("fees.index", "/prices"),
        "warranty terms": Sight("devices.warranty_terms_page", "/stock/warranty"),
        "loaners": Sight("devices.loans", "/stock/loans"),
        "a new price": Sight("fees.new", "/prices/new"),
        "a call": Sight("intake.call", "/calls/new"),
        "a list of calls": Sight("intake.calls_upload", "/calls/import"),
        "a request": Sight("intake.request_upload", "/requests/new"),
        "messages from the field": Sight("field.disputes", "/field-messages"),
        "money": Sight("finance.index", "/finance", "qian"),
        "money of all branches": Sight("finance.index", "/finance?branches=all", "chen"),
        "hand-ins": Sight("finance.hand_in_list", "/finance/hand-ins", "qian"),
        "deposits": Sight("finance.deposit_list", "/finance/deposits", "qian"),
        "a deposit to be booked": Sight("finance.new_deposit", "/finance/deposits/new", "qian"),
        "withdrawn hand-ins, none": Sight("finance.hand_in_list", "/finance/hand-ins?status=withdrawn", "qian"),
        "rewards and deductions": Sight("finance.merit_list", "/finance/merits", "qian"),
        "rewards and deductions, of a branch": Sight("finance.merit_list", "/finance/merits"),
        "rates by person": Sight("finance.rate_list", "/finance/rates", "qian"),
        "rates by person, none": Sight("finance.rate_list", "/finance/rates?from=2020-01-01&to=2020-01-02", "qian"),
        "cash limits": Sight("finance.limits", "/finance/limits", "qian"),
        "cash limits, of a branch": Sight("finance.limits", "/finance/limits"),
        "the day's receipts": Sight("finance.day_list", "/finance/day", "qian"),
        "a day without receipts": Sight("finance.day_list", "/finance/day?day=2020-01-01", "qian"),
        "days to be closed": Sight("finance.days", "/finance/days", "qian"),
        "the month": Sight("finance.month", "/finance/months", "qian"),
        "codes of accounts": Sight("finance.account_codes", "/finance/account-codes", "qian"),
        "ageing": Sight("finance.ageing", "/finance/ageing?branches=all", "qian"),
        "payment codes": Sight("finance.code_list", "/finance/codes?show=all", "qian"),
        "payment codes, none odd": Sight("finance.code_list", "/finance/codes?show=odd", "chen"),
        "statements": Sight("finance.statement_list", "/finance/statements", "qian"),
        "what matching proposes": Sight("finance.matching", "/finance/matching", "qian"),
        "what matching proposes, to a director": Sight("finance.matching", "/finance/matching?branches=all", "chen"),
        "the work list of matching": Sight("finance.match_work_list", "/finance/matching/work-list", "qian"),
        "money missing on statements": Sight("finance.match_work_list", "/finance/matching/work-list?finding=missing", "qian"),
        "late money, none": Sight("finance.match_work_list", "/finance/matching/work-list?finding=late&branches=all", "chen"),
        "what was explained": Sight("finance.match_explained", "/finance/matching/explained", "qian"),
        "my money": Sight("finance.my_money", "/my-money", "su"),
        "the roster": Sight("staff.roster", "/roster"),
        "leave to be decided": Sight("staff.roster_leave", "/roster/leave"),
        "the calendar": Sight("staff.roster_calendar", "/calendar"),
        "my month": Sight("staff.my_month", "/my-month?ask=1", "su"),
        "branches": Sight("staff.branch_list", "/branches", "admin"),
        "a branch": Sight("staff.one_branch", "/branches/1", "admin"),
        "my bag": Sight("devices.my_bag", "/my-bag", "su"),
        "my bag, with an offer of mine": Sight("devices.my_bag", "/my-bag", "wei"),
        "my day": Sight("field.today", "/my-day", "su"),
        "my day, and what comes after it": Sight("field.today", "/my-day", "yu"),
    }
    lists = ("terminals", "sims", "technicians", "prices")
    return shown | {f"importing {name}": Sight("imports.upload", f"/import/{name}") for name in lists}


def _large(number: str, visit_id: int, whose: str) -> dict[str, Sight]:
    """An order with more vehicles than fit on a page, in its parts."""
    order, vehicles = f"/orders/{number}", f"/my-day/visits/{visit_id}/vehicles"
    return {
        "a large order": Sight("orders.show", order),
        "a large order, its last vehicles by plate": Sight("orders.show", f"{order}?sort=-vehicle&page=2", "lin"),
        "a large order, none found": Sight("orders.show", f"{order}?q=zzzzzz", "lin"),
        "a large order, work on site": Sight("field.on_site", f"{order}/on-site?page=2"),
        "a large order, its sheets": Sight("sheets.of_order", f"{order}/sheets"),
        "vehicles of a large order on the phone": Sight("field.vehicles", vehicles, whose),
        "vehicles of a large order on the phone, none found": Sight("field.vehicles", f"{vehicles}?q=zzzzzz", whose),
    }


def _several(boxes: list[str]) -> dict[str, Sight]:
    """What is asked before an act on several orders."""
    chosen = urlencode([("ids", box) for box in boxes] + [("key", str(uuid.uuid4())), ("back", "sort=oldest")])
    asked = {kind: f"/orders/many/{kind}?{chosen}" for kind in ("approve", "wait", "offer", "take_off")}
    who = {"approve": "wang"}
    return {f"several orders, {kind}": Sight("orders.bulk_ask", path, who.get(kind, "lin")) for kind, path in asked.items()}


def _first(session: Session, query: sa.Select[tuple[int]] | sa.Select[tuple[str]] | sa.Select[tuple[uuid.UUID]]) -> object:
    found = session.scalars(query.limit(1)).first()
    assert found is not None, query
    return found


def _contacts(session: Session) -> dict[str, Sight]:
    """One contact of each state."""
    one = sa.select(OwnedContact.id).outerjoin(Order, Order.id == OwnedContact.order_id).order_by(OwnedContact.id)
    open_ = one.where(OwnedContact.confirmed_at.is_(None))
    called = sa.select(OrderCall.order_id)
    states = {
        "a contact that is under way, called about again": (open_.where(OwnedContact.order_id.in_(called)), "lin"),
        "a contact to be confirmed": (open_.where(Order.status == "done", OwnedContact.offered_to_id.is_(None)), "lin"),
        "a contact to be taken over": (open_.where(OwnedContact.offered_to_id.is_not(None)), "wang"),
        "remote help that did not help": (open_.where(OwnedContact.unsolved_at.is_not(None)), "lin"),
        "remote help, confirmed": (one.where(OwnedContact.order_id.is_(None), OwnedContact.confirmed_at.is_not(None)), "lin"),
    }
    seen = {name: Sight("orders.contact", f"/contacts/{_first(session, query)}", who) for name, (query, who) in states.items()}
    vehicle = _first(session, sa.select(OrderLine.vehicle_id).where(OrderLine.order_id.in_(called)))
    link = {"a customer's link": Sight("orders.confirm_by_link", f"/confirm/{make_a_customers_link()}", "")}
    return seen | link | {"a call about a vehicle with an order": Sight("intake.call", f"/calls/new?vehicle_id={vehicle}", "lin")}


def _bench(session: Session) -> dict[str, Sight]:
    """The bench's lists, and one return in every status that the company has."""
    tabs = {f"the bench, {tab}": Sight("devices.bench", f"/bench?tab={tab}") for tab in TABS}
    rows = session.execute(sa.select(UnitReturn.status, sa.func.min(UnitReturn.id)).group_by(UnitReturn.status))
    cases = {f"a return, {status}": Sight("devices.bench_case", f"/bench/{id_}", "he") for status, id_ in rows}
    proposed = _first(session, sa.select(UnitReturn.id).where(UnitReturn.status == "scrap_proposed"))
    repaired = _first(session, sa.select(UnitReturn.unit_id).where(UnitReturn.status == "repaired"))
    return {
        **tabs,
        **cases,
        "a return to be scrapped": Sight("devices.bench_case", f"/bench/{proposed}"),
        "a terminal that was returned": Sight("devices.unit", f"/units/{repaired}"),
    }


_store = HandOver.to_holder.has(Holder.kind == "store")
_issued = HandOver.from_holder.has(Holder.kind == "store")
_asked = (
    sa.select(Holder.person_id).join(HandOver, HandOver.to_holder_id == Holder.id).where(HandOver.status == "offered", _issued)
)


def _papers(status: str) -> sa.Select[int]:
    return sa.select(HandOver.id).where(HandOver.status == status).order_by(HandOver.id)


def _people_and_things(session: Session) -> dict[str, Sight]:
    technician = _first(session, sa.select(Person.id).where(Person.username == "su"))
    customer = _first(session, sa.select(Customer.id).order_by(Customer.id))
    vehicle = _first(session, sa.select(Holder.vehicle_id).join(CustodyPosition).where(Holder.kind == "slot"))
    bag = _first(session, sa.select(Holder.id).where(Holder.person_id == technician))
    store = _first(session, sa.select(Holder.id).where(Holder.kind == "store"))
    outside = _first(session, sa.select(Holder.id).where(Holder.kind == "contractor").order_by(Holder.id))
    settled = _first(session, sa.select(OutsideOffer.contractor_id).where(OutsideOffer.work_at.is_not(None)))
    fitted = sa.select(Unit.id).join(CustodyPosition).join(Holder).where(Holder.kind == "slot")
    topped_up = _first(session, sa.select(SimTopUp.unit_id))
    serial = sa.select(Terminal.serial).where(Terminal.unit_id.in_(fitted))
    carried = sa.select(Unit.id).join(CustodyPosition).where(CustodyPosition.holder_id == bag)
    return {
        "a technician": Sight("staff.show", f"/people/{technician}"),
        "changing a person": Sight("staff.edit", f"/people/{technician}/edit"),
        "a customer": Sight("customers.show", f"/customers/{customer}"),
        "changing a customer": Sight("customers.edit", f"/customers/{customer}/edit"),
        "a vehicle": Sight("customers.vehicle", f"/vehicles/{vehicle}"),
        "the life of a vehicle, on paper": Sight("lives.vehicle_paper", f"/vehicles/{vehicle}/paper"),
        "the life of a SIM, on paper": Sight("lives.unit_paper", f"/units/{topped_up}/paper"),
        "an outage": Sight("intake.outage", f"/silent/outages/{_first(session, sa.select(Outage.id))}"),
        "changing a vehicle": Sight("customers.edit_vehicle", f"/vehicles/{vehicle}/edit"),
        "a store": Sight("devices.holder", f"/stock/{store}"),
        "a contractor": Sight("devices.contractor", f"/stock/contractors/{outside}", "lin"),
        "a contractor's settlement": Sight("finance.contractor_settlement", f"/finance/contractors/{settled}", "qian"),
        "a contractor's settlement, none": Sight(
            "finance.contractor_settlement", f"/finance/contractors/{settled}?from=2020-01-01&to=2020-01-02"
        ),
        "giving to a contractor": Sight("devices.contractor_give", f"/stock/contractors/{outside}/give", "lin"),
        "a part": Sight("devices.part", f"/stock/parts/{_first(session, sa.select(Part.id))}"),
        "parts of a store": Sight("devices.holder_parts", f"/stock/{store}/parts?do=issue"),
        "reorder points": Sight("devices.reorder_points", f"/stock/{store}/reorder-points"),
        "a bag": Sight("devices.holder", f"/stock/{bag}"),
        "one's own bag": Sight("devices.holder", f"/stock/{bag}", "su"),
        "a terminal": Sight("devices.unit", f"/units/{_first(session, fitted.where(Unit.kind == 'terminal'))}"),
        "whose a terminal is": Sight("devices.owner", f"/units/{_first(session, fitted.where(Unit.kind == 'terminal'))}/owner"),
        "a SIM": Sight("devices.unit", f"/units/{_first(session, fitted.where(Unit.kind == 'sim'))}"),
        "a tool": Sight("devices.unit", f"/units/{_first(session, sa.select(Tool.unit_id).order_by(Tool.serial))}"),
        "SIMs to see to": Sight("devices.sims", "/stock/sims"),
        "SIMs about to run out": Sight("devices.sims", "/stock/sims?concern=expiring"),
        "what was where": Sight("devices.past", "/stock/past"),
        "what was where, told": Sight("devices.past", f"/stock/past?number={_first(session, serial)}"),
        "a terminal in a bag": Sight("devices.unit", f"/units/{_first(session, carried)}", "su"),
        "a transfer to be received": Sight("devices.transfer", f"/stock/transfers/{_first(session, sa.select(Transfer.number))}"),
        "a count to be approved": Sight("devices.count", f"/stock/counts/{_first(session, sa.select(StockCount.number))}"),
        "a return to be accepted": Sight("devices.paper", f"/stock/papers/{_first(session, _papers('offered').where(_store))}"),
        "a paper that was signed": Sight("devices.paper", f"/stock/papers/{_first(session, _papers('accepted'))}"),
        "at the counter": Sight("devices.counter", f"/stock/counter/{_first(session, _asked)}"),
        "a price": Sight("fees.show", f"/prices/{_first(session, sa.select(Price.code))}"),
        "a SIM at its carrier": Sight("devices.sim_card", f"/units/{topped_up}/sim"),
        "contracts of a customer": Sight("devices.contracts", f"/customers/{customer}/contracts"),
        "a call about a known vehicle": Sight("intake.call", f"/calls/new?vehicle_id={vehicle}"),
    }


def _orders(session: Session) -> dict[str, Sight]:
    """One order in every state that the day has, a repair and an installation where there are both."""
    rows = session.execute(sa.select(Order.status, Order.kind, sa.func.min(Order.number)).group_by(Order.status, Order.kind))
    shown = {f"an order, {status}, {kind}": Sight("orders.show", f"/orders/{number}") for status, kind, number in rows}
    mine = sa.select(Order.number).join(Visit).join(Person, Visit.technician_id == Person.id)
    number = _first(session, mine.where(Person.username == "su", Visit.status == "dispatched"))
    waiting = sa.select(Order.number).where(Order.status == "awaiting_approval").order_by(Order.number)
    open_id = _first(session, sa.select(Approval.id).join(Order).where(Approval.decision.is_(None), Order.branch_id == 1))
    left = sa.select(Order.number).join(Order.lines).where(OrderLine.status == "residual")
    refused = sa.select(Order.number).join(Order.verbal_approvals).where(VerbalApproval.decision == "refused")
    to_wait = sa.select(Order.number).where(Order.status.in_(("planned", "approved")), Order.branch_id == 1)
    recall = sa.select(Order.number).join(Recall, Recall.order_id == Order.id).where(Order.branch_id == 1)
    caused = sa.select(Recall.line_id).where(Recall.state == "confirmed")
    vehicle = _first(session, sa.select(OrderLine.vehicle_id).where(OrderLine.id.in_(caused)))
    late = sa.select(ClockNotice.order_id).where(ClockNotice.level == "supervisor")
    return shown | {
        "an order to be put off": Sight("orders.wait", f"/orders/{_first(session, to_wait)}/wait", "lin"),
        "an order that may be a recall": Sight("orders.show", f"/orders/{_first(session, recall)}", "lin"),
        "an order past its limit": Sight("orders.show", f"/orders/{_first(session, _numbers(late))}"),
        "a vehicle with a recall": Sight("customers.vehicle", f"/vehicles/{vehicle}"),
        "an order on the phone": Sight("orders.show", f"/orders/{number}", "su"),
        "an order approved by word and refused afterwards": Sight("orders.show", f"/orders/{_first(session, refused)}", "chen"),
        "the whole history of an order": Sight("orders.whole_history", f"/orders/{number}/history"),
        "vehicles that did not come": Sight("orders.left_over", f"/orders/{_first(session, left)}/left-over"),
        **{name: Sight(*page) for name, page in asked_pages(session).items()},
        "making a link to decide": Sight("orders.approvals_link", f"/approvals/{open_id}/link"),
        "a link to decide": Sight("orders.approve_by_link", f"/a/{make_a_link()}", ""),
        "approving by word": Sight("orders.by_word", f"/orders/{_first(session, waiting)}/by-word", "lin"),
        "an allowance by word": Sight("orders.by_word", f"/orders/{_first(session, refused)}/by-word", "lin"),
    }


def _numbers(ids: sa.Select[int]) -> sa.Select[str]:
    return sa.select(Order.number).where(Order.id.in_(ids)).order_by(Order.id)


def _on_site(session: Session) -> dict[str, Sight]:
    """An order with work, money and signatures on it, and what can be put right there."""
    swaps = sa.select(Order.number, Fitting.id, Order.id).join(Fitting, Fitting.order_id == Order.id)
    swaps = swaps.join(Receipt, Receipt.order_id == Order.id).where(Fitting.kind == "swap", Order.status == "done")
    number, fitting_id, order_id = session.execute(swaps.order_by(Fitting.id)).first() or ("", 0, 0)
    line_id = _first(session, sa.select(OrderLine.id).where(OrderLine.order_id == order_id))
    receipt_id = _first(session, sa.select(Receipt.id).where(Receipt.order_id == order_id))
    correct = f"/orders/{number}/corrections"
    late = _first(session, sa.select(FieldFact.id).where(FieldFact.state == "disputed", FieldFact.kind == "line.swap"))
    return {
        "a swap that came late": Sight("field.late", f"/field-messages/{late}"),
        "an order with work on it": Sight("orders.show", f"/orders/{number}"),
        "goodwill for a vehicle": Sight("field.goodwill", f"/orders/{number}/vehicles/1/goodwill"),
        "work on site": Sight("field.on_site", f"/orders/{number}/on-site"),
        "money and papers": Sight("field.papers", f"/orders/{number}/papers"),
        "another unit": Sight("field.correction", f"{correct}/replace/{fitting_id}"),
        "let a point pass": Sight("field.correction", f"{correct}/overrule/{line_id}?item=fix"),
        "money back": Sight("field.correction", f"{correct}/refund/{receipt_id}"),
        "an invoice number": Sight("field.correction", f"{correct}/invoice/{receipt_id}"),
    }


def _of_others(session: Session) -> dict[str, tuple[str, str, str]]:
    """Sights that have a file of their own."""
    return outside_pages(session) | invoice_pages(session) | quote_pages(session)


def _money(session: Session) -> dict[str, Sight]:
    """A hand-in that waits, one that is confirmed, and whose account they are on."""
    rows = session.execute(sa.select(HandIn.status, sa.func.min(HandIn.id)).group_by(HandIn.status))
    shown = {f"a hand-in, {status}": Sight("finance.show_hand_in", f"/finance/hand-ins/{id_}", "qian") for status, id_ in rows}
    back = _first(session, sa.select(HandInBack.hand_in_id))
    shown["a hand-in, taken back"] = Sight("finance.show_hand_in", f"/finance/hand-ins/{back}", "qian")
    open_difference = _first(session, sa.select(HandIn.id).where(HandIn.difference < 0).order_by(HandIn.difference.desc()))
    shown["a difference, to be written off"] = Sight("finance.show_hand_in", f"/finance/hand-ins/{open_difference}", "chen")
    debtor = _first(
        session, sa.select(Order.customer_id).join(Receipt, Receipt.order_id == Order.id).where(Receipt.channel == "account")
    )
    shown["what is on account"] = Sight("finance.account", f"/finance/accounts/{debtor}", "qian")
    for name, stands in (("a deposit", True), ("a deposit that was taken back", False)):
        made = sa.select(BankDeposit.id).where(BankDeposit.live == stands, BankDeposit.reverses_id.is_(None))
        shown[name] = Sight("finance.show_deposit", f"/finance/deposits/{_first(session, made)}", "qian")
    holder = _first(session, sa.select(HandIn.person_id).order_by(HandIn.id))
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
    for state, id_ in session.execute(sa.select(MatchItem.state, sa.func.min(MatchItem.id)).group_by(MatchItem.state)):
        shown[f"money to be matched, {state}"] = Sight("finance.show_item", f"/finance/match-items/{id_}", "qian")
    return shown | {"a cash account": Sight("finance.person", f"/finance/people/{holder}", "qian")}


def _board(session: Session, zone: str) -> dict[str, Sight]:
    today = local_day(now(), zone)
    waiting = sa.select(Order.number).where(Order.status == "approved").order_by(Order.number)
    big = _first(session, waiting.where(Order.kind == "installation"))
    planned = _first(session, sa.select(Visit.id).where(Visit.status == "planned"))
    gone = _first(session, sa.select(Visit.id).where(Visit.status == "on_site"))
    day = timedelta(days=1)
    return {
        "the picking list": Sight("board.plan_picking", "/plan/picking"),
        "today": Sight("board.plan", "/plan"),
        "today, somebody lent": Sight("board.plan", "/plan", "feng"),
        "tomorrow": Sight("board.plan", f"/plan?day={today + day}"),
        "yesterday": Sight("board.plan", f"/plan?day={today - day}"),
        "a day long gone": Sight("board.plan", f"/plan?day={today - 300 * day}"),
        "assigning one": Sight("board.assign", f"/plan/orders/{_first(session, waiting.where(Order.kind == 'repair'))}/assign"),
        "assigning many": Sight("board.assign", f"/plan/orders/{big}/assign"),
        "a planned visit": Sight("board.visit", f"/plan/visits/{planned}"),
        "a visit under way": Sight("board.visit", f"/plan/visits/{gone}"),
    }


def _uploads(session: Session) -> dict[str, Sight]:
    shown = {}
    for upload in session.scalars(sa.select(Upload)):
        start = {"request": ("intake.request_preview", "/requests"), "calls": ("intake.calls_preview", "/calls/import")}
        endpoint, path = start.get(upload.purpose, ("imports.preview", f"/import/{upload.purpose}"))
        shown[f"checking {upload.file_name}"] = Sight(endpoint, f"{path}/{upload.id}")
    return shown
