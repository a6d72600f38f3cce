"""Reading for intake: who calls, what is known of him, files that wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Contact, Customer, Driver, Vehicle
from dispatch.customers.queries import contacts_found, customers_found, drivers_found, vehicles_found
from dispatch.customers.rules import normalise_plate, normalise_vin, read_phone
from dispatch.devices.models import Unit
from dispatch.devices.queries import terminals_inside, units_fitted
from dispatch.errors import NotFound
from dispatch.intake.forms import customer_named_in
from dispatch.intake.lines import check_lines
from dispatch.intake.lists import Reading
from dispatch.intake.models import ColumnChoice, FileWork, RemoteHelp, Upload
from dispatch.intake.progress import UNDER_WAY, WORKS
from dispatch.intake.reading import customer_in
from dispatch.intake.rules import OnRecord, Register, Settled, settle
from dispatch.intake.stored import from_json
from dispatch.intake.stored_calls import key_of
from dispatch.orders.contact_models import OwnedContact
from dispatch.orders.contact_queries import calls_joined
from dispatch.orders.models import Order
from dispatch.search import normalise
from dispatch.staff.forms import TechnicianRow
from dispatch.staff.models import Branch, Person
from dispatch.staff.queries import people_numbered
from dispatch.staff.rules import Actor
from dispatch.tabular.layouts import has_headings
from dispatch.tabular.tables import Workbook
from dispatch.words import Text

MOST_FOUND = 6
MOST_CHOICES = 200
SHORTEST_NUMBER = 5
WAITING_DAYS = 14
MOST_WAITING = 10


# --- who calls

Hit = Vehicle | Driver | Contact | Customer | Unit


@dataclass(frozen=True)
class Found:
    """What a search by phone, plate, number or name came upon."""

    vehicles: Sequence[Vehicle] = ()
    drivers: Sequence[tuple[Driver, Vehicle]] = ()
    contacts: Sequence[Contact] = ()
    customers: Sequence[Customer] = ()
    units: Sequence[tuple[Unit, Vehicle]] = ()

    def __bool__(self) -> bool:
        return bool(self.vehicles or self.drivers or self.contacts or self.customers or self.units)

    def meant_by(self, words: str) -> Hit | None:
        """The only hit, where the words are its whole plate, VIN, number or name: nobody else can be meant."""
        hits: list[Hit] = [
            *self.vehicles,
            *(driver for driver, _ in self.drivers),
            *self.contacts,
            *self.customers,
            *(unit for unit, _ in self.units),
        ]
        return hits[0] if len(hits) == 1 and _is_named(hits[0], words) else None


def _is_named(hit: Hit, words: str) -> bool:
    """Whether words are all of what somebody or something is called by."""
    if isinstance(hit, Vehicle):
        return normalise_plate(words) == hit.plate or normalise_vin(words) == hit.vin
    if isinstance(hit, Unit):
        return normalise(words) in hit.search_text.split("|")
    if isinstance(hit, Customer):
        return normalise(words) == normalise(hit.name)
    return bool(hit.phone) and read_phone(words).written == read_phone(hit.phone or "").written


def found(session: Session, words: str, by: Actor) -> Found:
    """Vehicles by plate or VIN, drivers and contacts by number or name, customers by name, what is fitted by its number."""
    phone = read_phone(words)
    sought = phone.digits if phone.e164 else words
    drivers = drivers_found(session, words, by, limit=MOST_FOUND)
    contacts = contacts_found(session, sought, by, limit=MOST_FOUND)
    if phone.e164:
        return Found(drivers=drivers, contacts=contacts)
    customers = customers_found(session, sought, by, limit=MOST_FOUND)
    units = units_fitted(session, words, by, limit=MOST_FOUND) if _may_be_number(words) else []
    return Found(vehicles_found(session, sought, by, limit=MOST_FOUND), drivers, contacts, customers, units)


def _may_be_number(words: str) -> bool:
    """Whether it can be part of what is written on a terminal or SIM."""
    bare = normalise(words)
    return len(bare) >= SHORTEST_NUMBER and bare.isascii() and any(letter.isdecimal() for letter in bare)


def recorded_colours(session: Session, plate: str) -> Sequence[str]:
    """The colours a plate is on record with, at any branch."""
    if not plate:
        return []
    return [colour for colour in session.scalars(sa.select(Vehicle.plate_colour).where(Vehicle.plate == plate)) if colour]


def help_of(session: Session, contact_id: int, by: Actor) -> RemoteHelp | None:
    """The remote help that a contact began with, with its vehicle. Raises NotFound for another branch's."""
    query = sa.select(RemoteHelp).join(OwnedContact, OwnedContact.id == RemoteHelp.contact_id)
    own = sa.true() if by.may("branches.all") else OwnedContact.branch_id == by.branch_id
    mine = query.where(OwnedContact.id == contact_id, own).options(joinedload(RemoteHelp.vehicle))
    return session.scalar(mine.order_by(RemoteHelp.id).limit(1))


