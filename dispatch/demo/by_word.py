"""Approvals by word: two that the manager still owes, one he confirmed, one he refused for the director to settle."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import sqlalchemy as sa

from dispatch.demo.company import Company
from dispatch.demo.desk import take_call
from dispatch.field.acting import act
from dispatch.field.operations import SentFact
from dispatch.orders.models import Order, Visit
from dispatch.orders.operations.verbal import SaidWord, approve_by_word, confirm_word, record_word, refuse_word
from dispatch.orders.verbal_models import VerbalApproval

CODE, ON_SITE, DEVICE = "SZ", "su", "demo-word"
AT_ONCE = "客户车队停运，先派人，回头补批"
ANTENNA = "随车无原装天线，同意先装兼容件"
SECOND_TRIP = "车辆临时改点，同意另跑一趟"
FREE_TOP_UP = "老客户，同意本次免收充值费"
NEVER_SAID = "当天在开会，没有接到电话，也没有同意免费"
EARLIER = 2
"""So many of the repairs of the days before something was allowed for."""


def build(company: Company, moment: datetime) -> None:
    """One order approved by word, one allowance on site; of the days before one confirmed and one refused."""
    _sent_at_once(company, moment - timedelta(minutes=48))
    _on_site(company, moment)
    confirmed, refused = _finished(company)
    word = _recorded_later(company, confirmed, SECOND_TRIP)
    confirm_word(company.session, word.id, by=company.manager(CODE), at=word.recorded_at + timedelta(hours=2))
    word = _recorded_later(company, refused, FREE_TOP_UP)
    refuse_word(company.session, word.id, reason=NEVER_SAID, by=company.manager(CODE), at=word.recorded_at + timedelta(hours=3))


def _word(company: Company, channel: str, said_at: datetime, what_for: str) -> SaidWord:
    key = uuid.UUID(int=company.random.getrandbits(128), version=4)
    return SaidWord(company.manager(CODE).id or 0, channel, said_at, what_for, key)


def _sent_at_once(company: Company, at: datetime) -> None:
    order = take_call(company, CODE, at, urgency="emergency", complaint=0)
    company.session.refresh(order, ["approvals"])
    word = _word(company, "phone", at + timedelta(minutes=3), AT_ONCE)
    step, later = order.approvals[-1].id, at + timedelta(minutes=5)
    approve_by_word(company.session, order.id, word, approval_id=step, by=company.desk(CODE), at=later)


def _on_site(company: Company, moment: datetime) -> None:
    technician = company.people[ON_SITE]
    mine = sa.select(Visit).where(Visit.technician_id == technician.id, Visit.status == "on_site")
    visit = company.session.scalars(mine.limit(1)).one()
    word = _word(company, "wechat", moment, ANTENNA)
    told = {"approver": word.approver_id, "channel": word.channel, "what_for": word.what_for}
    sent = SentFact(word.key, "word.record", DEVICE, 1, told, moment, 0, visit_id=visit.id)
    act(company.session, sent, by=technician, at=moment)


def _finished(company: Company) -> list[Visit]:
    """The first visits of repairs that are done, one for each story."""
    of_branch = (Order.branch_id == company.branches[CODE].id, Order.kind == "repair", Order.status == "done")
    query = sa.select(Visit).join(Visit.order).where(Visit.status == "finished", *of_branch)
    return list(company.session.scalars(query.order_by(Visit.finished_at, Visit.id).limit(EARLIER)))


def _recorded_later(company: Company, visit: Visit, what_for: str) -> VerbalApproval:
    """The technician had called during the work; the desk wrote it down when he was back."""
    assert visit.arrived_at is not None and visit.finished_at is not None
    word = _word(company, "phone", visit.arrived_at + timedelta(minutes=6), what_for)
    at = visit.finished_at + timedelta(minutes=20)
    return record_word(company.session, visit.order_id, word, by=company.desk(CODE), at=at)
