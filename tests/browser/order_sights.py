"""The pages of orders in every state, of contacts, of work on site and its corrections."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.models import (
    Fitting,
)
from dispatch.fees.models import Receipt
from dispatch.field.models import FieldFact
from dispatch.orders.contact_models import OrderCall, OwnedContact
from dispatch.orders.models import Approval, ClockNotice, Order, OrderLine, Recall, Visit
from dispatch.orders.verbal_models import VerbalApproval
from dispatch.staff.models import Person
from tests.browser.asked_sights import asked_pages
from tests.browser.sight import Sight, first
from tests.browser.staging import (
    make_a_customers_link,
    make_a_link,
)


def contact_pages(session: Session) -> dict[str, Sight]:
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
    seen = {name: Sight("orders.contact", f"/contacts/{first(session, query)}", who) for name, (query, who) in states.items()}
    vehicle = first(session, sa.select(OrderLine.vehicle_id).where(OrderLine.order_id.in_(called)))
    link = {"a customer's link": Sight("orders.confirm_by_link", f"/confirm/{make_a_customers_link()}", "")}
    return seen | link | {"a call about a vehicle with an order": Sight("intake.call", f"/calls/new?vehicle_id={vehicle}", "lin")}


def order_pages(session: Session) -> dict[str, Sight]:
    """One order in every state that the day has, a repair and an installation where there are both."""
    rows = session.execute(sa.select(Order.status, Order.kind, sa.func.min(Order.number)).group_by(Order.status, Order.kind))
    shown = {f"an order, {status}, {kind}": Sight("orders.show", f"/orders/{number}") for status, kind, number in rows}
    mine = sa.select(Order.number).join(Visit).join(Person, Visit.technician_id == Person.id)
    number = first(session, mine.where(Person.username == "su", Visit.status == "dispatched"))
    waiting = sa.select(Order.number).where(Order.status == "awaiting_approval").order_by(Order.number)
    open_id = first(session, sa.select(Approval.id).join(Order).where(Approval.decision.is_(None), Order.branch_id == 1))
    left = sa.select(Order.number).join(Order.lines).where(OrderLine.status == "residual")
    refused = sa.select(Order.number).join(Order.verbal_approvals).where(VerbalApproval.decision == "refused")
    to_wait = sa.select(Order.number).where(Order.status.in_(("planned", "approved")), Order.branch_id == 1)
    recall = sa.select(Order.number).join(Recall, Recall.order_id == Order.id).where(Order.branch_id == 1)
    caused = sa.select(Recall.line_id).where(Recall.state == "confirmed")
    vehicle = first(session, sa.select(OrderLine.vehicle_id).where(OrderLine.id.in_(caused)))
    late = sa.select(ClockNotice.order_id).where(ClockNotice.level == "supervisor")
    return shown | {
        "an order to be put off": Sight("orders.wait", f"/orders/{first(session, to_wait)}/wait", "lin"),
        "an order that may be a recall": Sight("orders.show", f"/orders/{first(session, recall)}", "lin"),
        "an order past its limit": Sight("orders.show", f"/orders/{first(session, _numbers(late))}"),
        "a vehicle with a recall": Sight("customers.vehicle", f"/vehicles/{vehicle}"),
        "an order on the phone": Sight("orders.show", f"/orders/{number}", "su"),
        "an order approved by word and refused afterwards": Sight("orders.show", f"/orders/{first(session, refused)}", "chen"),
        "the whole history of an order": Sight("orders.whole_history", f"/orders/{number}/history"),
        "vehicles that did not come": Sight("orders.left_over", f"/orders/{first(session, left)}/left-over"),
        **{name: Sight(*page) for name, page in asked_pages(session).items()},
        "making a link to decide": Sight("orders.approvals_link", f"/approvals/{open_id}/link"),
        "a link to decide": Sight("orders.approve_by_link", f"/a/{make_a_link()}", ""),
        "approving by word": Sight("orders.by_word", f"/orders/{first(session, waiting)}/by-word", "lin"),
        "an allowance by word": Sight("orders.by_word", f"/orders/{first(session, refused)}/by-word", "lin"),
    }


def _numbers(ids: sa.Select[int]) -> sa.Select[str]:
    return sa.select(Order.number).where(Order.id.in_(ids)).order_by(Order.id)


def site_pages(session: Session) -> dict[str, Sight]:
    """An order with work, money and signatures on it, and what can be put right there."""
    swaps = sa.select(Order.number, Fitting.id, Order.id).join(Fitting, Fitting.order_id == Order.id)
    swaps = swaps.join(Receipt, Receipt.order_id == Order.id).where(Fitting.kind == "swap", Order.status == "done")
    number, fitting_id, order_id = session.execute(swaps.order_by(Fitting.id)).first() or ("", 0, 0)
    line_id = first(session, sa.select(OrderLine.id).where(OrderLine.order_id == order_id))
    receipt_id = first(session, sa.select(Receipt.id).where(Receipt.order_id == order_id))
    correct = f"/orders/{number}/corrections"
    late = first(session, sa.select(FieldFact.id).where(FieldFact.state == "disputed", FieldFact.kind == "line.swap"))
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