# --- files that wait


def upload(session: Session, upload_id: int, purpose: str, by: Actor) -> Upload:
    """One upload. Raises NotFound for another purpose's or another branch's."""
    found_upload = session.get(Upload, upload_id)
    if found_upload is None or found_upload.purpose != purpose or found_upload.branch_id != by.branch_id:
        raise NotFound
    return found_upload


@dataclass(frozen=True)
class WaitingFile:
    """An upload nobody has taken in yet. `work`: what the worker is doing with it, if so."""

    id: int
    file_name: str
    at: datetime
    work: Text | None = None


def uploads_waiting(session: Session, purpose: str, by: Actor, *, at: datetime) -> list[WaitingFile]:
    """The branch's files of the last days that were read and not taken in, newest first; the same file stands once."""
    own = (Upload.purpose == purpose, Upload.branch_id == by.branch_id, Upload.at > at - timedelta(days=WAITING_DAYS))
    newest = sa.select(sa.func.max(Upload.id)).where(*own).group_by(Upload.file_hash)
    going_on = sa.and_(FileWork.upload_id == Upload.id, FileWork.state.in_(UNDER_WAY))
    query = sa.select(Upload.id, Upload.file_name, Upload.at, FileWork.work).outerjoin(FileWork, going_on)
    there = sa.or_(Upload.content != sa.text("'{}'::jsonb"), FileWork.id.is_not(None))
    mine = query.where(Upload.id.in_(newest), Upload.done_at.is_(None), there).order_by(Upload.id.desc()).limit(MOST_WAITING)
    return [WaitingFile(number, name, sent, WORKS.get(work)) for number, name, sent, work in session.execute(mine)]


def file_size(session: Session, upload_id: int) -> int:
    """How many bytes a waiting file has; 0 where it is not kept any more."""
    return session.scalar(sa.select(sa.func.length(Upload.file)).where(Upload.id == upload_id)) or 0


def last_work(session: Session, upload_id: int) -> FileWork | None:
    """The long work on a file that was asked for last."""
    return session.scalar(sa.select(FileWork).where(FileWork.upload_id == upload_id).order_by(FileWork.id.desc()).limit(1))


def taken_rows(session: Session, seen: Upload, reading: Reading) -> dict[int, str]:
    """The rows of a list of calls that were taken, from this upload or another of the same file: row -> the order's number,
    be it that the call became it or joined it."""
    keys = {key_of(seen, row.row): row.row for row in reading.rows}
    query = sa.select(Order.request_key, Order.number).where(Order.request_key.in_(keys))
    made = {key: number for key, number in session.execute(query) if key is not None}
    return {keys[key]: number for key, number in (made | calls_joined(session, keys)).items()}


def taken_before(session: Session, seen: Upload) -> Order | None:
    """The order that the very same file was made into earlier."""
    query = sa.select(Order).join(Upload, Upload.order_id == Order.id)
    same = query.where(Upload.file_hash == seen.file_hash, Upload.branch_id == seen.branch_id, Upload.id != seen.id)
    return session.scalar(same.order_by(Upload.id.desc()).limit(1))


