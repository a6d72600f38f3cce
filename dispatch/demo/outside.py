"""Nobody was free: an order that a contractor is at, one whose work waits for our word, one on offer, one to be decided, and a
colleague of the other branch who helps out."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from dispatch.approvals.operations.requests import Answer
from dispatch.clock import local_day
from dispatch.demo.company import Company
from dispatch.demo.counter import scrawl
from dispatch.demo.desk import approved, take_call
from dispatch.demo.on_site import OnSite
from dispatch.devices.contracting import Signed, give
from dispatch.devices.contractor_workers import actor_of_worker
from dispatch.devices.models import Holder
from dispatch.devices.part_queries import parts_held
from dispatch.devices.queries import stores, units_held
from dispatch.finance.month_rules import month_of
from dispatch.finance.paying_contractors import Paid, pay_sheet
from dispatch.finance.settlement_models import ContractorSheet
from dispatch.finance.settlement_rules import Correction
from dispatch.finance.settling_contractors import decide_sheet, draw_up
from dispatch.orders.models import Order, Visit
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.operations.answering import Acceptance, accept, decline
from dispatch.outside.operations.asking import Wanted, ask, decide
from dispatch.outside.operations.checking import accept_work
from dispatch.outside.operations.offering import Made, make_offers

CODE = "SZ"
WHY = "本网点技术员全部在途，客户车辆停运等修"
WHY_TOO = "龙岗方向今天无人，客户要求当日恢复"
TOO_FAR = "今天人手都在惠州，赶不过去"
LOOSE, PAID_BY, TOO_MUCH = "线束未绑扎，第二次才固定好", "招商银行转账 回单 4471", "上张结算单多付路桥费"
CEILING, PRICE = Decimal(260), Decimal(220)
WORKER, OTHER = ("周建国", "13923456001"), ("黄海涛", "13923456002")
COLLEAGUE = "liang"
NO_SWAP = 1
"""A complaint of words.COMPLAINTS that is mended without another unit."""
WINDOW, HOURS = timedelta(hours=5), timedelta(hours=3)


def build(company: Company, moment: datetime) -> None:
    """Each as far as it has come at this moment."""
    places = _contractors(company)
    _lend(company, places[0], moment - timedelta(hours=3))
    _done(company, places, moment - timedelta(hours=4))
    _under_way(company, places, moment - timedelta(hours=1, minutes=30))
    _offer(company, _order(company, moment - timedelta(minutes=50), "urgent"), places, moment - timedelta(minutes=20))
    _ask(company, _order(company, moment - timedelta(minutes=25), "emergency"), WHY_TOO, moment - timedelta(minutes=6))
    _lent(company, moment - timedelta(minutes=70), moment + timedelta(hours=4))
    _settled(company, places, moment - timedelta(hours=8))
    _to_approve(company, places, moment - timedelta(hours=6))


def _contractors(company: Company) -> list[int]:
    branch_id = company.branches[CODE].id
    own = sa.select(Holder.id).where(Holder.kind == "contractor", Holder.branch_id == branch_id)
    return list(company.session.scalars(own.order_by(Holder.id)))


def _lend(company: Company, contractor_id: int, at: datetime) -> None:
    """A terminal, a SIM and some of a part to work with."""
    session, by = company.session, company.desk(CODE)
    store = next(each for each in stores(session, by) if each.branch_id == by.branch_id)
    numbers = [list(units_held(session, store.id, kind=kind))[-5].number for kind in ("terminal", "sim")]
    facts = {"due_on": local_day(at, by.zone) + timedelta(days=3), "signed": Signed(WORKER[0], scrawl(3))}
    parts = {row.part.id: 4 for row in parts_held(session, store.id)[:1]}
    give(session, contractor_id, numbers, parts=parts, store=store, **facts, key=_key(company), by=by, at=at)  # type: ignore[arg-type]


def _order(company: Company, at: datetime, urgency: str) -> Order:
    taken = take_call(company, CODE, at, urgency=urgency, complaint=NO_SWAP, fitted=True)
    return approved(company, CODE, taken, at + timedelta(minutes=4))


def _ask(company: Company, order: Order, why: str, at: datetime) -> OutsideRequest:
    wanted = Wanted("contractor", why, at, at + WINDOW, 60, _key(company), ceiling=CEILING)
    return ask(company.session, order.id, wanted, by=company.desk(CODE), at=at)


def _lent(company: Company, at: datetime, starts_at: datetime) -> None:
    """The manager has said yes to a colleague, who is sent at once: his own branch sees that he is away then."""
    order = _order(company, at - timedelta(minutes=20), "urgent")
    window = {"starts_at": starts_at, "until": starts_at + WINDOW, "minutes": 60, "key": _key(company)}
    wanted = Wanted("colleague", WHY, **window, colleague_id=company.people[COLLEAGUE].id)  # type: ignore[arg-type]
    request = ask(company.session, order.id, wanted, by=company.desk(CODE), at=at)
    decide(company.session, request.id, yes=True, by=company.manager(CODE), at=at + timedelta(minutes=3))


def _offer(company: Company, order: Order, places: list[int], at: datetime) -> list[Made]:
    """Approved by the manager, and offered to both."""
    request = _ask(company, order, WHY, at)
    decide(company.session, request.id, yes=True, by=company.manager(CODE), at=at + timedelta(minutes=3))
    soon = at + timedelta(minutes=5)
    return list(make_offers(company.session, request.id, places, lasts=HOURS, by=company.desk(CODE), at=soon))


def _accepted(company: Company, made: Made, who: tuple[str, str], starts_at: datetime, at: datetime) -> OnSite:
    session = company.session
    offer: OutsideOffer = accept(session, made.token, Acceptance(*who, starts_at, PRICE), at=at)
    assert offer.worker is not None
    visit = session.get_one(Visit, offer.visit_id)
    return OnSite(company, visit, actor_of_worker(offer.worker, company.branches[CODE]))


def _under_way(company: Company, places: list[int], at: datetime) -> None:
    """The first has it and is there; the second was too late."""
    first, _second = _offer(company, _order(company, at - timedelta(minutes=12), "urgent"), places, at)
    start = at + timedelta(minutes=50)
    there = _accepted(company, first, WORKER, start, at + timedelta(minutes=14))
    there.depart()
    there.arrive(start + timedelta(minutes=4))
    there.begin()


def _done(company: Company, places: list[int], at: datetime) -> None:
    """One has declined; the other's work waits to be accepted."""
    first, second = _offer(company, _order(company, at - timedelta(minutes=15), "normal"), places, at)
    decline(company.session, first.token, reason=TOO_FAR, at=at + timedelta(minutes=9))
    start = at + timedelta(minutes=70)
    there = _accepted(company, second, OTHER, start, at + timedelta(minutes=21))
    there.depart()
    there.arrive(start + timedelta(minutes=2))
    there.work()


