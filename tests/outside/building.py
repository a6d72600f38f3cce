"""An order that nobody is free for, contractors with units of ours, and what they say by their links."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from dispatch.clock import local_day
from dispatch.devices.contracting import Signed, give, new_contractor
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.devices.models import Unit
from dispatch.orders.models import Order, Visit
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.operations.answering import Acceptance, accept
from dispatch.outside.operations.asking import Wanted, ask, decide
from dispatch.outside.operations.offering import Made, make_offers
from dispatch.staff.models import Branch
from dispatch.staff.rules import Actor
from tests.board.building import approved_order
from tests.building import ZONE
from tests.conftest import AT, Cast
from tests.devices.building import store
from tests.field.building import SWUNG

HOURS = timedelta(hours=2)
NAMES = ("深圳快修", "龙岗老周")
SAID = Acceptance("张师傅", "13900001111", AT + timedelta(minutes=20), Decimal("150"))


def wanted(**instead: Any) -> Wanted:
    """A contractor for at most ¥200, within four hours."""
    given = {"whom": "contractor", "reason": "全员外出，客户停运", "starts_at": AT, "until": AT + timedelta(hours=4)}
    return Wanted(**{**given, "minutes": 60, "key": uuid.uuid4(), "ceiling": Decimal("200"), **instead})


def asked(db: Session, cast: Cast, order: Order, *, by: Actor | None = None, **instead: Any) -> OutsideRequest:
    """Lin has asked."""
    return ask(db, order.id, wanted(**instead), by=by or cast.lin, at=AT)


def contractors(db: Session, cast: Cast) -> list[int]:
    """Two of them."""
    return [new_contractor(db, name, by=cast.lin, at=AT) for name in NAMES]


def offered(db: Session, cast: Cast, order: Order | None = None) -> tuple[OutsideRequest, Sequence[Made]]:
    """A request that Wang has approved, offered to both contractors."""
    request = asked(db, cast, order or approved_order(db, cast))
    decide(db, request.id, yes=True, by=cast.wang, at=AT)
    return request, make_offers(db, request.id, contractors(db, cast), lasts=HOURS, by=cast.lin, at=AT)


def taken(db: Session, cast: Cast, order: Order | None = None, **instead: Any) -> tuple[OutsideOffer, Made]:
    """The first of them has accepted."""
    _, (first, _) = offered(db, cast, order)
    said = Acceptance(**{**SAID.__dict__, **instead})
    return accept(db, first.token, said, at=AT), first


def at_work(db: Session, cast: Cast, order: Order) -> tuple[OutsideOffer, Visit, Actor]:
    """The same, with his visit and himself as he acts."""
    offer, _ = taken(db, cast, order)
    assert offer.worker is not None
    return offer, db.get_one(Visit, offer.visit_id), actor_of_worker(offer.worker, db.get_one(Branch, cast.sz))


def lent(db: Session, cast: Cast, offer: OutsideOffer, units: Sequence[Unit]) -> None:
    """Units of the store go to the contractor, who signs for them."""
    facts: dict[str, Any] = {"due_on": local_day(AT, ZONE), "signed": Signed("老周", SWUNG), "key": uuid.uuid4()}
    give(db, offer.contractor_id, [unit.number for unit in units], store=store(db, cast), **facts, by=cast.lin, at=AT)
