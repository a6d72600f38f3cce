"""The list of what was asked of others: how far each request is, counted, sorted and paged by the database.

How far a request is at a moment is written twice: in `rules.state_of` and `presenting.stage_of` for one that was read, and here
for all of them. A test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from dispatch.customers.models import Customer
from dispatch.lists import Cut, Part
from dispatch.orders.models import Order, Visit
from dispatch.orders.rules import OFFERED_ANEW
from dispatch.outside.models import OutsideOffer, OutsideRequest
from dispatch.outside.queries import known_to_offers, visible_asked, whole_requests
from dispatch.outside.rules import HAVING, MOST_TRIES, STAGES
from dispatch.staff.rules import Actor

_other = aliased(OutsideOffer)


def _states(at: datetime) -> sa.FromClause:
    """SQL: what the offers of a request have become at a moment, as one array; as `rules.state_of` says it of one."""
    offer, accepted = OutsideOffer, OutsideOffer.accepted_at.is_not(None)
    first = (_other.accepted_at.is_not(None), _other.revoked_at.is_(None))
    taken = sa.exists().where(_other.request_id == offer.request_id, _other.id != offer.id, *first)
    state = sa.case(
        (offer.settled_at.is_not(None), "settled"),
        (offer.work_at.is_not(None), "to_settle"),
        (offer.revoked_at.is_not(None), "revoked"),
        (offer.declined_at.is_not(None), "declined"),
        (sa.and_(accepted, Visit.technician_id != offer.worker_id), "given"),
        (sa.and_(accepted, Visit.status == "abandoned"), "over"),
        (sa.and_(accepted, Visit.status == "finished"), "to_check"),
        (accepted, "accepted"),
        (taken, "taken"),
        (offer.wrong_pins >= MOST_TRIES, "shut"),
        (offer.expires_at <= at, "expired"),
        else_="offered",
    )
    shown = sa.func.coalesce(offer.revoke_reason, "") != str(OFFERED_ANEW)
    all_of_it = sa.func.array_agg(state, type_=ARRAY(sa.Text))
    query = sa.select(all_of_it.label("states")).outerjoin(Visit, Visit.id == offer.visit_id)
    return query.where(offer.request_id == OutsideRequest.id, shown).lateral("offered")


def _stage(states: sa.ColumnElement[list[str]]) -> sa.ColumnElement[str]:
    """SQL: how far a request is: a name of STAGES."""
    undecided = sa.func.coalesce(OutsideRequest.decision, "to_decide")
    return sa.case(
        (OutsideRequest.decision.is_distinct_from("approved"), undecided),
        (OutsideRequest.whom == "colleague", "colleague"),
        *((sa.literal(state) == sa.any_(states), state) for state in (*HAVING, "offered")),
        (states.is_not(None), "back"),
        else_="to_offer",
    )


@dataclass(frozen=True)
class AskedPage:
    """One page of the list, and how many requests stand at each stage."""

    part: Part[OutsideRequest]
    counts: dict[str, int]


ASKED_SORTS = {
    "stage": (sa.literal_column("rank"), -OutsideRequest.id),
    "number": (Order.id, OutsideRequest.id),
    "customer": (Customer.name, OutsideRequest.id),
    "until": (OutsideRequest.until, OutsideRequest.id),
}
"""The stage in the order of STAGES: what waits for somebody first, the newest of it on top."""


def asked_page(session: Session, by: Actor, *, at: datetime, stage: str, cut: Cut) -> AskedPage:
    """A page of what was asked for the orders of a branch (or of all) at one stage, or at any where none is named."""
    states = _states(at)
    how_far = _stage(states.c.states).label("stage")
    seen = sa.select(how_far).select_from(OutsideRequest).join(Order, Order.id == OutsideRequest.order_id)
    counted = seen.join(states, sa.true()).where(*visible_asked(by)).subquery()
    counts: dict[str, int] = dict(session.execute(sa.select(counted.c.stage, sa.func.count()).group_by(counted.c.stage)).all())
    rank = sa.case({name: place for place, name in enumerate(STAGES)}, value=how_far).label("rank")
    query = whole_requests().add_columns(rank).join(Order, Order.id == OutsideRequest.order_id)
    query = query.join(Customer, Customer.id == Order.customer_id).join(states, sa.true()).where(*visible_asked(by))
    cut_out = cut.of(query.where(how_far == stage) if stage else query, ASKED_SORTS)
    rows = known_to_offers(session.scalars(cut_out).unique().all())
    total = counts.get(stage, 0) if stage else sum(counts.values())
    return AskedPage(Part(rows, cut.number, total), counts)
