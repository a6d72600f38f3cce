"""What a technician sent that fits nothing, as the office sees it on the order: his version and that of the record."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.rules import show_plate
from dispatch.devices.fitted import IN_YOUR_BAG
from dispatch.devices.models import Unit
from dispatch.devices.queries import fitted_by_role
from dispatch.devices.slot_rules import MAIN, role_in
from dispatch.field.models import FieldFact
from dispatch.field.rules import RESULTS, TESTS
from dispatch.orders.models import Order, OrderLine, Visit
from dispatch.orders.status_words import WORDS
from dispatch.staff.models import Person
from dispatch.words import Text, say, text_from_json

Inside = Mapping[int, Mapping[str, Mapping[str, Unit]]]
"""What is in vehicles now: vehicle id -> kind -> unit."""


@dataclass(frozen=True)
class Disputed:
    """What was sent and fits nothing: by whom, what he said, why it was refused, and what the record says now."""

    id: uuid.UUID
    kind: str
    who: str
    device_at: datetime
    received_at: datetime
    said: Sequence[tuple[Text, Text | str]]
    why: Text | None
    record: Sequence[Text]


def disputed_of(session: Session, order: Order) -> list[Disputed]:
    """The open ones of an order, the oldest first."""
    query = sa.select(FieldFact, Person.name, Visit, OrderLine).join(Person, Person.id == FieldFact.person_id)
    query = query.outerjoin(Visit, Visit.id == FieldFact.visit_id)
    named = sa.cast(OrderLine.id, sa.Text) == FieldFact.content["line"].astext
    query = query.outerjoin(OrderLine, sa.and_(OrderLine.order_id == order.id, named)).options(joinedload(OrderLine.vehicle))
    mine = sa.func.coalesce(FieldFact.order_id, Visit.order_id) == order.id
    still_open = (FieldFact.state == "disputed", FieldFact.outcome["settled"].is_(None))
    rows = session.execute(query.where(mine, *still_open).order_by(FieldFact.received_at)).all()
    about = [(line, fact, who, visit) for fact, who, visit, line in rows]
    vehicles = {line.vehicle_id for line, *_ in about if line}
    inside = fitted_by_role(session, list(vehicles)) if vehicles else {}
    return [_dispute(inside, *each) for each in about]


IN_HIS_BAG = say("%(unit)s is not in %(name)s's bag: it is %(place)s.").msgid


def why_of(fact: FieldFact, who: str) -> Text | None:
    """Why a fact of this person was refused, as somebody else reads it: the bag was not the reader's."""
    if not fact.outcome or not fact.outcome.get("msgid"):
        return None
    told = text_from_json(fact.outcome)
    told = told.params.get("said", told)  # what the technician is to do is nothing to somebody else
    return Text(IN_HIS_BAG, {**told.params, "name": who}) if told.msgid == IN_YOUR_BAG else told


def said_of(
    session: Session, facts: Sequence[FieldFact], known: Iterable[OrderLine] = ()
) -> dict[uuid.UUID, list[tuple[Text, Text | str]]]:
    """What each of these facts says, in words, by its id; one statement for the lines that are not among the `known`."""
    lines = {line.id: line for line in known}
    wanted = {key for fact in facts if isinstance(key := fact.content.get("line"), int)} - lines.keys()
    if wanted:
        query = sa.select(OrderLine).where(OrderLine.id.in_(wanted)).options(joinedload(OrderLine.vehicle))
        lines |= {line.id: line for line in session.scalars(query)}
    return {fact.id: list(_said(fact, lines.get(fact.content.get("line") or 0))) for fact in facts}


@dataclass(frozen=True)
class OwnDispute:
    """A fact of his own that fitted nothing, as its technician sees it: `answer` is what the office says to it, if it has, and
    `how` whether that was "applied", "set_aside" or "settled" otherwise."""

    kind: str
    line_id: int | None
    said: Sequence[tuple[Text, Text | str]]
    answer: str | None
    how: str = ""
    visit_id: int | None = None