def _accepted_work(company: Company, places: list[int], at: datetime, less: int, note: str) -> OutsideOffer:
    """Work that the manager has accepted."""
    _done(company, places, at)
    session = company.session
    accepted = sa.select(OutsideOffer).where(OutsideOffer.accepted_at > at, OutsideOffer.accepted_at < at + timedelta(hours=1))
    offer = session.scalars(accepted.order_by(OutsideOffer.accepted_at).limit(1)).one()
    return accept_work(session, offer.id, amount=PRICE - less, note=note, by=company.manager(CODE), at=at + timedelta(hours=3))


def _settled(company: Company, places: list[int], at: datetime) -> None:
    """A settlement of work for less than was agreed on: the manager has approved it, and finance has paid it."""
    offer, after = _accepted_work(company, places, at, 20, LOOSE), at + timedelta(hours=3)
    session, qian = company.session, company.people["qian"]
    sheet = _drawn(company, offer, "本月外协，已与对方核对", after + timedelta(minutes=10))
    decide_sheet(session, sheet.request_id, Answer(True), by=company.manager(CODE), at=after + timedelta(minutes=25))
    paid = Paid("transfer", local_day(after, company.zone), PAID_BY)
    key, when = _key(company), after + timedelta(minutes=40)
    pay_sheet(session, sheet.request_id, paid, request_key=key, by=qian, at=when)


def _to_approve(company: Company, places: list[int], at: datetime) -> None:
    """The next settlement, with what was paid too much before taken off, waits for the manager."""
    offer = _accepted_work(company, places, at, 0, "")
    _drawn(company, offer, "第二批外协，请审批", at + timedelta(hours=3, minutes=15), Correction(Decimal("-15.00"), TOO_MUCH))


def _drawn(company: Company, offer: OutsideOffer, why: str, at: datetime, *more: Correction) -> ContractorSheet:
    month, qian = month_of(local_day(at, company.zone)), company.people["qian"]
    return draw_up(company.session, offer.contractor_id, month, more, reason=why, key=_key(company), by=qian, at=at)


def _key(company: Company) -> uuid.UUID:
    return uuid.UUID(int=company.random.getrandbits(128), version=4)
