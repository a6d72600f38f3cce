"""What people do with requests, as hypothesis draws it: chosen by what a page shows, then done in a session."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.link_models import RequestLink
from dispatch.approvals.models import Request, RequestStep
from dispatch.approvals.operations.linking import behind
from dispatch.approvals.operations.request_links import make_request_link, revoke_request_link, use_request_link
from dispatch.approvals.operations.requests import Answer
from dispatch.approvals.queries import turn_of
from dispatch.approvals.rules import why_not_decide
from dispatch.devices.models import Holder
from dispatch.devices.purchase_rules import Wanted
from dispatch.devices.purchasing import ask_purchase, mend_purchase, receive_purchase
from dispatch.fees import quote_rules
from dispatch.fees.models import Charge, Quotation, Receipt
from dispatch.fees.operations import Offer, ask_goodwill, ask_let_off, ask_refund, draft_quotation, offer_quotation
from dispatch.field.forgiving import hand_back
from dispatch.orders.models import OrderLine
from dispatch.orders.pages.requests import DECIDE, WITHDRAW
from dispatch.staff.deputies import Absence, name_deputy
from dispatch.staff.hiring import Ties, let_go, take_back
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor

Doing = Callable[[Session], Any]
LASTS = timedelta(hours=2)


@dataclass(frozen=True)
class Page:
    """What people look at when they choose what to do, when that is, and the tokens of links that somebody holds."""

    session: Session
    at: datetime
    people: Mapping[str, Actor]
    tokens: Sequence[str]

    def request(self, pick: int, *first: Any) -> Request | None:
        """One request, counted from those that come `first` and are newest on."""
        return self.row(Request, pick, *first, Request.state != "open", Request.id.desc())

    def row(self, table: Any, pick: int, *order: Any) -> Any:
        """One row of a table."""
        rows = self.session.scalars(sa.select(table).order_by(*order).limit(pick + 1)).all()
        return rows[pick % len(rows)] if rows else None

    def level(self, pick: int) -> RequestStep | None:
        """The newest level of a request, open ones first."""
        found = self.request(pick)
        return found.steps[-1] if found else None

    def who(self, name: str) -> Actor | None:
        """Somebody who is signed in: nobody who has left is."""
        by = self.people[name]
        return by if self.session.get_one(Person, by.id).active else None

    def able(self, step: RequestStep, name: str) -> str:
        """The name of somebody who may decide a level, as far as there is anybody; else the name itself."""
        fit = [one for one, by in self.people.items() if why_not_decide(turn_of(step.request, by)) is None and self.who(one)]
        return fit[len(name) % len(fit)] if fit else name


class Act(Protocol):
    """Something to do; what there is nothing to do to gives nothing."""

    def on(self, page: Page) -> Doing: ...


def nothing(_session: Session) -> None:
    """There was nothing to do it to."""


@dataclass(frozen=True)
class Asking:
    """For a purchase, money back, a charge to be let off, goodwill, or a quotation; the same form twice is one request."""

    kind: str
    who: str
    size: int
    pick: int
    form: int

    def on(self, page: Page) -> Doing:
        by = page.who(self.who)
        if by is None:
            return nothing
        facts: dict[str, Any] = {"key": uuid.uuid5(uuid.NAMESPACE_OID, repr(self)), "by": by, "at": page.at}
        if self.kind == "purchase":
            return lambda s: ask_purchase(s, drills(self.size), **facts)
        if self.kind == "goodwill":
            line = page.row(OrderLine, self.pick, OrderLine.id)
            return lambda s: ask_goodwill(s, line.order_id, line.id, reason="x", **facts)
        if self.kind == "refund":
            receipt = page.row(Receipt, self.pick, Receipt.amount < 0, Receipt.id)
            return lambda s: ask_refund(s, receipt.id, amount=Decimal(self.size), reason="x", **facts)
        charge = page.row(Charge, self.pick, Charge.amount < 0, Charge.id)
        if self.kind == "quotation":
            return lambda s: quoted(s, charge.order_id, self.size, **facts)
        return lambda s: ask_let_off(s, charge.id, reason="x", **facts)


def quoted(session: Session, order_id: int, size: int, *, key: uuid.UUID, by: Actor, at: datetime) -> Quotation:
    """A quotation that stays one yuan each below the list."""
    lines = [quote_rules.Wanted("S003", size, Decimal(149))]
    made = draft_quotation(session, order_id, Offer(lines, at.date() + timedelta(days=9), "x"), key=key, by=by, at=at)
    return offer_quotation(session, made.id, by=by, at=at)


def drills(count: int) -> Wanted:
    """A purchase of 20 yuan each."""
    return Wanted("other", "冲击钻", count, Decimal(20), "五金城", "x")


@dataclass(frozen=True)
class Deciding:
    who: str
    pick: int
    yes: bool
    told: bool
    fit: bool

    def on(self, page: Page) -> Doing:
        step = page.level(self.pick)
        by = page.who(page.able(step, self.who) if step and self.fit else self.who)
        if by is None or step is None:
            return nothing
        answer, kind, request_id = Answer(self.yes, "x" if self.told else "", step.id), step.request.kind, step.request_id
        return lambda s: DECIDE[kind](s, request_id, answer, by=by, at=page.at)


@dataclass(frozen=True)
class Sending:
    who: str
    whom: str
    pick: int
    fit: bool

    def on(self, page: Page) -> Doing:
        by, step = page.who(self.who), page.level(self.pick)
        if by is None or step is None:
            return nothing
        whom = page.people[page.able(step, self.whom) if self.fit else self.whom]
        return lambda s: make_request_link(s, step.id, whom.id or 0, lasts=LASTS, by=by, at=page.at)


@dataclass(frozen=True)
class ByLink:
    """Whoever holds it presses, in a browser in which nobody is signed in, or somebody."""

    pick: int
    yes: bool
    reader: str | None

    def on(self, page: Page) -> Doing:
        if not page.tokens:
            return nothing
        token, reader = page.tokens[-1 - self.pick % len(page.tokens)], self.reader and page.people[self.reader].id

        def use(s: Session) -> Any:
            link = behind(s, RequestLink, token)
            assert link is not None
            decide = DECIDE[link.step.request.kind]
            return use_request_link(s, link, decide, Answer(self.yes, "x"), reader=reader, at=page.at)

        return use


@dataclass(frozen=True)
class Revoking:
    who: str
    pick: int

    def on(self, page: Page) -> Doing:
        by, link = page.who(self.who), page.row(RequestLink, self.pick, RequestLink.id.desc())
        if by is None or link is None:
            return nothing
        return lambda s: revoke_request_link(s, link.id, by=by, at=page.at)


@dataclass(frozen=True)
class Withdrawing:
    pick: int
    stranger: str | None

    def on(self, page: Page) -> Doing:
        found = page.request(self.pick)
        if found is None:
            return nothing
        owner = next(name for name, actor in page.people.items() if actor.id == found.asked_by_id)
        by = page.who(self.stranger or owner)
        return nothing if by is None else lambda s: WITHDRAW[found.kind](s, found.id, by=by, at=page.at)


@dataclass(frozen=True)
class Mending:
    who: str
    pick: int
    size: int

    def on(self, page: Page) -> Doing:
        by, found = page.who(self.who), page.request(self.pick, Request.kind != "purchase", Request.state != "rejected")
        if by is None or found is None:
            return nothing
        return lambda s: mend_purchase(s, found.id, drills(self.size), by=by, at=page.at)


@dataclass(frozen=True)
class CarryingOut:
    who: str
    pick: int
    kind: str

    def on(self, page: Page) -> Doing:
        by, found = page.who(self.who), page.request(self.pick, Request.kind != self.kind, Request.state != "approved")
        if by is None or found is None:
            return nothing
        if found.kind != "purchase":
            return lambda s: hand_back(s, found.id, device="desk", by=by, at=page.at)
        store = page.session.scalars(sa.select(Holder).where(Holder.kind == "store", Holder.branch_id == found.branch_id)).first()
        assert store is not None
        return lambda s: receive_purchase(s, found.id, 3, delivery="SH-1", store=store, by=by, at=page.at)


@dataclass(frozen=True)
class StandingIn:
    who: str
    deputy: str

    def on(self, page: Page) -> Doing:
        by, deputy_id = page.who(self.who), page.people[self.deputy].id or 0
        if by is None:
            return nothing
        absence = Absence(
            deputy_id, page.at, page.at + timedelta(hours=1), "x", uuid.uuid5(uuid.NAMESPACE_OID, f"{self} {page.at}")
        )
        return lambda s: name_deputy(s, absence, by=by, at=page.at)


@dataclass(frozen=True)
class Leaving:
    who: str

    def on(self, page: Page) -> Doing:
        person_id, root, there = page.people[self.who].id or 0, page.people["root"], page.who(self.who) is not None
        if there:
            return lambda s: let_go(s, person_id, ties=Ties(0), by=root, at=page.at)
        return lambda s: take_back(s, person_id, by=root, at=page.at)


@dataclass(frozen=True)
class Working:
    """What a day brings: whoever may decides what has waited longest, at times by link; what is approved is carried out; else
    somebody asks."""

    pick: int

    def on(self, page: Page) -> Doing:
        turn = int(page.at.timestamp()) // 420 + self.pick
        waiting = page.row(Request, 0, Request.state != "open", Request.id)
        approved = page.row(Request, 0, Request.state != "approved", Request.id)
        if waiting is not None and waiting.state == "open":
            return self.decide(page, waiting, turn)
        if approved is not None and approved.state == "approved" and turn % 2:
            return CarryingOut("lin" if approved.kind == "purchase" else "qian", 0, approved.kind).on(page)
        kind, who = ASKERS[turn // 2 % len(ASKERS)]
        return Asking(kind, who, 20 + turn % 3 * 90, turn % 6, turn).on(page)

    def decide(self, page: Page, waiting: Request, turn: int) -> Doing:
        step = waiting.steps[-1]
        name = page.able(step, "x" * (turn % 97))
        if name not in page.people:
            return nothing  # whoever may is away
        by, answer = page.people[name], Answer(turn % 4 > 0, "x", step.id)
        if turn % 3:
            return lambda s: DECIDE[waiting.kind](s, waiting.id, answer, by=by, at=page.at)

        def send_and_use(s: Session) -> tuple[Request, str]:
            link, token = make_request_link(s, step.id, by.id or 0, lasts=LASTS, by=page.people["su"], at=page.at)
            return use_request_link(s, link, DECIDE[waiting.kind], answer, reader=None, at=page.at), token

        return send_and_use


ASKERS = (("overrule", "wang"), ("purchase", "lin"), ("refund", "qian"), ("goodwill", "wei"), ("quotation", "lin"))
