"""Links to decide a level, whatever it is a level of: made once, good once, taken back."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.approvals.link_models import Link
from dispatch.approvals.link_rules import NOT_A_MAKER, LinkFacts, makes_links, why_no_link, why_not_use
from dispatch.approvals.models import Step
from dispatch.approvals.queries import deciders
from dispatch.approvals.rules import MANAGER, Turn
from dispatch.errors import Conflict, Invalid, NotAllowed, RuleBroken
from dispatch.staff.models import Person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

OneLink = TypeVar("OneLink", bound=Link)


def hash_of(token: str) -> bytes:
    """What is stored of a link's token."""
    return hashlib.sha256(token.encode()).digest()


def why_not_make(turn: Turn, by: Actor) -> Text | None:
    """Why `by` makes no link for the open level that he is before, whoever is to decide by it; None where he does.

    Only who could decide the level himself or stands above it does: others would hold the decision in their hands.
    """
    return why_no_link(turn) if makes_links(by, turn.permission or MANAGER) else NOT_A_MAKER


def addressee(session: Session, step: Step, branch_id: int, approver_id: int, turn: Turn, by: Actor) -> Person:
    """The person for whom `by` makes a link to an open level. Raises NotAllowed, RuleBroken, Invalid for who cannot decide."""
    no = why_not_make(turn, by)
    if no is not None:
        raise RuleBroken(no) if makes_links(by, step.permission) else NotAllowed(no)
    able = {person.id: person for person in deciders(session, step.permission, branch_id) if person.id not in turn.barred}
    if approver_id not in able:
        raise Invalid({"approver": say("Choose somebody who can decide this now.")})
    return able[approver_id]


def issue(session: Session, link: Link, former: Collection[Link], whom: Person, lasts: timedelta, by: Actor, at: datetime) -> str:
    """Write a new link for `whom` in the place of those that he had; gives its token, this once."""
    for one in former:
        one.revoked_at, one.revoked_by_id = at, by.id
    session.flush()
    token = secrets.token_urlsafe(32)
    link.token_hash, link.approver_id = hash_of(token), whom.id
    link.made_by_id, link.made_at, link.expires_at = by.id or 0, at, at + lasts
    session.add(link)
    session.flush()
    return token


def alive(links: type[Link]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """SQL: links that nobody has used or taken back."""
    return links.used_at.is_(None), links.revoked_at.is_(None)


def told(link: Link) -> dict[str, str]:
    """What the history keeps of a link that was made."""
    return {"name": link.approver.name, "until": link.expires_at.isoformat()}


def take_back(session: Session, link: Link, *, by: Actor, at: datetime) -> None:
    """Take a link back whose level's subject is locked. Raises NotAllowed, Conflict when it was used or taken back before."""
    if not (makes_links(by, link.step.permission) or by.id in (link.made_by_id, link.approver_id)):
        raise NotAllowed(say("A link for this level is taken back by somebody who could make it."))
    if link.used_at is not None or link.revoked_at is not None:
        raise Conflict(say("This link was used or taken back already."))
    link.revoked_at, link.revoked_by_id = at, by.id
    session.flush()


def behind(session: Session, links: type[OneLink], token: str) -> OneLink | None:
    """The link of a token, whatever became of it, with its step and people."""
    whole = (joinedload(links.step), joinedload(links.approver), joinedload(links.made_by))
    return session.scalar(sa.select(links).where(links.token_hash == hash_of(token)).options(*whole))


def facts_of_link(link: Link, reader: int | None) -> LinkFacts:
    """What its fate hangs on."""
    return LinkFacts(
        approver_id=link.approver_id,
        approver=link.approver.name,
        approver_is_there=link.approver.active,
        expires_at=link.expires_at,
        used=link.used_at is not None,
        revoked=link.revoked_at is not None,
        decided=link.step.decision is not None,
        reader=reader,
    )


def check_good(session: Session, link: Link, reader: int | None, at: datetime) -> None:
    """Read a link anew whose level's subject is locked. Raises RuleBroken with the sentence of why it is not good."""
    session.refresh(link)
    session.refresh(link.step)
    session.refresh(link.approver, with_for_update={"read": True})  # so that he does not leave meanwhile
    no = why_not_use(facts_of_link(link, reader), at)
    if no is not None:
        raise RuleBroken(no)
