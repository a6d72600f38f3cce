"""Sending to another branch, counting and taking back, as hypothesis draws it: chosen by a page, then done in a session."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from dispatch.devices import counting, part_missing, transferring
from dispatch.devices.counts import last_scan, under_way
from dispatch.devices.issuing import Wanted
from dispatch.devices.models import CustodyEntry, CustodyPosition, Holder, StockCount, Transfer, TransferPart, TransferUnit
from dispatch.devices.taking_back import take_back
from dispatch.staff.models import Person
from tests.devices.acting import ASTRAY, NOTHING, Doing, Outcome, Page, form_key, picked
from tests.devices.acts import MODEL


def far_store(page: Page) -> Holder:
    """The store of the other branch."""
    he = page.session.get_one(Person, page.people["he"].id)
    return page.session.scalars(sa.select(Holder).where(Holder.kind == "store", Holder.branch_id == he.branch_id)).one()


@dataclass(frozen=True)
class Sending:
    """Out of a branch's store to the other branch, by count and some by number; and some parts."""

    by: str
    boxes: int
    cards: int
    picks: tuple[int, ...]
    counts: tuple[int, int]
    form: int

    def on(self, page: Page) -> Doing:
        far = far_store(page)
        back = self.by == "he"
        near_branch = page.session.get_one(Holder, page.store_id).branch_id
        store_id, to = (far.id, near_branch) if back else (page.store_id, far.branch_id)
        named = page.numbers([page.unit(pick, store_id) for pick in self.picks])
        wanted = Wanted(tuple(named), {MODEL: self.boxes}, self.cards)
        by = page.people[self.by]
        facts: dict[str, Any] = {"to_branch_id": to, "note": "", "key": form_key(self.form, by), "by": by, "at": page.at}
        facts["parts"] = page.part_counts(self.counts)

        def send(s: Session) -> Outcome:
            made = transferring.send(s, store=s.get_one(Holder, store_id), wanted=wanted, **facts)
            return Outcome(moves=len(made.lines), parts=len(made.parts)) if _of_this_transaction(s, made) else NOTHING

        return send


def _of_this_transaction(session: Session, made: Transfer) -> bool:
    """Whether this transaction made it: a form pressed twice finds the first one."""
    own = sa.text("SELECT xmin = pg_current_xact_id()::xid FROM transfer WHERE id = :id")
    return bool(session.scalar(own, {"id": made.id}))


@dataclass(frozen=True)
class Settling:
    """A transfer: received whole or in part, taken back, a missing unit or part found or written off; by who may, or not.

    Of each part `fewer` than were sent have arrived, and one at a time is found.
    """

    how: str
    pick: int
    most: int
    fewer: int
    stranger: str | None

    def on(self, page: Page) -> Doing:
        query = sa.select(Transfer).order_by(Transfer.status != "sent", Transfer.id.desc())
        if self.how in ("found", "lost"):
            missing = sa.or_(
                sa.exists().where(TransferUnit.transfer_id == Transfer.id, TransferUnit.status == "missing"),
                sa.exists().where(TransferPart.transfer_id == Transfer.id, TransferPart.missing > TransferPart.found),
            )
            query = sa.select(Transfer).order_by(~missing, Transfer.id.desc())
        made = picked(page.session.scalars(query.limit(self.pick + 1)).all(), self.pick)
        sender, taker = ("he", "lin") if made.from_branch_id == page.people["he"].branch_id else ("lin", "he")
        owner = {"receive": taker, "withdraw": sender, "found": sender, "lost": "wang"}[self.how]
        facts: dict[str, Any] = {"by": page.people[self.stranger or owner], "at": page.at}
        ids = [line.unit_id for line in made.lines][: self.most]
        into = far_store(page).id if taker == "he" else page.store_id
        answers = page.people["lin"].id
        line = next((line for line in made.lines if line.status == "missing"), made.lines[0] if made.lines else None)
        short = next((line.part_id for line in made.parts if line.still_missing), None)
        arrived = {line.part_id: max(0, line.sent - self.fewer) for line in made.parts}

        def settle(s: Session) -> Outcome:
            if self.how == "receive":
                why = {"into": s.get_one(Holder, into), "reason": "short", "answers_id": answers, "parts": arrived}
                return _split(transferring.receive(s, made.number, ids, **why, **facts), sum(map(bool, arrived.values())))
            if self.how == "withdraw":
                return _split(transferring.withdraw(s, made.number, **facts), len(arrived))
            if line is None or (short and line.status != "missing"):
                return _settle_parts(s, self.how, made.number, short or 0, facts)
            if self.how == "found":
                transferring.turn_up(s, made.number, line.unit_id, **facts)
            else:
                transferring.write_off(s, made.number, line.unit_id, note="gone", **facts)
            return Outcome(moves=1)

        return settle


def _split(came: int, kinds: int) -> Outcome:
    """What was told of units and kinds of parts together."""
    return Outcome(moves=came - kinds, parts=kinds) if came else NOTHING


def _settle_parts(s: Session, how: str, number: str, part_id: int, facts: dict[str, Any]) -> Outcome:
    if how == "found":
        part_missing.turn_up_parts(s, number, part_id, 1, key=uuid.uuid4(), **facts)
    else:
        part_missing.write_off_parts(s, number, part_id, note="gone", **facts)
    return Outcome(parts=1)


