"""The pages of a technician's stop, with addresses out of the demonstration company."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.clock import now
from dispatch.fees.operations import add_charge
from dispatch.fees.queries import account_of
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.moves import move_visit
from dispatch.orders.operations.visits import NewVisit, plan_visit
from dispatch.paycodes.gateway import Connected, configure
from dispatch.paycodes.operations import ask_code, open_code
from dispatch.paycodes.pretend import PRETENDED
from dispatch.staff.models import Person
from dispatch.staff.queries import active_person, actor_of
from dispatch.staff.rules import Actor

WHO = "su"
HOURS_LATER = 8
"""So much later than now his last visit is planned: nothing else is then."""

Pages = dict[str, tuple[str, str]]
"""Name -> endpoint and address."""


def phone_pages(session: Session) -> Pages:
    """Every page of his stops: before leaving, at a repair, at an installation of many vehicles, and when all is over."""
    big = _stand_at_an_installation(session)
    found: Pages = {"before leaving": ("field.stop", _root(_visit(session, "dispatched")))}
    found |= _of_repair(_visit(session, "on_site", Order.kind == "repair"), "at a repair")
    standing = _visit(session, "on_site", Order.kind == "repair")
    line_id = standing.visit_lines[0].line_id
    found["moving a terminal"] = ("field.moving", f"{_root(standing)}/vehicles/{line_id}/move")
    found |= _of_repair(_visit(session, "finished"), "a repair that is over")
    found["at a repair: payment code"] = ("field.code", f"{_root(standing)}/codes/{_show_a_code(session, standing)}")
    root, line = _root(big), big.visit_lines[0].line_id
    return found | {
        "at an installation": ("field.stop", root),
        "many vehicles": ("field.vehicles", f"{root}/vehicles"),
        "a vehicle to be fitted": ("field.vehicle", f"{root}/vehicles/{line}"),
        "finishing with many": ("field.ending", f"{root}/finish"),
        "signing for many": ("field.signature", f"{root}/signature"),
    }


def _show_a_code(session: Session, visit: Visit) -> int:
    """The channels are played from now on, and a moving of the terminal is to be paid by code."""
    configure(Connected(PRETENDED, pretended=True))
    by, at = _actor(session, WHO), now()
    if account_of(session, visit.order_id).due <= 0:
        facts = {"line_id": None, "visit_id": visit.id, "fact_id": None}
        add_charge(session, visit.order, code="S003", quantity=1, **facts, by=by, at=at)
    facts = {"device": "phone", "visit_id": visit.id, "good_for": timedelta(minutes=110)}
    code, _new = ask_code(session, visit.order, channel="wechat", **facts, by=by, at=at)
    return open_code(session, code.id, f"weixin://wxpay/bizpayurl?pr={code.number}").id


def _of_repair(visit: Visit, name: str) -> Pages:
    root, line = _root(visit), visit.visit_lines[0].line_id
    pages = {
        "": ("field.stop", ""),
        ": vehicle": ("field.vehicle", f"/vehicles/{line}"),
        ": swap": ("field.swapping", f"/vehicles/{line}/swap?what=both"),
        ": test-run": ("field.test_run", f"/vehicles/{line}/test"),
        ": photos": ("field.photos", f"/photos?kind=condition&line={line}"),
        ": price": ("field.price", "/price"),
        ": payment": ("field.payment", "/payment"),
        ": signature": ("field.signature", "/signature"),
        ": finish": ("field.ending", "/finish"),
        ": approved by word": ("field.by_word", "/by-word"),
    }
    return {name + own: (endpoint, root + path) for own, (endpoint, path) in pages.items()}


def _root(visit: Visit) -> str:
    return f"/my-day/visits/{visit.id}"


def _visit(session: Session, status: str, *where: sa.ColumnElement[bool]) -> Visit:
    mine = sa.select(Visit).join(Person, Visit.technician_id == Person.id).join(Order, Visit.order_id == Order.id)
    found = session.scalars(mine.where(Person.username == WHO, Visit.status == status, *where).order_by(Visit.id.desc())).first()
    assert found is not None, status
    return found


def _stand_at_an_installation(session: Session) -> Visit:
    """The last installation that waits for the planner is given to him; it is at the yard where he is already."""
    waiting = sa.select(Order).where(Order.kind == "installation", Order.status == "approved").order_by(Order.number.desc())
    order, at = session.scalars(waiting).first(), now()
    assert order is not None
    desk, technician = _actor(session, "wang"), _actor(session, WHO)
    start = at + timedelta(hours=HOURS_LATER)
    order.site = _visit(session, "on_site").order.site
    lines = tuple(line.id for line in order.lines)
    new = NewVisit(order.id, technician.id or 0, start, start + timedelta(hours=1), lines)
    visit = plan_visit(session, new, by=desk, at=at)
    for step, by in (("dispatch", desk), ("depart", technician), ("arrive", technician)):
        move_visit(session, visit, step, by=by, at=at)
    return visit


def _actor(session: Session, username: str) -> Actor:
    person_id = session.scalars(sa.select(Person.id).where(Person.username == username)).one()
    person = active_person(session, person_id)
    assert person is not None
    return actor_of(person)
