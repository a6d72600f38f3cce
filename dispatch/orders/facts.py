"""Gathering what the lifecycle's checks look at. Features above register readers for what they alone know (papers, fees, ...)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.approvals.queries import hands_in
from dispatch.audit.models import AuditEntry
from dispatch.orders.lifecycle import Named, OrderFacts
from dispatch.orders.models import Approval, Order, OrderLine, OrderPapers, Visit
from dispatch.orders.standing import Standing
from dispatch.permissions import permissions_of
from dispatch.staff.rules import Actor
from dispatch.words import Text, text_from_json

ASKING = ("order.take", "order.rewrite", "order.submit")
MissingReader = Callable[[Session, Order], Iterable[Text]]


@dataclass(frozen=True)
class Paper:
    """Something an order lacks: the sentence, who owes it (technician, office or finance), and the place where it is mended."""

    text: Text
    owes: str
    place: str


_missing_readers: list[tuple[MissingReader, str, str]] = []


def register_missing(owes: str, place: str) -> Callable[[MissingReader], MissingReader]:
    """Register a reader that names what an order still lacks before it can be closed (P8).

    `owes` is "office" or "finance"; a sentence that names a person (as its parameter `who`) is about what that technician owes.
    `place` is one of "on-site", "papers", "prices", "bag", "binding", "approvals", "outside".
    """

    def register(reader: MissingReader) -> MissingReader:
        _missing_readers.append((reader, owes, place))
        return reader

    return register


def facts_of(session: Session, order: Order, by: Actor, *, named: Named | None = None) -> OrderFacts:
    """All facts about one order as `by` meets it; `named` is whose approval by word he reports."""
    approvals = session.scalars(sa.select(Approval).where(Approval.order_id == order.id)).all()
    lines = session.scalars(sa.select(OrderLine.status).where(OrderLine.order_id == order.id))
    visits = session.scalars(sa.select(Visit.status).where(Visit.order_id == order.id))
    facts = _facts(session, order, by, approvals, lines, visits, missing=missing_papers(session, order))
    return replace(facts, named=named)


def facts_read(session: Session, order: Order, standing: Standing, by: Actor, entries: Sequence[AuditEntry] = ()) -> OrderFacts:
    """The same for a page that has read the order, how it stands, and its approvals: it asks the database nothing twice.

    The papers are those last counted; only an operation counts them anew. `entries` is the history, newest first, if that was
    read.
    """
    lines, visits = standing.line_statuses, standing.visit_statuses
    whole = entries if entries and entries[-1].seq == 1 else None
    return _facts(session, order, by, order.approvals, lines, visits, missing=_last_counted(session, order), entries=whole)


def new_facts(order: Order, by: Actor) -> OrderFacts:
    """The facts of an order that was just made: it has its lines, and nothing has happened with it."""
    return OrderFacts(
        order_status=order.status,
        created_by_id=order.created_by_id,
        actor_id=by.id,
        actor_permissions=permissions_of(by.roles),
        lines=tuple(line.status for line in order.lines),
    )


def _facts(
    session: Session,
    order: Order,
    by: Actor,
    approvals: Sequence[Approval],
    lines: Iterable[str],
    visits: Iterable[str],
    *,
    missing: tuple[Text, ...],
    entries: Sequence[AuditEntry] | None = None,
) -> OrderFacts:
    step = min((a for a in approvals if a.decision is None), key=lambda a: a.step, default=None)
    return OrderFacts(
        order_status=order.status,
        created_by_id=order.created_by_id,
        actor_id=by.id,
        open_step_permission=step.permission if step else None,
        step_requested_by_id=step.requested_by_id if step else None,
        asked_by=_asked_by(session, order.id, entries) if step else frozenset(),
        decided_by=decided_by(step, approvals) if step else frozenset(),
        helped_by=_helped_by(step, approvals) if step else frozenset(),
        actor_permissions=permissions_of(by.roles),
        lines=tuple(lines),
        visits=tuple(visits),
        missing=missing,
    )


def missing_papers(session: Session, order: Order) -> tuple[Text, ...]:
    """What the order lacks before it can be closed; closing starts from done, so nobody asks before."""
    return tuple(paper.text for paper in owed_papers(session, order))


def owed_papers(session: Session, order: Order) -> tuple[Paper, ...]:
    """The same, with who owes each paper and where it is mended."""
    if order.status != "done":
        return ()
    return tuple(
        Paper(text, "technician" if isinstance(text.params.get("who"), str) else owes, place)
        for reader, owes, place in _missing_readers
        for text in reader(session, order)
    )


def _last_counted(session: Session, order: Order) -> tuple[Text, ...]:
    counted = session.get(OrderPapers, order.id) if order.status == "done" else None  # asked for nothing where it was read
    return tuple(text_from_json(text) for text in counted.missing) if counted else ()


def _asked_by(session: Session, order_id: int, entries: Sequence[AuditEntry] | None) -> frozenset[int | None]:
    """Who took, rewrote or sent in an order: whoever chose its words has requested it. `entries`: its whole history, if read."""
    if entries is not None:
        return frozenset(entry.by_id for entry in entries if entry.action in ASKING)
    about = (AuditEntry.subject_kind == "order", AuditEntry.subject_id == order_id)
    return frozenset(session.scalars(sa.select(AuditEntry.by_id).where(*about, AuditEntry.action.in_(ASKING))))


def decided_by(step: Approval, approvals: Iterable[Approval]) -> frozenset[int | None]:
    """Who had a hand in the levels before this one since the order was last sent in: who decided, for whom, who made the link."""
    return hands_in(approvals, step.round)[0]


def _helped_by(step: Approval, approvals: Sequence[Approval]) -> frozenset[int | None]:
    """Those of them who decided none of these levels themselves."""
    return hands_in(approvals, step.round)[1]


def open_approval(session: Session, order_id: int) -> Approval | None:
    """The approval that waits for a decision, the lowest step first."""
    query = sa.select(Approval).where(Approval.order_id == order_id, Approval.decision.is_(None))
    return session.scalar(query.order_by(Approval.step).limit(1))
