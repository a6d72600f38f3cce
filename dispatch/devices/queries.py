"""Finding units, where they are, and where they have been."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from dispatch.customers.models import Customer, Vehicle
from dispatch.devices.models import (
    ContractorWorker,
    CustodyEntry,
    CustodyPosition,
    Holder,
    Sim,
    Terminal,
    TerminalModel,
    Tool,
    Unit,
)
from dispatch.devices.rules import ICCID_KEY
from dispatch.devices.slot_rules import MAIN, ROLES
from dispatch.errors import NotFound
from dispatch.search import found_in
from dispatch.staff.rules import Actor

PLACES_OF_STOCK = ("store", "bag")


def _own(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: the office knows every unit of its branch (or of all), a technician those in his bag."""
    if by.may("branches.all"):
        return sa.true()
    if by.may("order.see"):
        return Unit.branch_id == by.branch_id
    carried = sa.select(CustodyPosition.unit_id).join(CustodyPosition.holder).where(Holder.person_id == by.id)
    return Unit.id.in_(carried)


def visible_places(by: Actor) -> sa.ColumnElement[bool]:
    """SQL: the stores and bags of one's branch (or of all); for a technician his own bag."""
    if by.may("branches.all"):
        return sa.true()
    return Holder.branch_id == by.branch_id if by.may("order.see") else Holder.person_id == by.id


def _units() -> sa.Select[Unit]:
    holder = joinedload(Unit.position).joinedload(CustodyPosition.holder)
    named = (holder.joinedload(Holder.person), holder.joinedload(Holder.vehicle))
    owner = joinedload(Unit.owner_customer).load_only(Customer.name)
    return sa.select(Unit).options(joinedload(Unit.terminal), joinedload(Unit.sim), owner, *named)


def _those(ids: sa.SelectBase) -> sa.ColumnElement[bool]:
    """SQL: the unit is one of these. Their numbers are gathered first: of more than eight joins PostgreSQL takes those that stand
    first, and would read whole tables before it came to what they were asked for.
    """
    return Unit.id == sa.any_(sa.func.array(ids.scalar_subquery()))


def unit(session: Session, unit_id: int, by: Actor) -> Unit:
    """One terminal or SIM with its place. Raises NotFound for another branch's."""
    query = _units().options(joinedload(Unit.open_return)).where(Unit.id == unit_id, _own(by))
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound
    return found


def units_found(session: Session, words: str, by: Actor, *, kind: str | None = None, limit: int = 20) -> Sequence[Unit]:
    """Units by part of a serial, IMEI, terminal id, ICCID or SIM number."""
    query = _units().where(found_in(Unit.search_text, words), _own(by))
    if kind:
        query = query.where(Unit.kind == kind)
    return session.scalars(query.order_by(Unit.id.desc()).limit(limit)).unique().all()


def units_fitted(session: Session, words: str, by: Actor, *, limit: int = 20) -> list[tuple[Unit, Vehicle]]:
    """Terminals and SIMs that are in a vehicle, by part of a number, with the vehicle and its customer."""
    query = sa.select(Unit, Vehicle).join(CustodyPosition, CustodyPosition.unit_id == Unit.id)
    query = query.join(Holder, Holder.id == CustodyPosition.holder_id).join(Vehicle, Vehicle.id == Holder.vehicle_id)
    whole = query.options(joinedload(Unit.terminal), joinedload(Unit.sim), joinedload(Vehicle.customer))
    own = sa.true() if by.may("branches.all") else Vehicle.branch_id == by.branch_id
    rows = session.execute(whole.where(found_in(Unit.search_text, words), own).order_by(Unit.id.desc()).limit(limit)).unique()
    return [(unit, vehicle) for unit, vehicle in rows]


def units_held(
    session: Session,
    holder_id: int,
    *,
    kind: str | None = None,
    model: str | None = None,
    whose: str | None = None,
    words: str = "",
    limit: int = 500,
    offset: int = 0,
) -> Sequence[Unit]:
    """What a holder has, oldest first."""
    held = sa.select(CustodyPosition.unit_id).where(CustodyPosition.holder_id == holder_id)
    if kind:
        held = held.where(CustodyPosition.unit_kind == kind)
    if model:
        held = held.where(CustodyPosition.unit_id.in_(sa.select(Terminal.unit_id).where(Terminal.model == model)))
    if whose:
        held = held.where(CustodyPosition.unit_id.in_(sa.select(Unit.id).where(Unit.owner == whose)))
    if words.strip():
        held = held.where(CustodyPosition.unit_id.in_(sa.select(Unit.id).where(found_in(Unit.search_text, words))))
    # The page is cut out of the holder's own numbers, before anything is joined to them.
    page = held.order_by(CustodyPosition.unit_id).limit(limit).offset(offset)
    return session.scalars(_units().where(_those(page)).order_by(Unit.id)).unique().all()