@dataclass(frozen=True)
class Counting:
    """One step of a count of a store or bag: the `next` one by whoever does it, or any step of any count."""

    how: str
    who: str | None
    by: str
    picks: tuple[int, ...]
    whole: bool
    form: int

    def on(self, page: Page) -> Doing:
        place = page.bag_id(self.who) if self.who else page.store_id
        count = under_way(page.session, place) or page.session.scalar(
            sa.select(StockCount).order_by(StockCount.id.desc()).limit(1)
        )
        how = self._next(page, place) if self.how == "next" else self.how
        by = page.people[{"approve": "wang"}.get(how, "lin") if self.how == "next" else self.by]
        facts: dict[str, Any] = {"by": by, "at": page.at}
        number, counted = (count.number, count.holder_id) if count else ("PD-SZ-2026-9999", place)
        own = page.session.scalars(sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_id == counted)).all()
        units = [*(own if self.whole else own[1:]), *(page.unit(pick, counted) for pick in self.picks)]
        names = page.numbers(units)
        key = form_key(self.form, by)

        def step(s: Session) -> Outcome:
            if how == "start":
                counting.start(s, s.get_one(Holder, place), key=key, **facts)
            elif how == "scan":
                counting.scan(s, number, names, key=key, **facts)
            elif how == "finish":
                counting.finish(s, number, {}, rest="so it is", **facts)
            elif how == "approve":
                return Outcome(moves=sum(each.is_booked for each in counting.approve(s, number, **facts)))
            else:
                counting.drop(s, number, **facts)
            return NOTHING

        return step

    @staticmethod
    def _next(page: Page, place: int) -> str:
        count = under_way(page.session, place)
        if count is None or count.status == "finished":
            return "approve" if count else "start"
        return "finish" if last_scan(page.session, count) else "scan"


@dataclass(frozen=True)
class Approving:
    """A place was counted, all but its first unit and with some that are elsewhere; now the manager approves it."""

    who: str | None
    picks: tuple[int, ...]

    def on(self, page: Page) -> Doing:
        s, place = page.session, page.bag_id(self.who) if self.who else page.store_id
        lin: dict[str, Any] = {"by": page.people["lin"], "at": page.at}
        count = under_way(s, place) or counting.start(s, s.get_one(Holder, place), key=uuid.uuid4(), **lin)
        if count.status == "open":
            own = s.scalars(sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_id == place)).all()
            units = [*own[1:], *(page.unit(ASTRAY + pick, place) for pick in self.picks)]
            names = page.numbers(units) or ["nothing"]
            counting.scan(s, count.number, names, key=uuid.uuid4(), **lin)
            counting.finish(s, count.number, {}, rest="so it is", **lin)
        facts: dict[str, Any] = {"by": page.people["wang"], "at": page.at}
        number = count.number
        return lambda s: Outcome(moves=sum(each.is_booked for each in counting.approve(s, number, **facts)))


@dataclass(frozen=True)
class TakingBack:
    """The newest move of a unit of a bag or store, or an older one of any unit."""

    by: str
    who: str | None
    pick: int

    def on(self, page: Page) -> Doing:
        unit_id = page.unit(self.pick, page.bag_id(self.who) if self.who else page.store_id)
        entries = sa.select(CustodyEntry.id).where(CustodyEntry.unit_id == unit_id).order_by(CustodyEntry.seq.desc())
        entry_id = picked(page.session.scalars(entries.limit(2)).all(), self.pick if self.pick >= ASTRAY else 0)
        facts: dict[str, Any] = {"reason": "wrong", "by": page.people[self.by], "at": page.at}
        facts["store_id"] = page.store_id  # for what was lost

        def mend(s: Session) -> Outcome:
            take_back(s, unit_id, entry_id, **facts)
            return Outcome(moves=1)

        return mend


_PICKS = st.lists(st.sampled_from([0, 0, 1, 2, 9]), min_size=0, max_size=3, unique=True).map(tuple)
_FORM = st.one_of(st.just(0), st.integers(1, 2_000))
_FEW, _PICK = st.sampled_from([0, 1, 1, 2]), st.sampled_from([0, 0, 0, 0, 1, 1, 2, 9])
_BAG = st.sampled_from([None, None, "su", "wei"])

_COUNTS = st.tuples(st.sampled_from([0, 0, 1, 3]), st.sampled_from([0, 1, 2]))

SEND = st.builds(Sending, st.sampled_from(["lin", "lin", "wang", "he", "su"]), _FEW, _FEW, _PICKS, _COUNTS, _FORM)
SETTLE = st.builds(
    Settling,
    st.sampled_from(["receive", "receive", "withdraw", "withdraw", "found", "found", "lost"]),
    st.sampled_from([0, 0, 0, 1, 2]),
    st.sampled_from([99, 99, 1, 0]),
    st.sampled_from([0, 0, 1, 2]),
    st.sampled_from([None, None, None, "su", "he"]),
)
COUNT = st.builds(
    Counting,
    st.sampled_from([*["next"] * 8, "start", "scan", "finish", "approve", "drop"]),
    _BAG,
    st.sampled_from(["lin", "lin", "lin", "wang", "wang"]),
    _PICKS,
    st.booleans(),
    _FORM,
)
APPROVE = st.builds(Approving, st.sampled_from([None, "su", "su", "wei"]), _PICKS)
TAKE_BACK = st.builds(
    TakingBack, st.sampled_from(["wang", "wang", "wang", "lin", "su"]), st.sampled_from(["su", "wei", "su", None]), _PICK
)
