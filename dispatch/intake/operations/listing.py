"""A list of repair calls becomes orders; a call about a vehicle whose order is under way joins that order.

All of the chosen calls are taken or none: they are one transaction, written with few statements. Whoever takes a call meanwhile
waits for its number for the seconds that the orders take; everything that can be done before is done before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.audit.operations import record_many
from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.operations import (
    Pin,
    customers_named,
    fleet_named,
    keep_contacts,
    move_pin,
    pin_told,
    sites_at,
    takes_pin,
)
from dispatch.customers.queries import places_known
from dispatch.devices.queries import models
from dispatch.errors import RuleBroken
from dispatch.intake.call_doubts import call_of
from dispatch.intake.calls import RepairCall
from dispatch.intake.forms import Call, call_doubts
from dispatch.intake.lists import Reading, from_json
from dispatch.intake.marks import marked_rows, takeable
from dispatch.intake.models import Upload
from dispatch.intake.operations.calling import better_pin, order_of, pin_given, vehicle_facts
from dispatch.intake.operations.filing import remember_columns
from dispatch.intake.operations.uploads import check_version, locked_upload
from dispatch.intake.progress import Tell, in_silence
from dispatch.intake.queries import taken_rows
from dispatch.intake.rules import model_of
from dispatch.intake.stored_calls import key_of
from dispatch.orders.contact_queries import orders_under_way
from dispatch.orders.models import Order
from dispatch.orders.operations.joining import SaidAgain, join_calls
from dispatch.orders.operations.moves import locked_orders
from dispatch.orders.operations.taking import NewLine, Wanted, take_orders
from dispatch.staff.rules import Actor
from dispatch.words import say, text_to_json

UNABLE = say("%(n)s of the chosen calls cannot be taken as they are. Nothing was taken in: mend them, or untick them.")
AT_ONCE = 500
"""So many vehicles or orders are written before a word is said of how far it is."""


@dataclass
class _Taken:
    """A row on its way: what it says, whose it is and about which vehicle, and the order that it became or joined."""

    row: RepairCall
    call: Call
    customer: Customer
    vehicle: Vehicle
    order: Order | None = None


@dataclass(frozen=True)
class Chosen:
    """The rows of a list that are to be taken: those ticked, and where a page showed only some (`shown`) of a long list, of the
    others whatever can be taken."""

    ticked: Collection[int]
    shown: Collection[int] | None = None

    def has(self, row: int) -> bool:
        """Is it ticked, or one of the others?"""
        return row in self.ticked or (self.shown is not None and row not in self.shown)


def take_calls(
    session: Session,
    upload_id: int,
    chosen: Chosen,
    *,
    by: Actor,
    at: datetime,
    version: int | None = None,
    tell: Tell = in_silence,
) -> int:
    """Take the chosen rows of a list, all or none; returns how many. What was taken before, from this upload or another of the
    same file, is not taken again.

    Raises RuleBroken when one of them cannot be taken, Conflict for a stale page.
    """
    upload = locked_upload(session, upload_id, "calls", by)
    check_version(upload, version)
    _hold_file(session, upload)
    reading = from_json("calls", upload.content)
    done = taken_rows(session, upload, reading)
    tell("checking", 0, len(reading.rows))
    rows = _able(session, reading, chosen, done, by)
    _take(session, upload, rows, by=by, at=at, tell=tell)
    if len(done) + len(rows) == len(reading.rows) and not reading.bad:
        upload.done_at, upload.file = at, None
    remember_columns(session, upload, None, by=by, at=at)
    session.flush()
    return len(rows)


def _able(session: Session, reading: Reading, chosen: Chosen, done: Collection[int], by: Actor) -> list[RepairCall]:
    """The chosen rows that are not taken yet. Raises RuleBroken when one that was ticked cannot be."""
    ticked, shown = frozenset(chosen.ticked), None if chosen.shown is None else frozenset(chosen.shown)
    wanted = Chosen(ticked, shown)
    rows = [row for row in reading.rows if wanted.has(row.row) and row.row not in done]
    able = takeable(marked_rows(session, "calls", replace(reading, rows=tuple(rows)), by))
    unable = {row.row for row in rows} - {each.row.row for each in able}
    if unable & ticked:
        raise RuleBroken(UNABLE.msgid, n=len(unable & ticked))
    return [each.row for each in able]


def _hold_file(session: Session, upload: Upload) -> None:
    """Two people with the same file: the second waits for the first, and finds what he has taken."""
    name = f"calls:{upload.branch_id}:{upload.file_hash.hex()}"
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def _take(session: Session, upload: Upload, rows: Sequence[RepairCall], *, by: Actor, at: datetime, tell: Tell) -> None:
    if not rows:
        return
    taken = _gathered(session, upload, rows, by=by, at=at, tell=tell)
    again = _to_join(session, taken, by)
    first = [each for each in taken if each.order is None and each.row.row not in again]
    sites = _sites(session, first, by=by, at=at)
    known = [model.name for model in models(session)]
    for start in range(0, len(first), AT_ONCE):
        tell("orders", start, len(rows))
        piece = first[start : start + AT_ONCE]
        wanted = [_wanted(each, sites[each.customer.id, each.call.address], known) for each in piece]
        for each, order in zip(piece, take_orders(session, wanted, by=by, at=at, zone=by.zone), strict=True):
            each.order = order
    by_row = {each.row.row: each for each in taken}
    for row, first_row in again.items():
        by_row[row].order = by_row[first_row].order
    tell("joining", len(first), len(rows))
    made = {each.row.row for each in first}
    joins = [(each.order, _said(each)) for each in taken if each.row.row not in made and each.order is not None]
    join_calls(session, joins, by=by, at=at)
    tell("joining", len(rows), len(rows))


def _gathered(
    session: Session, upload: Upload, rows: Sequence[RepairCall], *, by: Actor, at: datetime, tell: Tell
) -> list[_Taken]:
    """The rows with their customers, remembered callers, and vehicles."""
    assert by.branch_id is not None
    calls = [call_of(row, key_of(upload, row.row), by.zone) for row in rows]
    customers = customers_named(session, branch_id=by.branch_id, names={call.customer for call in calls}, by=by, at=at)
    keep_contacts(session, ((customers[call.customer], call.contact, call.phone) for call in calls))
    fleet = fleet_named(session, [call.plate for call in calls], [call.vin for call in calls])
    taken = []
    for row, call in zip(rows, calls, strict=True):
        customer = customers[call.customer]
        vehicle = fleet.meant(session, customer, vehicle_facts(call, fleet.colours(call.plate)), by=by, at=at)
        taken.append(_Taken(row, call, customer, vehicle))
    while fleet.unsaved:
        tell("vehicles", len(rows) - fleet.unsaved, len(rows))
        fleet.save(session, AT_ONCE, by=by, at=at)
    return taken


def _to_join(session: Session, taken: Sequence[_Taken], by: Actor) -> dict[int, int]:
    """Give rows about a vehicle whose order is under way that order, locked; row -> the row before it that is about the same
    vehicle, where that becomes an order."""
    under_way = orders_under_way(session, {each.vehicle.id for each in taken}, by)
    locked = locked_orders(session, {found.id for found in under_way.values()})
    first: dict[int, int] = {}
    again = {}
    for each in taken:
        found = under_way.get(each.vehicle.id)
        if found is not None:
            each.order = locked[found.id]
        elif first.setdefault(each.vehicle.id, each.row.row) != each.row.row:
            again[each.row.row] = first[each.vehicle.id]
    return again


def _sites(session: Session, taken: Sequence[_Taken], *, by: Actor, at: datetime) -> dict[tuple[int, str], Site]:
    """The places of calls that become orders, on the map as each says, one after the other."""
    sites = sites_at(session, ((each.customer, each.call.address) for each in taken))
    known = places_known(session, {each.call.address for each in taken}, by)
    moved: dict[int, tuple[int, str, dict[str, object]]] = {}
    for each in taken:
        site, address = sites[each.customer.id, each.call.address], each.call.address
        pin = better_pin(known.get(address), pin_given(each.call))
        if pin is not None and takes_pin(site, pin) and move_pin(site, pin):
            moved[site.id] = (site.customer_id, "site.pin", pin_told(site))
            known[address] = min((site, known.get(address, site)), key=_standing)
    record_many(session, "customer", list(moved.values()), by=by, at=at)
    return sites


def _standing(site: Site) -> tuple[bool, int]:
    """Of several places of one address the one to be remembered comes first."""
    return site.source != "pin", site.accuracy_m or Pin.accuracy_m


def _wanted(each: _Taken, site: Site, known: Sequence[str]) -> Wanted:
    new = order_of(each.call, model_of(each.call.model, known))
    attention: list[dict[str, object]] = [
        {"code": doubt.code, **text_to_json(doubt.text)} for _, doubt in call_doubts(each.call).values()
    ]
    line = NewLine(vehicle=each.vehicle, role=each.call.role, model=new.product_model, attention=attention)
    return Wanted(new, each.customer, site, (line,))


def _said(each: _Taken) -> SaidAgain:
    call = each.call
    return SaidAgain(
        caller=call.contact,
        phone=call.phone,
        said=call.symptom_text,
        channel=call.channel,
        request_key=call.request_key,
        received_at=call.received_at,
        vehicle_id=each.vehicle.id,
    )
