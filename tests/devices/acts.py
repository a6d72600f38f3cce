"""Taking in, issuing, returning and handing over, as hypothesis draws it: chosen by a page, then done in a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.devices.handing_over import accept, decline, offer, withdraw
from dispatch.devices.issuing import Wanted, hand_over, issue
from dispatch.devices.models import HandOver, Holder, Unit
from dispatch.devices.operations import NewSim, NewTerminal, receive_sims, receive_terminals
from dispatch.devices.ownership import Declared, declare
from dispatch.devices.ownership_rules import OURS, Owner, his
from tests.devices.acting import NOTHING, Doing, Outcome, Page, form_key, numbered

MODEL = "BD-808A"


@dataclass(frozen=True)
class Declaring:
    """The office says whose a unit of a technician's bag, or any, is: ours, one customer's or another's, or a third party's."""

    who: str
    pick: int
    whose: int
    by: str

    def on(self, page: Page) -> Doing:
        unit, customers = page.unit(self.pick, page.bag_id(self.who)), page.session.scalars(sa.select(Customer.id)).all()
        choices = (OURS, Owner("third_party", None, "博实结"), *(his(customer_id) for customer_id in customers))
        said = Declared(choices[self.whose % len(choices)], "合同", page.session.get_one(Unit, unit).owner_seq)

        def say_whose(s: Session) -> Outcome:
            declare(s, unit, said, by=page.people[self.by], at=page.at)
            return NOTHING

        return say_whose


@dataclass(frozen=True)
class Receiving:
    kind: str
    number: int
    count: int

    def on(self, page: Page) -> Doing:
        numbers = [numbered(self.kind, page.new_number(self.number) + step) for step in range(self.count)]

        def receive(s: Session) -> Outcome:
            facts: dict[str, Any] = {"store": s.get_one(Holder, page.store_id), "by": page.people["lin"], "at": page.at}
            if self.kind == "terminal":
                receive_terminals(s, [NewTerminal(number, MODEL) for number in numbers], **facts)
            else:
                receive_sims(s, [NewSim(number, number[:19]) for number in numbers], **facts)
            return Outcome(units=self.count, moves=self.count)

        return receive


@dataclass(frozen=True)
class Issuing:
    """By count, and some by number: `picks` of the store's units."""

    to: str
    by: str
    boxes: int
    cards: int
    picks: tuple[int, ...]
    form: int

    def on(self, page: Page) -> Doing:
        named = page.numbers([page.unit(pick, page.store_id) for pick in self.picks])
        wanted = Wanted(tuple(named), {MODEL: self.boxes}, self.cards)
        facts: dict[str, Any] = {
            "wanted": wanted,
            "key": form_key(self.form, page.people[self.by]),
            "by": page.people[self.by],
            "at": page.at,
        }
        person_id = page.people[self.to].id or 0
        return lambda s: _form(
            issue(s, store=s.get_one(Holder, page.store_id), person_id=person_id, **facts), (page.store_id, facts["key"])
        )


@dataclass(frozen=True)
class Returning:
    """The office says that units came out of a bag, into the store or (which it may not) another bag; some may have left it."""

    who: str
    to: str | None
    by: str
    picks: tuple[int, ...]
    form: int

    def on(self, page: Page) -> Doing:
        source, by = page.bag_id(self.who), page.people[self.by]
        to = page.bag_id(self.to) if self.to else page.store_id
        units = [page.unit(pick, source) for pick in self.picks]
        key = form_key(self.form, by)

        def give(s: Session) -> Outcome:
            ends = {"source": s.get_one(Holder, source), "to": s.get_one(Holder, to)}
            return _form(hand_over(s, list(dict.fromkeys(units)), key=key, by=by, at=page.at, **ends), (source, key))

        return give


@dataclass(frozen=True)
class Offering:
    """Units of one's own bag, some parts, or both."""

    who: str
    to: str
    picks: tuple[int, ...]
    counts: tuple[int, int]
    form: int

    def on(self, page: Page) -> Doing:
        bag, by = page.bag_id(self.who), page.people[self.who]
        units = [page.unit(pick, bag) for pick in self.picks]
        facts: dict[str, Any] = {"to_person_id": page.people[self.to].id, "note": "", "key": form_key(self.form, by), "by": by}
        parts = page.part_counts(self.counts)

        def promise(s: Session) -> Outcome:
            offer(s, units, parts=parts, at=page.at, **facts)
            return NOTHING

        return promise


@dataclass(frozen=True)
class Answering:
    """To an offer: the one to whom it belongs to answer so, or a stranger."""

    how: str
    pick: int
    stranger: str | None

    def on(self, page: Page) -> Doing:
        offered = page.hand_over(self.pick)
        first = offered.from_holder if offered.first == "giver" else offered.to_holder
        side = first if self.how == "withdraw" else offered.second
        clerk = "lin" if self.how == "withdraw" or offered.offered_by_id != page.people["lin"].id else "wang"
        owner = next((name for name, actor in page.people.items() if actor.id == side.person_id), clerk)
        facts: dict[str, Any] = {"by": page.people[self.stranger or owner], "at": page.at}

        def answer(s: Session) -> Outcome:
            if self.how == "accept":
                came = accept(s, offered.id, **facts)
                kinds = sum(1 for line in s.get_one(HandOver, offered.id).parts if line.taken) if came else 0
                return Outcome(moves=came - kinds, parts=kinds)
            withdraw(s, offered.id, **facts) if self.how == "withdraw" else decline(s, offered.id, reason="none", **facts)
            return NOTHING

        return answer


def _form(promised: int, sent: object) -> Outcome:
    """Nothing moves with the office's word alone."""
    return Outcome(sent=sent) if promised else NOTHING


_TECHNICIANS = st.sampled_from(["su", "su", "wei", "wei", "zhou"])
_CLERKS = st.sampled_from(["lin", "lin", "lin", "lin", "wang", "su"])
_PICKS = st.lists(st.sampled_from([0, 0, 1, 2, 3, 9, 14]), min_size=1, max_size=4, unique=True).map(tuple)
_FORM = st.one_of(st.just(0), st.integers(1, 2_000))
_FEW, _PICK = st.sampled_from([0, 1, 1, 2]), st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 9])
_TWO = st.sampled_from([("su", "wei"), ("su", "wei"), ("wei", "su"), ("zhou", "su"), ("wei", "zhou"), ("su", "su")])

RECEIVE = st.builds(Receiving, st.sampled_from(["terminal", "sim"]), st.sampled_from([0, 0, 0, 1, 4]), st.integers(1, 3))
ISSUE = st.builds(Issuing, _TECHNICIANS, _CLERKS, _FEW, _FEW, st.one_of(st.just(()), _PICKS), _FORM)
RETURN = st.builds(Returning, _TECHNICIANS, st.sampled_from([None, None, "su", "wei"]), _CLERKS, _PICKS, _FORM)
_COUNTS = st.tuples(st.sampled_from([0, 0, 1, 2, 4]), st.sampled_from([0, 0, 1, 2]))
OFFER = st.builds(lambda two, *facts: Offering(*two, *facts), _TWO, st.one_of(_PICKS, st.just(())), _COUNTS, _FORM)
ANSWER = st.builds(
    Answering,
    st.sampled_from(["accept", "accept", "accept", "decline", "withdraw"]),
    _PICK,
    st.sampled_from([None, None, None, "wei"]),
)
DECLARE = st.builds(Declaring, _TECHNICIANS, _PICK, st.sampled_from([0, 0, 0, 1, 2, 2, 3]), _CLERKS)
