"""Work at the repair bench: a returned unit is received, looked at, and goes back, to the supplier, or out of use for good (P6).

Locks are taken in one order: the holder that has the unit, the unit's position, the return. Each act is a step of STEPS; its form
says by `Seen` what the page showed, so a stale page is refused and a form that comes twice counts once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.devices.bench_asking import ask_for
from dispatch.devices.bench_models import UnitReturn
from dispatch.devices.bench_places import bench_place, customer_place, put_new_one, store_place
from dispatch.devices.bench_rules import faults_of, why_not_scrap
from dispatch.devices.bench_steps import Deed, Seen, do_step, kept_words, reason_words
from dispatch.devices.models import CustodyEntry, CustodyPosition, Unit
from dispatch.devices.ownership import kept_in_store
from dispatch.devices.ownership_following import replaced_by
from dispatch.devices.rules import tidy
from dispatch.errors import Invalid, RuleBroken
from dispatch.staff.rules import Actor
from dispatch.words import say

ASKED_OF_SENDING = {
    "supplier": say("Enter who repairs it."),
    "rma_number": say("Enter the number under which the supplier expects it."),
}


@dataclass(frozen=True)
class Back:
    """Where a unit goes from the bench: into this store, or (None) to the customer: whose it is, else whose vehicle it came from.

    A customer's unit that goes into a store stays `his` there, or becomes `ours` for a reason: `whose` says which.
    """

    store_id: int | None
    whose: str = ""
    reason: str = ""


def receive(session: Session, seen: Seen, *, by: Actor, at: datetime) -> UnitReturn:
    """The unit is at the bench now; one that is in a bag is asked for, and stays there until its owner has said yes, too.

    Raises Conflict for a stale page, as all of these do, and for a unit that is promised to somebody already.
    """

    def received(case: UnitReturn) -> Deed | None:
        bag = session.get_one(CustodyPosition, case.unit_id).holder
        if bag.kind == "bag":
            ask_for(session, case, bag, seen.key, by=by, at=at)
            return None
        facts = {"received_by_id": by.id, "received_by_name": by.name, "received_at": at}
        return Deed(facts, to=bench_place(session, case, "bench"))

    return do_step(session, seen, "receive", received, by=by, at=at)


def diagnose(session: Session, seen: Seen, *, fault: str, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """Say what is wrong with it: a code of FAULTS, and in words what it needs. Raises Invalid for another code."""

    def diagnosed(case: UnitReturn) -> Deed:
        if fault not in faults_of(session.get_one(Unit, case.unit_id).kind):
            raise Invalid({"fault": say("Choose what is wrong with it.")})
        facts = {"fault": fault, "remark": kept_words(remark)}
        return Deed(facts, detail=facts)

    return do_step(session, seen, "diagnose", diagnosed, by=by, at=at)


def repair(session: Session, seen: Seen, *, back: Back, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """It works again and goes into a store or back to the customer.

    Raises Invalid: `back` for no place of this branch, or where nobody says whose a customer's own is then; `reason` for why.
    """
    return do_step(session, seen, "repair", lambda case: _way_back(session, case, back, remark, by, at), by=by, at=at)


def find_no_fault(session: Session, seen: Seen, *, back: Back, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """Nothing is wrong with it: it goes into a store or back to the customer; a fault noted before is taken back."""

    def innocent(case: UnitReturn) -> Deed:
        deed = _way_back(session, case, back, remark, by, at)
        return Deed({**deed.facts, "fault": None}, deed.detail, deed.to)

    return do_step(session, seen, "no_fault", innocent, by=by, at=at)


def _way_back(session: Session, case: UnitReturn, back: Back, remark: str, by: Actor, at: datetime) -> Deed:
    to = customer_place(session, case) if back.store_id is None else store_place(session, case, back.store_id)
    if back.store_id is not None:
        kept_in_store(session, session.get_one(Unit, case.unit_id), back.whose, reason=back.reason, by=by, at=at)
    return Deed({"remark": kept_words(remark) or case.remark}, {"name": to.name, "remark": kept_words(remark)}, to)


def send(session: Session, seen: Seen, *, supplier: str, rma: str, tracking: str, by: Actor, at: datetime) -> UnitReturn:
    """It goes to the supplier, under his number for it (RMA) and, if known, the carrier's. Raises Invalid without the former."""

    def sent(case: UnitReturn) -> Deed:
        facts = {
            "supplier": kept_words(supplier),
            "rma_number": kept_words(rma),
            "tracking_number": kept_words(tracking),
        }
        missing = {name: sentence for name, sentence in ASKED_OF_SENDING.items() if not facts[name]}
        if missing:
            raise Invalid(missing)
        return Deed(facts, facts, bench_place(session, case, "supplier", facts["supplier"] or ""))

    return do_step(session, seen, "send", sent, by=by, at=at)


def take_back(session: Session, seen: Seen, *, remark: str, by: Actor, at: datetime) -> UnitReturn:
    """It has come back from the supplier and is on the bench again."""

    def back(case: UnitReturn) -> Deed:
        return Deed(
            {"remark": kept_words(remark) or case.remark},
            {"remark": kept_words(remark)},
            bench_place(session, case, "bench"),
        )

    return do_step(session, seen, "take_back", back, by=by, at=at)


def replace(session: Session, seen: Seen, *, number: str, store_id: int | None, by: Actor, at: datetime) -> UnitReturn:
    """The supplier keeps it and has sent another one, which is taken into a store under its own number.

    Raises Invalid (`number`, `store`), Conflict when that number is on record already.
    """

    def replaced(case: UnitReturn) -> Deed:
        store = store_place(session, case, store_id or 0, named="store")
        new_id = put_new_one(session, case, number, store=store, by=by, at=at)
        replaced_by(session, session.get_one(Unit, case.unit_id), new_id, order_id=case.order_id, by=by, at=at)
        born = session.scalars(sa.select(CustodyEntry.id).where(CustodyEntry.unit_id == new_id)).one()
        return Deed({"replacement_id": new_id}, {"number": tidy(number), "name": store.name}, entry_id=born)

    return do_step(session, seen, "replace", replaced, by=by, at=at)


def propose_scrap(session: Session, seen: Seen, *, reason: str, by: Actor, at: datetime) -> UnitReturn:
    """Ask that it be given up, and say why; it stays on the bench until somebody else has decided."""

    def proposed(_case: UnitReturn) -> Deed:
        said = reason_words(reason)
        return Deed({"scrap_reason": said, "scrap_by_id": by.id, "scrap_by_name": by.name}, {"reason": said})

    return do_step(session, seen, "propose_scrap", proposed, by=by, at=at)


def scrap(session: Session, seen: Seen, *, by: Actor, at: datetime) -> UnitReturn:
    """Approve that it is given up. Raises RuleBroken for whoever has proposed it."""

    def given_up(case: UnitReturn) -> Deed:
        if problem := why_not_scrap(case.scrap_by_id, by.id):
            raise RuleBroken(problem)
        return Deed({"approved_by_id": by.id, "approved_by_name": by.name}, to=bench_place(session, case, "scrapped"))

    return do_step(session, seen, "scrap", given_up, by=by, at=at)


def keep(session: Session, seen: Seen, *, reason: str, by: Actor, at: datetime) -> UnitReturn:
    """It is not given up after all; the bench goes on with it."""

    def kept(_case: UnitReturn) -> Deed:
        return Deed({"scrap_reason": None, "scrap_by_id": None, "scrap_by_name": None}, {"reason": reason_words(reason)})

    return do_step(session, seen, "keep", kept, by=by, at=at)
