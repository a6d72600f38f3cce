"""Purchases (Q14): asked for, decided level by level, mended and sent in again, taken back, received with their delivery.

The ladder is that of all approvals. Locks: the request's row, then what a delivery of parts locks.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.models import Request
from dispatch.approvals.operations import requests
from dispatch.approvals.operations.requests import Answer, Asked
from dispatch.devices.models import Holder, PartEntry, TerminalModel
from dispatch.devices.part_queries import parts_coded
from dispatch.devices.part_stock import receive
from dispatch.devices.places import next_number
from dispatch.devices.purchase_models import Purchase
from dispatch.devices.purchase_rules import CHOOSE, MOST, Wanted, purchase_word
from dispatch.devices.reorders import part_name
from dispatch.errors import Invalid, NotFound
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

LONGEST_NOTE = 100


def ask_purchase(session: Session, wanted: Wanted, *, key: uuid.UUID, by: Actor, at: datetime) -> Purchase:
    """Ask that one's branch buys something. The same `key` again is the first purchase. Raises Invalid beside what cannot be."""
    by.must("stock.change")
    branch_id = by.branch_id
    if branch_id is None:
        raise NotFound
    before = requests.asked_before(session, key, by)
    if before is not None:
        return session.scalars(sa.select(Purchase).where(Purchase.request_id == before.id)).one()
    label = _checked(session, wanted)
    number = next_number(session, "CG", branch_id, at)
    request = requests.ask(session, _asked(wanted, label, key, number), branch_id=branch_id, by=by, at=at)
    purchase = Purchase(number=number, request_id=request.id)
    _write(purchase, wanted, label)
    session.add(purchase)
    session.flush()
    return purchase


def decide_purchase(session: Session, request_id: int, answer: Answer, *, by: Actor, at: datetime) -> Request:
    """Say yes or no to the open level. Raises like deciding any request."""
    by.must("order.decide")
    request, _purchase = _locked(session, request_id)
    requests.decide(session, request, answer, by=by, at=at)
    return request


def withdraw_purchase(session: Session, request_id: int, *, by: Actor, at: datetime) -> Request:
    """It is not wanted any more. Raises NotAllowed for anybody but who has asked, Conflict when it is over."""
    request, _purchase = _locked(session, request_id)
    requests.withdraw(session, request, by=by, at=at)
    return request


def mend_purchase(session: Session, request_id: int, wanted: Wanted, *, by: Actor, at: datetime) -> Purchase:
    """Send in again what was rejected, mended; all levels are asked anew. Raises Conflict, Invalid, NotFound."""
    by.must("stock.change")
    request, purchase = _locked(session, request_id)
    if not by.sees_branch(request.branch_id):
        raise NotFound
    label = _checked(session, wanted)
    requests.send_again(session, request, _asked(wanted, label, request.key, purchase.number), by=by, at=at)
    _write(purchase, wanted, label)
    session.flush()
    return purchase


def receive_purchase(
    session: Session, request_id: int, received: int, *, delivery: str, store: Holder, by: Actor, at: datetime
) -> Purchase:
    """So many came, with this delivery note; counted parts are taken into the store by an entry that the purchase names.

    Raises Invalid beside what cannot be, RuleBroken before it is approved, Conflict when it was received, NotFound.
    """
    by.must("stock.change")
    request, purchase = _locked(session, request_id)
    if store.kind != "store" or store.branch_id != request.branch_id or not by.sees_branch(store.branch_id):
        raise NotFound
    requests.check_approved(request)
    _check_delivery(received, delivery)
    purchase.received, purchase.delivery, purchase.store_id = received, delivery.strip()[:LONGEST_NOTE], store.id
    if purchase.kind == "part":
        purchase.entry_id = _taken_in(session, purchase, store, by, at)
    told = {"received": received, "delivery": purchase.delivery, "store": store.name}
    requests.carried_out(session, request, by=by, at=at, told=told)
    return purchase


def _taken_in(session: Session, purchase: Purchase, store: Holder, by: Actor, at: datetime) -> int:
    """The entry by which the parts of a delivery came into the store."""
    part, key = parts_coded(session, [purchase.name])[purchase.name], uuid.uuid5(uuid.NAMESPACE_OID, purchase.number)
    assert purchase.received is not None
    receive(session, store, {part.id: purchase.received}, note=f"{purchase.number} {purchase.delivery}", key=key, by=by, at=at)
    return session.scalars(sa.select(PartEntry.id).where(PartEntry.key == key)).one()


def _locked(session: Session, request_id: int) -> tuple[Request, Purchase]:
    request = requests.locked_request(session, request_id)
    query = sa.select(Purchase).where(Purchase.request_id == request_id).execution_options(populate_existing=True)
    purchase = session.scalars(query).one_or_none()
    if purchase is None:
        raise NotFound
    return request, purchase


def _checked(session: Session, wanted: Wanted) -> str | None:
    """The label of the part, where it is one. Raises Invalid."""
    wrong, label = wanted.wrong(), None
    if wanted.kind == "terminal" and session.get(TerminalModel, wanted.name) is None:
        wrong["ware"] = CHOOSE
    elif wanted.kind == "part":
        part = parts_coded(session, [wanted.name]).get(wanted.name)
        if part is None or not part.active:
            wrong["ware"] = CHOOSE
        else:
            label = part_name(part)
    elif wanted.kind == "other" and not wanted.name.strip():
        wrong["other"] = say("Say what is to be bought.")
    if wrong:
        raise Invalid(wrong)
    return label


def _check_delivery(received: int, delivery: str) -> None:
    wrong: dict[str, Text] = {}
    if not 1 <= received <= MOST:
        wrong["received"] = say("A whole number from 1 to %(n)s, please.", n=MOST)
    if not delivery.strip():
        wrong["delivery"] = say("Please fill this in.")
    if wrong:
        raise Invalid(wrong)


def _asked(wanted: Wanted, label: str | None, key: uuid.UUID, number: str) -> Asked:
    told: dict[str, Any] = {"what": purchase_word(wanted.kind, wanted.name, label), "count": wanted.count}
    told |= {"supplier": wanted.supplier.strip(), "price": f"¥{wanted.unit_price:,.2f}"}
    about = say("Buy %(count)s × %(what)s from %(supplier)s, at %(price)s each", **told)
    return Asked("purchase", wanted.amount, about, wanted.reason, key, {"number": number})


def _write(purchase: Purchase, wanted: Wanted, label: str | None) -> None:
    purchase.kind, purchase.name, purchase.label = wanted.kind, wanted.name.strip(), label
    purchase.count, purchase.unit_price, purchase.supplier = wanted.count, wanted.unit_price, wanted.supplier.strip()