def newest_move(session: Session, unit_id: int) -> CustodyEntry | None:
    """The move that brought a unit to where it is."""
    ends = [
        joinedload(end).options(joinedload(Holder.person), joinedload(Holder.vehicle))
        for end in (CustodyEntry.from_holder, CustodyEntry.to_holder)
    ]
    moves = sa.select(CustodyEntry).where(CustodyEntry.unit_id == unit_id).options(*ends)
    return session.scalars(moves.order_by(CustodyEntry.seq.desc()).limit(1)).unique().one_or_none()


def last_customer(session: Session, unit_id: int) -> int | None:
    """The customer in whose vehicle a unit was last."""
    into = sa.select(Vehicle.customer_id).join(Holder, Holder.vehicle_id == Vehicle.id)
    into = into.join(CustodyEntry, CustodyEntry.to_holder_id == Holder.id).where(CustodyEntry.unit_id == unit_id)
    return session.scalar(into.order_by(CustodyEntry.seq.desc()).limit(1))


def units_by_id(session: Session, unit_ids: Collection[int]) -> dict[int, Unit]:
    """Units with their numbers and places: id -> unit."""
    return {found.id: found for found in session.scalars(_units().where(Unit.id.in_(unit_ids))).unique()}


def fitted(session: Session, vehicle_ids: Sequence[int], role: str = MAIN) -> dict[int, dict[str, Unit]]:
    """What is in the place of one role of each vehicle now: vehicle id -> {"terminal": unit, "sim": unit}."""
    return {key: roles[role] for key, roles in fitted_by_role(session, vehicle_ids).items() if role in roles}


def fitted_first(session: Session, vehicle_ids: Sequence[int]) -> dict[int, dict[str, Unit]]:
    """The same of each vehicle's main place, else of the first that holds anything."""
    found = fitted_by_role(session, vehicle_ids)
    return {key: next(places[role] for role in ROLES if role in places) for key, places in found.items()}


def fitted_by_role(session: Session, vehicle_ids: Sequence[int]) -> dict[int, dict[str, dict[str, Unit]]]:
    """All that is in each vehicle now: vehicle id -> role -> {"terminal": unit, "sim": unit}, with their loans."""
    inside_them = sa.select(CustodyPosition.unit_id).join(CustodyPosition.holder).where(Holder.vehicle_id.in_(vehicle_ids))
    inside: dict[int, dict[str, dict[str, Unit]]] = {}
    query = _units().options(joinedload(Unit.loan_out)).where(_those(inside_them))
    for found in session.scalars(query).unique():
        assert found.position is not None
        slot = found.position.holder
        assert slot.vehicle_id is not None and slot.role is not None
        inside.setdefault(slot.vehicle_id, {}).setdefault(slot.role, {})[found.kind] = found
    return inside


def terminals_inside(session: Session, vehicle_ids: Collection[int]) -> dict[int, list[str]]:
    """The serials of the terminals that are in each vehicle now: vehicle id -> serials."""
    query = sa.select(Holder.vehicle_id, Terminal.serial).join(CustodyPosition, CustodyPosition.holder_id == Holder.id)
    query = query.join(Terminal, Terminal.unit_id == CustodyPosition.unit_id).where(Holder.vehicle_id.in_(vehicle_ids))
    found: dict[int, list[str]] = {}
    for vehicle_id, serial in session.execute(query.order_by(Terminal.serial)):
        found.setdefault(vehicle_id or 0, []).append(serial)
    return found


def stores(session: Session, by: Actor) -> Sequence[Holder]:
    """The stores a person may see."""
    query = sa.select(Holder).where(Holder.kind == "store")
    if not by.may("branches.all"):
        query = query.where(Holder.branch_id == by.branch_id)
    return session.scalars(query.order_by(Holder.branch_id, Holder.id)).all()


def holder(session: Session, holder_id: int, by: Actor) -> Holder:
    """One store or bag. Raises NotFound for another branch's; a technician finds his own bag only."""
    query = sa.select(Holder).where(Holder.id == holder_id, Holder.kind.in_(PLACES_OF_STOCK), visible_places(by))
    found = session.scalar(query.options(joinedload(Holder.person)))
    if found is None:
        raise NotFound
    return found