def same_file_taken(session: Session, purpose: str, file_hash: bytes, by: Actor) -> Upload | None:
    """The upload by which the very same file was taken in at the person's branch, the last time."""
    query = sa.select(Upload).where(Upload.file_hash == file_hash, Upload.branch_id == by.branch_id, Upload.purpose == purpose)
    return session.scalar(query.where(Upload.done_at.is_not(None)).order_by(Upload.id.desc()).limit(1))


def without_sign_in(session: Session, reading: Reading, by: Actor) -> list[Person]:
    """The branch's technicians of a list who have no password yet, by their staff numbers."""
    numbers = [row.staff_no for row in reading.rows if isinstance(row, TechnicianRow)]
    found = people_numbered(session, numbers).values()
    return sorted((one for one in found if works_here(one, by) and not one.password_hash), key=lambda one: one.staff_no)


def works_here(person: Person, by: Actor) -> bool:
    """Is he a technician of the branch?"""
    return person.active and "technician" in person.roles and person.branch_id == by.branch_id


# --- which column is what


def columns_remembered(session: Session, purpose: str, workbook: Workbook, by: Actor) -> ColumnChoice | None:
    """What was said of files like this one: of its customer or kind of list; else of one with the same headings."""
    query = sa.select(ColumnChoice).where(ColumnChoice.branch_id == by.branch_id, ColumnChoice.purpose == purpose)
    if purpose != "request":
        return session.scalar(query)
    name = customer_in(workbook)
    if name:
        own = query.join(Customer, Customer.id == ColumnChoice.customer_id)
        return session.scalar(own.where(Customer.branch_id == by.branch_id, Customer.name == name).limit(1))
    recent = session.scalars(query.order_by(ColumnChoice.at.desc()).limit(MOST_CHOICES))
    return next((choice for choice in recent if has_headings(workbook.sheets, choice.headings)), None)


def columns_used(session: Session, seen: Upload) -> tuple[ColumnChoice, str] | None:
    """What was remembered and is used for a waiting file, with the name of the customer it is remembered for."""
    query = sa.select(ColumnChoice, Customer.name).outerjoin(Customer, Customer.id == ColumnChoice.customer_id)
    row = session.execute(query.where(ColumnChoice.id == seen.content.get("remembered"))).one_or_none()
    return (row[0], row[1] or "") if row else None


# --- the vehicles of a request against the record


def settled_lines(session: Session, seen: Upload, by: Actor) -> tuple[Settled, ...]:
    """The lines of a request as they would be taken in now. A line that is left out repeats no other."""
    left_out = set(seen.content["left_out"])
    lines = list(from_json(seen.content["request"]).lines)
    kept = [index for index in range(len(lines)) if index not in left_out]
    for index, line in zip(kept, check_lines([lines[index] for index in kept]), strict=True):
        lines[index] = line
    customer = customer_named_in(seen.content["header"])
    register = _register(session, {x.plate for x in lines}, {x.vin for x in lines}, customer, by)
    return settle(lines, register, left_out=left_out, moved=seen.content["moved"])


def _register(session: Session, plates: Iterable[str], vins: Iterable[str], customer: str, by: Actor) -> Register:
    named = sa.or_(Vehicle.plate.in_(set(plates) - {""}), Vehicle.vin.in_(set(vins) - {""}))
    query = sa.select(Vehicle, Branch.name).join(Branch, Branch.id == Vehicle.branch_id).where(named)
    rows = session.execute(query.options(joinedload(Vehicle.customer))).all()
    terminals = terminals_inside(session, [vehicle.id for vehicle, _ in rows]) if rows else {}
    return Register(_on_record(vehicle, branch, customer, terminals.get(vehicle.id, ()), by) for vehicle, branch in rows)


def _on_record(vehicle: Vehicle, branch: str, customer: str, terminals: Sequence[str], by: Actor) -> OnRecord:
    facts = OnRecord(vehicle.id, vehicle.plate, vehicle.plate_colour, vehicle.vin, terminals=tuple(terminals))
    if not by.sees_branch(vehicle.branch_id):
        return replace(facts, branch=branch, terminals=())
    own = vehicle.customer.name == customer and vehicle.customer.branch_id == by.branch_id
    return facts if own else replace(facts, owner=vehicle.customer.name)
