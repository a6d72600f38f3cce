"""An installation request becomes one order with a line per vehicle."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.customers.models import Customer, Site, Vehicle
from dispatch.customers.operations import Pin, VehicleFacts, contact_of, make_vehicles, site_of, vehicle_of
from dispatch.devices.queries import models
from dispatch.errors import Invalid, RuleBroken
from dispatch.intake.forms import Edits, Header, LineEdit, answer_for, customer_named_in, read_header
from dispatch.intake.known import in_doubt
from dispatch.intake.lines import RequestLine, mended_drivers
from dispatch.intake.models import Upload
from dispatch.intake.operations.calling import own_customer, pin_for
from dispatch.intake.operations.filing import remember_columns
from dispatch.intake.operations.uploads import check_version, locked_upload
from dispatch.intake.progress import Tell, in_silence
from dispatch.intake.queries import settled_lines, taken_before
from dispatch.intake.rules import Settled, model_of
from dispatch.intake.stored import from_json, to_json
from dispatch.orders.models import Order
from dispatch.orders.operations.taking import NewLine, NewOrder, take_order
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

AT_ONCE = 500
"""So many vehicles are written before a word is said of how far it is."""


@dataclass(frozen=True)
class _Taking:
    """What every line of one request shares."""

    session: Session
    customer: Customer
    header: Header
    site: Site
    by: Actor
    at: datetime
    tell: Tell


def keep_edits(session: Session, upload_id: int, edits: Edits, *, by: Actor) -> Upload:
    """Keep what a person changed in the preview. Raises Conflict for a stale page; a request that was taken in stays as it is."""
    upload = locked_upload(session, upload_id, "request", by)
    if upload.done_at is None:
        check_version(upload, edits.version)
        _apply(session, upload, edits, by)
        session.flush()
    return upload


def take_request(session: Session, upload_id: int, edits: Edits, *, by: Actor, at: datetime, tell: Tell = in_silence) -> Order:
    """Take a request in: one order awaiting approval, a line per vehicle that was not left out. Again: the order it made.

    Raises Invalid when the header lacks something, a line cannot be used, or none is left; Conflict for a stale page.
    """
    upload = locked_upload(session, upload_id, "request", by)
    if upload.order_id is not None:
        return session.get_one(Order, upload.order_id)
    check_version(upload, edits.version)
    tell("checking")
    _apply(session, upload, edits, by)
    header, lines = _ready(session, upload, by)
    upload.again = _is_another(session, upload, edits)
    order = _take(session, header, lines, by=by, at=at, tell=tell)
    remember_columns(session, upload, order.customer, by=by, at=at)
    upload.done_at, upload.order_id, upload.file = at, order.id, None
    session.flush()
    return order


def _apply(session: Session, upload: Upload, edits: Edits, by: Actor) -> None:
    if "request" not in upload.content:
        return
    request = from_json(upload.content["request"])
    lines = tuple(_edited(line, edits.lines.get(index)) for index, line in enumerate(request.lines))
    changed = {index for index, (old, new) in enumerate(zip(request.lines, lines, strict=True)) if old != new}
    upload.content = upload.content | {
        "request": to_json(replace(request, lines=lines)),
        "header": _answered(session, upload.content["header"] | edits.header, by),
        "edited": sorted(changed | set(upload.content["edited"])),
        "left_out": _ticked(upload.content["left_out"], edits.left_out, edits.lines),
        "moved": _ticked(upload.content["moved"], edits.moved, edits.lines),
    }


def _ticked(before: Collection[int], ticked: Collection[int], shown: Collection[int]) -> list[int]:
    """The lines with a tick: those on the page as they are there, the others as before."""
    return sorted((set(before) - set(shown)) | set(ticked))


def _is_another(session: Session, upload: Upload, edits: Edits) -> bool:
    """Was the very same file taken in before, and is this said to be another request? Raises Invalid when nobody said so."""
    before = taken_before(session, upload)
    if before is not None and not edits.again:
        told = say("This very file became order %(number)s. Tick that it is another request, if it is.", number=before.number)
        raise Invalid({"again": told})
    return before is not None


def _answered(session: Session, header: dict[str, str], by: Actor) -> dict[str, str]:
    """The header with the name of the customer whom a person recognised."""
    name, answer = customer_named_in(header), header.get("customer_is", "")
    meant = [one for one in in_doubt(session, name, by) if answer == answer_for(one.id, name)] if answer else []
    return header | {"customer": meant[0].name, "customer_is": ""} if meant else header


def _edited(line: RequestLine, edit: LineEdit | None) -> RequestLine:
    if edit is None:
        return line
    return replace(line, plate=edit.plate, colour=edit.colour, vin=edit.vin, drivers=mended_drivers(line.drivers, edit.drivers))


def _ready(session: Session, upload: Upload, by: Actor) -> tuple[Header, list[Settled]]:
    """Header and lines to be taken in. Raises Invalid with everything that is still in the way."""
    if "unread" in upload.content:
        raise RuleBroken(say("First say which column is what."))
    errors: dict[str, Text] = {}
    settled = settled_lines(session, upload, by)
    lines = [line for line in settled if not line.left_out]
    blocked = sum(line.blocks for line in settled)
    if blocked:
        errors["lines"] = say("%(n)s lines cannot be taken in as they are. Mend them, or tick “leave out”.", n=blocked)
    elif not lines:
        errors["lines"] = say("Every line is left out: there is nothing to take in.")
    errors |= _unanswered(session, upload.content["header"], by)
    try:
        header = read_header(upload.content["header"])
    except Invalid as wrong:
        raise Invalid(wrong.fields | errors) from wrong
    if errors:
        raise Invalid(errors)
    return header, lines


def _unanswered(session: Session, header: dict[str, str], by: Actor) -> dict[str, Text]:
    """The question whether a customer is new, as long as nobody answered it."""
    name = customer_named_in(header)
    if header.get("customer_is") == answer_for(None, name) or not in_doubt(session, name, by):
        return {}
    return {"customer_is": say("A customer with a similar name is on record. Choose whether it is the same one.")}


def _take(session: Session, header: Header, lines: Sequence[Settled], *, by: Actor, at: datetime, tell: Tell) -> Order:
    customer = own_customer(session, header.customer, by=by, at=at)
    contact_of(session, customer=customer, name=header.contact, phone=header.phone)
    pin = pin_for(session, header.address, Pin(*header.place) if header.place else None, by)
    site = site_of(session, customer=customer, address=header.address, pin=pin, by=by, at=at)
    taking = _Taking(session, customer, header, site, by, at, tell)
    vehicles = _vehicles(taking, lines)
    sites = _sites(taking, lines)
    known = [model.name for model in models(session)]
    new_lines = [_new_line(one, header, vehicles[one.index], sites.get(one.line.address), known) for one in lines]
    new = _new_order(header, known)
    tell("orders", 0, len(lines))
    return take_order(session, new=new, customer=customer, site=site, lines=new_lines, by=by, at=at, zone=by.zone)


def _new_order(header: Header, known: Sequence[str]) -> NewOrder:
    return NewOrder(
        kind="installation",
        contact_name=header.contact,
        contact_phone=header.phone,
        urgency=header.urgency,
        channel="email",
        wanted_on=header.wanted_on,
        product_model=model_of(header.model, known) or None,
        note=header.note or None,
    )


def _new_line(one: Settled, header: Header, vehicle: Vehicle, site: Site | None, known: Sequence[str]) -> NewLine:
    return NewLine(
        vehicle=vehicle,
        model=model_of(one.line.model or header.model, known) or None,
        site=site,
        source_row=one.line.row,
        parking=one.line.parking or None,
        remark=one.remark or None,
        attention=one.attention,
    )


def _vehicles(taking: _Taking, lines: Sequence[Settled]) -> dict[int, Vehicle]:
    """The vehicle of each line by its index. Two requests for the same vehicles reach for them in the same order."""
    ordered = sorted(lines, key=lambda line: (line.plate, line.vin))
    fresh = [one for one in ordered if one.vehicle_id is None]
    known = {one.index: _known_vehicle(taking, one) for one in ordered if one.vehicle_id is not None}
    made: list[Vehicle] = []
    for start in range(0, len(fresh), AT_ONCE):
        taking.tell("vehicles", len(known) + start, len(lines))
        piece = [_facts(one) for one in fresh[start : start + AT_ONCE]]
        made += make_vehicles(taking.session, taking.customer, piece, by=taking.by, at=taking.at)
    return known | {one.index: vehicle for one, vehicle in zip(fresh, made, strict=True)}


def _known_vehicle(taking: _Taking, one: Settled) -> Vehicle:
    facts, moved = _facts(one), one.owner is not None
    try:
        return vehicle_of(taking.session, customer=taking.customer, facts=facts, by=taking.by, at=taking.at, take_over=moved)
    except RuleBroken as refusal:  # somebody gave it to another customer a moment ago
        raise Invalid({"lines": refusal.text}) from refusal


def _facts(one: Settled) -> VehicleFacts:
    line = one.line
    drivers = tuple((d.name or d.phone, d.phone or None, d.shift or None) for d in line.drivers)
    return VehicleFacts(
        plate=one.plate or None,
        plate_colour=one.colour or None,
        vin=one.vin or None,
        kind=line.vehicle_type or None,
        make=line.make or None,
        engine_no=line.engine_no or None,
        drivers=drivers,
    )


def _sites(taking: _Taking, lines: Sequence[Settled]) -> dict[str, Site]:
    """The sites of lines that have an address of their own, by that address."""
    own = sorted({one.line.address for one in lines} - {"", taking.header.address})
    return {address: _own_site(taking, address) for address in own}


def _own_site(taking: _Taking, address: str) -> Site:
    pin = pin_for(taking.session, address, None, taking.by)
    return site_of(taking.session, customer=taking.customer, address=address, pin=pin, by=taking.by, at=taking.at)