def bag(session: Session, person_id: int) -> Holder | None:
    """Somebody's bag, if he ever had one."""
    return session.scalar(sa.select(Holder).where(Holder.person_id == person_id))


def bag_ids(person_id: int) -> sa.Select[int]:
    """SQL: the bag of a technician; of a contractor's worker the place of his contractor, out of which he works."""
    his = sa.select(ContractorWorker.contractor_id).where(ContractorWorker.person_id == person_id)
    return sa.select(Holder.id).where(sa.or_(Holder.person_id == person_id, Holder.id.in_(his)))


def numbers_taken(
    session: Session,
    *,
    serials: Sequence[str] = (),
    imeis: Sequence[str] = (),
    iccid_keys: Sequence[str] = (),
    msisdns: Sequence[str] = (),
) -> set[str]:
    """Those of the given numbers that are on record already, in any branch."""
    taken: set[str] = set()
    asked = ((Terminal.serial, serials), (Terminal.imei, imeis), (Sim.iccid_key, iccid_keys), (Sim.msisdn, msisdns))
    for column, values in asked:
        if values:
            taken.update(v for v in session.scalars(sa.select(column).where(column.in_(values))) if v)
    return taken


def units_numbered(session: Session, numbers: Sequence[str], by: Actor) -> Sequence[Unit]:
    """The units whose serial, IMEI, ICCID or SIM number is exactly one of these (an ICCID counts by its first 19 characters)."""
    return session.scalars(_numbered(numbers).where(_own(by))).unique().all()


def units_anywhere(session: Session, numbers: Sequence[str]) -> Sequence[Unit]:
    """The units with exactly one of these numbers, whosever they are: only for saying that they are on record."""
    return session.scalars(_numbered(numbers)).unique().all()


def unit_anywhere(session: Session, numbers: Collection[str]) -> Unit | None:
    """The unit with exactly one of these numbers, whosever it is: only for saying where it is, and that it is on record."""
    return session.scalars(_numbered(numbers).order_by(Unit.id)).unique().first()


def unit_ids_numbered(session: Session, numbers: Sequence[str]) -> dict[str, int]:
    """The units with these serials or first 19 characters of an ICCID: number -> unit id."""
    serials = sa.select(Terminal.serial, Terminal.unit_id).where(Terminal.serial.in_(numbers))
    keys = sa.select(Sim.iccid_key, Sim.unit_id).where(Sim.iccid_key.in_(numbers))
    return dict(session.execute(serials.union_all(keys)).all())


def units_like(session: Session, number: str, *, branch_id: int, kind: str, limit: int = 50) -> Sequence[Unit]:
    """Units of a branch with this piece in their numbers."""
    query = _units().where(found_in(Unit.search_text, number), Unit.branch_id == branch_id, Unit.kind == kind)
    return session.scalars(query.limit(limit)).unique().all()


def _numbered(numbers: Collection[str]) -> sa.Select[Unit]:
    terminals, sims, tools = (sa.select(table.unit_id) for table in (Terminal, Sim, Tool))
    keys = [number[:ICCID_KEY] for number in numbers]
    exact = terminals.where(Terminal.serial.in_(numbers)).union(  # no OR: each kind of number is found by its own index
        terminals.where(Terminal.imei.in_(numbers)),
        sims.where(Sim.iccid_key.in_(keys)),
        sims.where(Sim.msisdn.in_(numbers)),
        tools.where(Tool.serial.in_(numbers)),
    )
    return _units().where(_those(exact))


def units_ending(session: Session, endings: Sequence[str], holder_id: int) -> Sequence[Unit]:
    """The units of one holder whose serial, IMEI or ICCID ends in one of these."""
    if not endings:
        return []
    columns = (Terminal.serial, Terminal.imei, Sim.iccid, Tool.serial)
    ends = sa.or_(*(column.endswith(ending, autoescape=True) for ending in endings for column in columns))
    held = sa.select(Unit.id).join(Unit.position).where(CustodyPosition.holder_id == holder_id, ends)
    held = held.outerjoin(Unit.terminal).outerjoin(Unit.sim).outerjoin(Unit.tool)
    return session.scalars(_units().where(_those(held))).unique().all()


def models(session: Session) -> Sequence[TerminalModel]:
    """All terminal models by name."""
    return session.scalars(sa.select(TerminalModel).order_by(TerminalModel.name)).all()
