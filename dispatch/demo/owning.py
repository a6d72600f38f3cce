"""What the desk owns: a second call, remote help that was enough and that was not, an offer to take over, one that lies idle;
and the lists kept under a name."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.customers.models import Vehicle
from dispatch.demo.company import Company
from dispatch.intake.forms import Call
from dispatch.intake.help_forms import Help
from dispatch.intake.operations import end_call
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.models import Order
from dispatch.orders.operations.confirming import say_not_solved
from dispatch.orders.operations.filters import keep_filter
from dispatch.orders.operations.joining import SaidAgain, join_call
from dispatch.orders.operations.owning import alarm_idle, note_contact, offer_contact
from dispatch.staff.rules import SYSTEM

CODE = "SZ"
AGAIN = "说好上午来，现在还没有人联系，客户着急用车"
RESTARTED = "平台下发重启指令，两分钟后重新上线，定位正常"
SERVER = "核对服务器地址，远程改正后上线"
STILL_OFF = "上线十分钟后又离线，请安排上门"
TOLD = "已电话告知客户预计到场时间"
FILTERS = {"早会：待排程的急件": "urgency=urgent&unplanned=1&sort=due", "我的，等配件": "mine=1&why=part"}
"""What he looks at every morning."""
LATE_SHIFT = "晚班，请接手跟进客户确认"


def build(company: Company, moment: datetime) -> None:
    """Beside the orders of the day, all of which somebody owns, too."""
    session, desk, at = company.session, company.desk(CODE), moment - timedelta(minutes=25)
    waiting = _orders(company, "approved", "planned")
    again = SaidAgain(waiting[0].contact_name, waiting[0].contact_phone, AGAIN)
    join_call(session, waiting[0].number, again, by=desk, at=at)
    _help(company, 1, Help("车队调度", "spoken", RESTARTED, confirmed=True), at)
    _help(company, 2, Help("车队调度", "spoken", RESTARTED), at)
    unsolved = _help(company, 3, Help("李师傅", "written", SERVER), at - timedelta(hours=2))
    say_not_solved(session, unsolved, positions=(), reason=STILL_OFF, by=desk, at=at)
    open_ = _contacts(company)
    note_contact(session, open_[0].id, TOLD, by=desk, at=at)
    offer_contact(session, open_[1].id, company.manager(CODE).id or 0, reason=LATE_SHIFT, by=desk, at=at)
    alarm_idle(session, open_[2].id, before=moment, by=SYSTEM, at=at)
    for name, query in FILTERS.items():
        keep_filter(session, name, query, by=desk, at=at)


def _orders(company: Company, *statuses: str) -> list[Order]:
    mine = (Order.branch_id == company.branches[CODE].id, Order.kind == "repair", Order.status.in_(statuses))
    return list(company.session.scalars(sa.select(Order).where(*mine).order_by(Order.id)))


def _contacts(company: Company) -> list[OwnedContact]:
    """Those of work that is done, and that nobody has confirmed yet."""
    query = sa.select(OwnedContact).join(Order, Order.id == OwnedContact.order_id).where(OwnedContact.confirmed_at.is_(None))
    mine = query.where(
        OwnedContact.owner_id == company.desk(CODE).id, Order.status.in_(("done", "waiting", "approved", "cancelled"))
    )
    return list(company.session.scalars(mine.order_by(Order.id)))


def _help(company: Company, index: int, given: Help, at: datetime) -> int:
    """Somebody called about a vehicle, and was helped from afar; the contact's id."""
    vehicle: Vehicle = company.vehicles[CODE][index]
    call = Call(vehicle.customer.name, given.consent_by, "13798765432", "", "", "offline", plate=vehicle.plate or "")
    whole = replace(call, colour=vehicle.plate_colour or "", vin=vehicle.vin or "", symptom_text="平台显示离线", help=given)
    key = uuid.uuid5(uuid.NAMESPACE_OID, f"help-{index}")
    return end_call(company.session, replace(whole, request_key=key), by=company.desk(CODE), at=at).contact_id
