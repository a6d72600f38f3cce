"""A list that was sent in waits; a person who has looked at it says yes; then all its good rows are taken in, or none."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dispatch.audit.operations import record
from dispatch.clock import local_day
from dispatch.devices.forms import SimRow, TerminalRow
from dispatch.devices.operations import NewSim, NewTerminal, receive_sims, receive_terminals, store_named
from dispatch.devices.part_moves import lock_parts
from dispatch.devices.part_queries import parts_coded
from dispatch.devices.part_stock import PartFacts, add_part, receive
from dispatch.devices.queries import models
from dispatch.devices.warranty_queries import general_months
from dispatch.errors import Conflict, Invalid, RuleBroken
from dispatch.fees.forms import PriceRow
from dispatch.fees.operations import NewPrice, set_prices
from dispatch.fees.price_rules import Whom
from dispatch.intake.lists import KINDS, BadRow, bad_to_json, from_json, words_of
from dispatch.intake.marks import Marked, marked_rows, takeable
from dispatch.intake.models import DOUBLING, Upload
from dispatch.intake.operations.filing import remember_columns
from dispatch.intake.operations.uploads import check_version, locked_upload
from dispatch.intake.owned import take_owners
from dispatch.intake.priced import Meant, whose_prices
from dispatch.intake.progress import Tell, in_silence
from dispatch.intake.queries import same_file_taken
from dispatch.intake.technicians import new_technician, updated
from dispatch.staff.models import Branch
from dispatch.staff.operations import add_person, change_person
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

ALREADY = say("This file was taken in already; nothing was taken twice.")
LONGEST_STORE = 60
PARTS_NAMESPACE = uuid.UUID("0d0f2f0e-59f2-4a63-9d0e-0c7f4f7b1a14")


@dataclass(frozen=True)
class Choice:
    """What the person decided at the preview.

    `expected` is how many rows the preview promised; `leave_out` that the others may be left out; `store` takes the units of rows
    that name none; `trained` are the sheet rows of technicians who passed the product training, on `trained_on` (P15); `change`
    that people on record may be changed: without it the rows that would change somebody are left out. `again`: the very same
    file, taken in before, is another delivery. `version` is the upload's that he saw.
    """

    expected: int
    leave_out: bool = False
    store: str = ""
    trained: frozenset[int] = frozenset()
    trained_on: date | None = None
    change: bool = False
    again: bool = False
    version: int | None = None


def choice_to_json(choice: Choice) -> dict[str, Any]:
    """What was decided, for the worker."""
    kept = asdict(choice) | {"trained": sorted(choice.trained)}
    return kept | {"trained_on": choice.trained_on.isoformat() if choice.trained_on else None}


def choice_from_json(stored: dict[str, Any]) -> Choice:
    """What `choice_to_json` gave -> Choice."""
    day = date.fromisoformat(stored["trained_on"]) if stored["trained_on"] else None
    return Choice(**stored | {"trained": frozenset(stored["trained"]), "trained_on": day})


def take_list(
    session: Session, upload_id: int, kind: str, *, choice: Choice, by: Actor, at: datetime, tell: Tell = in_silence
) -> int:
    """Take the good rows of a list in, all of them or none; returns how many.

    Raises Conflict when it was taken in already or the record changed since the preview, Invalid when rows would have to be left
    out and nobody agreed to that.
    """
    upload = locked_upload(session, upload_id, kind, by, permission=KINDS[kind].permission)
    if upload.done_at is not None:
        raise Conflict(ALREADY)
    check_version(upload, choice.version)
    reading = from_json(kind, upload.content)
    tell("checking", 0, len(reading.rows))
    marked = marked_rows(session, kind, reading, by)
    ready = takeable(marked)
    _check(choice, ready, left=len(reading.bad) + len(marked) - len(ready))
    ready = _agreed(kind, ready, choice)
    upload.again = _is_another(session, upload, choice, by)
    tell("rows", 0, len(ready))
    _TAKERS[kind](session, upload, ready, choice, by, at)
    remember_columns(session, upload, None, by=by, at=at)
    upload.done_at, upload.file = at, None
    upload.content = upload.content | {"taken": len(ready), "skipped": bad_to_json(_skipped(marked, ready))}
    record(session, ("upload", upload.id), f"{kind}.import", by=by, at=at, detail={"file": upload.file_name, "rows": len(ready)})
    return len(ready)


def _is_another(session: Session, upload: Upload, choice: Choice, by: Actor) -> bool:
    """Was the very same file taken in before? Raises Invalid where that would count twice and nobody said that it is another."""
    before = same_file_taken(session, upload.purpose, upload.file_hash, by)
    if before is not None and upload.purpose in DOUBLING and not choice.again:
        raise Invalid({"again": say("This very file was taken in before. Tick that it is another delivery, if it is.")})
    return before is not None


def _skipped(marked: Sequence[Marked], taken: Sequence[Marked]) -> list[BadRow]:
    """The rows that could be read and were not taken, with the reason: afterwards the record no longer tells it."""
    rows = {each.row.row for each in taken}
    left = [each for each in marked if each.row.row not in rows]
    return [BadRow(each.row.row, words_of(each.row), (("", each.refused or NOT_AGREED),)) for each in left]


NOT_AGREED = say("would change somebody on record, and that was not agreed to")
CHANGED = say(
    "Since you looked, the record has changed: %(now)s rows can be taken now, not %(then)s. Nothing was taken in; look again."
)
LEFT_OUT = say("%(n)s rows cannot be taken. Agree to leave them out, or mend the file and send it again.")


def _check(choice: Choice, ready: Sequence[Marked], *, left: int) -> None:
    if not ready:
        raise RuleBroken(say("The file lists nothing that could be taken in."))
    if len(ready) != choice.expected:
        raise Conflict(CHANGED.msgid, now=len(ready), then=choice.expected)
    if left and not choice.leave_out:
        raise Invalid({"leave_out": Text(LEFT_OUT.msgid, {"n": left})})


def _agreed(kind: str, ready: list[Marked], choice: Choice) -> list[Marked]:
    """The rows a person agreed to. Raises Invalid when there are none: every row would change somebody on record."""
    if kind != "technicians" or choice.change:
        return ready
    agreed = [each for each in ready if each.change != "update"]
    if not agreed:
        raise Invalid({"change": say("Every row changes somebody on record. Agree to that, or there is nothing to take in.")})
    return agreed


# --- terminals and SIMs


def _take_terminals(session: Session, upload: Upload, ready: Sequence[Marked], choice: Choice, by: Actor, at: datetime) -> None:
    terms = {model.name: model.warranty_months for model in models(session)}
    usual = general_months(session, local_day(at, by.zone))
    for store, rows in _by_store(ready, choice).items():
        place = store_named(session, branch_id=upload.branch_id, name=store)
        receive_terminals(session, [_new_terminal(row, terms, usual) for row in rows], store=place, by=by, at=at)
        take_owners(session, rows, by=by, at=at)


def _take_sims(session: Session, upload: Upload, ready: Sequence[Marked], choice: Choice, by: Actor, at: datetime) -> None:
    for store, rows in _by_store(ready, choice).items():
        place = store_named(session, branch_id=upload.branch_id, name=store)
        receive_sims(session, [_new_sim(row) for row in rows], store=place, by=by, at=at)
        take_owners(session, rows, by=by, at=at)


def _take_parts(session: Session, upload: Upload, ready: Sequence[Marked], choice: Choice, by: Actor, at: datetime) -> None:
    for row in {each.row.code: each.row for each in ready if each.before is None}.values():
        add_part(session, row.code, PartFacts(row.name, row.unit), by=by, at=at)
    known = parts_coded(session, [each.row.code for each in ready])
    lock_parts(session, [part.id for part in known.values()])  # all at once, before the trail of any store is held
    for store, rows in _by_store([each for each in ready if each.row.quantity], choice).items():
        place = store_named(session, branch_id=upload.branch_id, name=store)
        counts: Counter[int] = Counter()
        for row in rows:
            counts[known[row.code].id] += row.quantity
        key = uuid.uuid5(PARTS_NAMESPACE, f"{upload.id}:{place.id}")
        receive(session, place, counts, note=upload.file_name, key=key, by=by, at=at)


def _by_store(ready: Sequence[Marked], choice: Choice) -> dict[str, list[Any]]:
    """The rows by the store they go to. Raises Invalid when some name none and none was chosen."""
    stores: dict[str, list[Any]] = {}
    for each in ready:
        stores.setdefault(each.row.store or " ".join(choice.store.split()), []).append(each.row)
    if "" in stores:
        raise Invalid({"store": say("Name the store that takes them in.")})
    if any(len(name) > LONGEST_STORE for name in stores):
        raise Invalid({"store": say("At most %(n)s characters, please.", n=LONGEST_STORE)})
    return stores


def _new_terminal(row: TerminalRow | SimRow, terms: dict[str, int], usual: int) -> NewTerminal:
    assert isinstance(row, TerminalRow)
    months = row.warranty_months if row.warranty_months is not None else terms.get(row.model, usual)
    texts = {"batch": row.batch or None, "phone_808": row.phone_808, "terminal_id": row.terminal_id}
    return NewTerminal(row.serial, row.model, row.imei, received_on=row.received_on, warranty_months=months, **texts)


def _new_sim(row: TerminalRow | SimRow) -> NewSim:
    assert isinstance(row, SimRow)
    texts = {"carrier": row.carrier or None, "plan": row.plan or None, "imsi": row.imsi}
    return NewSim(row.iccid.printed, row.iccid.key, row.msisdn, expires_on=row.expires_on, bound_imei=row.bound_imei, **texts)


# --- technicians


def _take_technicians(session: Session, upload: Upload, ready: Sequence[Marked], choice: Choice, by: Actor, at: datetime) -> None:
    if choice.trained and choice.trained_on is None:
        raise Invalid({"trained_on": say("On which day did they pass?")})
    branch = session.get_one(Branch, upload.branch_id)
    for each in ready:
        trained_on = choice.trained_on if each.row.row in choice.trained else None
        if each.before is None:
            add_person(session, branch=branch, new=new_technician(each.row, trained_on), by=by, at=at)
        else:
            change_person(session, each.before, new=updated(each.before, each.row, trained_on), by=by, at=at)


# --- prices


def _take_prices(session: Session, _: Upload, ready: Sequence[Marked], _choice: Choice, by: Actor, at: datetime) -> None:
    meant = whose_prices(session, [each.row for each in ready], by)
    set_prices(session, [_new_price(each.row, meant[each.row.row]) for each in ready], by=by, at=at)


def _new_price(row: PriceRow, whose: Meant) -> NewPrice:
    assert isinstance(whose, Whom)
    what = (row.code, row.name, row.category, row.amount, row.tax_rate)
    return NewPrice(*what, row.valid_from, row.valid_to, whose.branch_id, whose.customer_id, row.contract or None)


_TAKERS: dict[str, Callable[[Session, Upload, Sequence[Marked], Choice, Actor, datetime], None]] = {
    "terminals": _take_terminals,
    "sims": _take_sims,
    "parts": _take_parts,
    "technicians": _take_technicians,
    "prices": _take_prices,
}
