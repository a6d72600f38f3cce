"""Whom customers would rather have, and whom they do not let in: kept, taken back, and read for the planner."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.customers.models import Site, TechnicianWish
from dispatch.customers.queries import customer
from dispatch.errors import Invalid, NotFound
from dispatch.staff.models import Person, PersonRole
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

KINDS: dict[str, Text] = {"preferred": say("preferred"), "forbidden": say("not to come")}

Ids = tuple[int, ...]


@dataclass(frozen=True)
class NewWish:
    """What somebody says about a technician; without a site it holds at all of them."""

    person_id: int
    kind: str
    reason: str
    site_id: int | None = None


@dataclass(frozen=True)
class Wishes:
    """By customer and site (None: everywhere): who is preferred, who is not let in."""

    preferred: Mapping[tuple[int, int | None], Ids] = field(default_factory=dict)
    forbidden: Mapping[tuple[int, int | None], Ids] = field(default_factory=dict)

    def at(self, customer_id: int, site_id: int) -> tuple[Ids, Ids]:
        """(preferred, forbidden) at a site: who is preferred just there comes before who is everywhere."""
        here, anywhere = (customer_id, site_id), (customer_id, None)
        preferred = self.preferred.get(here) or self.preferred.get(anywhere, ())
        return preferred, (*self.forbidden.get(anywhere, ()), *self.forbidden.get(here, ()))


NO_WISHES = Wishes()


def wishes_about(session: Session, person_ids: Collection[int]) -> Wishes:
    """What customers have said about these people."""
    if not person_ids:
        return NO_WISHES
    query = sa.select(TechnicianWish).where(TechnicianWish.person_id.in_(person_ids)).order_by(TechnicianWish.id)
    found: dict[str, dict[tuple[int, int | None], Ids]] = {kind: {} for kind in KINDS}
    for wish in session.scalars(query):
        where = wish.customer_id, wish.site_id
        found[wish.kind][where] = (*found[wish.kind].get(where, ()), wish.person_id)
    return Wishes(found["preferred"], found["forbidden"])


def technicians_and_wishes(
    session: Session, customer_id: int, branch_id: int
) -> tuple[list[tuple[int, str]], list[tuple[TechnicianWish, str, str]]]:
    """(the branch's technicians by id and name, what the customer has said with name and address), in one query."""
    is_one = sa.exists().where(PersonRole.person_id == Person.id, PersonRole.role == "technician")
    there = sa.and_(Person.branch_id == branch_id, Person.active, is_one)
    about = sa.and_(TechnicianWish.person_id == Person.id, TechnicianWish.customer_id == customer_id)
    query = sa.select(Person.id, Person.name, there.label("there"), TechnicianWish, Site.address)
    query = query.outerjoin(TechnicianWish, about).outerjoin(Site, Site.id == TechnicianWish.site_id)
    rows = session.execute(
        query.where(sa.or_(there, TechnicianWish.id.is_not(None))).order_by(Person.staff_no, Site.address)
    ).all()
    choice = {row.id: row.name for row in rows if row.there}
    return list(choice.items()), [(row.TechnicianWish, row.name, row.address or "") for row in rows if row.TechnicianWish]


def keep_wish(session: Session, customer_id: int, new: NewWish, *, by: Actor, at: datetime) -> None:
    """The customer prefers somebody, or does not let him in. Raises Invalid for nobody of the branch, for a site of another, and
    Conflict (from the database) where something is on record about him there.
    """
    by.must("customer.change")
    found = customer(session, customer_id, by)
    choice, _ = technicians_and_wishes(session, customer_id, found.branch_id)
    _check(new, [who for who, _name in choice], [site.id for site in found.sites])
    assert by.id is not None
    said = {"person_id": new.person_id, "kind": new.kind, "reason": new.reason, "site_id": new.site_id}
    session.add(TechnicianWish(customer_id=customer_id, by_id=by.id, at=at, **said))
    session.flush()
    record(session, ("customer", customer_id), "customer.wish", by=by, at=at, detail=said)


def _check(new: NewWish, technicians: Sequence[int], sites: Sequence[int]) -> None:
    wrong: dict[str, Text] = {}
    if new.person_id not in technicians:
        wrong["person"] = say("Choose one of the technicians.")
    if new.site_id is not None and new.site_id not in sites:
        wrong["site"] = say("Choose one of the sites.")
    if wrong:
        raise Invalid(wrong)


def drop_wish(session: Session, customer_id: int, wish_id: int, *, by: Actor, at: datetime) -> None:
    """It does not hold any more. Raises NotFound when it is not there."""
    by.must("customer.change")
    customer(session, customer_id, by)
    mine = sa.select(TechnicianWish).where(TechnicianWish.id == wish_id, TechnicianWish.customer_id == customer_id)
    wish = session.scalar(mine)
    if wish is None:
        raise NotFound
    session.delete(wish)
    said = {"person_id": wish.person_id, "kind": wish.kind, "reason": wish.reason, "site_id": wish.site_id}
    record(session, ("customer", customer_id), "customer.wish_away", by=by, at=at, detail=said)