def own_disputes(session: Session, facts: Sequence[FieldFact], lines: Iterable[OrderLine]) -> list[OwnDispute]:
    """Facts of a visit that fitted nothing, as their technician sees them; `lines` are those of its order."""
    said = said_of(session, facts, lines)
    return [_own(fact, said[fact.id]) for fact in facts]


def _own(fact: FieldFact, said: Sequence[tuple[Text, Text | str]]) -> OwnDispute:
    told = fact.settled or {}
    return OwnDispute(fact.kind, fact.content.get("line"), said, told.get("reason"), told.get("how", ""), fact.visit_id)


def lately_settled(session: Session, person_id: int, since: datetime) -> list[OwnDispute]:
    """What was decided since the moment on what somebody sent and fitted nothing, the newest first: his visit may be over."""
    at = FieldFact.outcome["settled"]["at"].astext.cast(sa.DateTime(timezone=True))
    mine = (FieldFact.person_id == person_id, FieldFact.state == "disputed", at >= since)
    facts = session.scalars(sa.select(FieldFact).where(*mine).order_by(at.desc()).limit(MOST_TOLD)).all()
    said = said_of(session, facts) if facts else {}
    return [_own(fact, said[fact.id]) for fact in facts]


MOST_TOLD = 5
"""Of so many decisions a day's page tells."""


def _dispute(inside: Inside, line: OrderLine | None, fact: FieldFact, who: str, visit: Visit | None) -> Disputed:
    return Disputed(
        id=fact.id,
        kind=fact.kind,
        who=who,
        device_at=fact.device_at,
        received_at=fact.received_at,
        said=list(_said(fact, line)),
        why=why_of(fact, who),
        record=list(_record(inside, fact, visit, line)),
    )


SAID: dict[str, Text] = {
    "terminal": say("New terminal"),
    "sim": say("New SIM"),
    "old_terminal": say("Old terminal"),
    "old_sim": say("Old SIM"),
    "amount": say("Amount"),
    "code": say("Code"),
    "quantity": say("Quantity"),
    "number": say("Receipt"),
    "invoice_number": say("Invoice"),
    "what_for": say("What for?"),
    "reason": say("Reason"),
    "note": say("Note"),
    "signer": say("Signed by"),
}
"""What of a fact is worth reading, in words."""


def _said(fact: FieldFact, line: OrderLine | None) -> Iterator[tuple[Text, Text | str]]:
    """The content of a fact as a person reads it."""
    if line is not None:
        yield say("Vehicle"), show_plate(line.vehicle.plate) if line.vehicle.plate else line.vehicle.vin or "—"
    for name, label in SAID.items():
        if fact.content.get(name):
            yield label, str(fact.content[name])
    results = fact.content.get("results")
    for item, told in results.items() if isinstance(results, dict) else ():
        if item in TESTS and isinstance(told, dict):
            yield TESTS[item], RESULTS.get(str(told.get("result")), "—")


def _record(inside: Inside, fact: FieldFact, visit: Visit | None, line: OrderLine | None) -> Iterator[Text]:
    """How the record stands now."""
    if visit is not None:
        yield say("The visit is: %(status)s", status=WORDS["visit"].get(visit.status, visit.status))
    if line is None:
        return
    yield say("The vehicle is: %(status)s", status=WORDS["line"].get(line.status, line.status))
    if fact.kind.startswith("line."):
        units = inside.get(line.vehicle_id, {}).get(role_in(fact.content.get("role"), line.role) or MAIN, {})
        yield say("Terminal in the vehicle: %(number)s", number=_number(units, "terminal"))
        yield say("SIM in the vehicle: %(number)s", number=_number(units, "sim"))


def _number(units: Mapping[str, Unit], kind: str) -> Text | str:
    return units[kind].number if kind in units else say("none")
