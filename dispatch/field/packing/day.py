"""The pack of one technician's day, out of what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from dispatch.devices.fitted import known_by, unit_numbers
from dispatch.devices.models import Unit
from dispatch.fees.models import ReceiptBlock
from dispatch.field.fit_to_leave import paper_ended, tool_ended
from dispatch.field.packing.bag_shapes import Bag, BagPart, BagUnit
from dispatch.field.packing.lines import works
from dispatch.field.packing.price_shapes import Block
from dispatch.field.packing.reading import Read
from dispatch.field.packing.saying import Person, Said
from dispatch.field.packing.shapes import Ahead, Approver, Me, Office, Pack
from dispatch.field.packing.stops import stop_told
from dispatch.field.packing.tables import channels, lists
from dispatch.field.point_models import PointList
from dispatch.field.presenting.day import site_of
from dispatch.orders.models import Visit

MAY = ("visit.drive", "visit.abandon", "line.settle", "goodwill.ask", "word.record", "fee.take")
"""What decides which buttons the app has."""


def pack(read: Read, *, codes: Sequence[str]) -> Pack:
    """Everything that is needed on site; `codes`: the ways to pay for which a dynamic code can be shown."""
    return Pack(
        day=read.day,
        zone=read.by.zone,
        me=_me(read),
        office=_office(read),
        visits=[stop_told(read, visit) for visit in read.today],
        ahead=[_ahead(visit) for visit in read.ahead],
        bag=_bag(read),
        receipts=_blocks(read),
        works=works(read.sheaf.made("lists", PointList)),
        channels=channels(codes),
        lists=lists(),
    )


def _me(read: Read) -> Me:
    return Me(read.by.id or 0, read.by.name, [name for name in MAY if read.by.may(name)], _held_back(read))


def _held_back(read: Read) -> Mapping[str, Sequence[Said]]:
    tools = [tool_ended(row["name"], row["serial"], _day(row)) for row in read.sheaf.rows("tools")]
    papers = [paper_ended(row["name"], _day(row)) for row in read.sheaf.rows("papers")]
    return {item: told for item, told in (("tools", tools), ("papers", papers)) if told}


def _day(row: Mapping[str, str]) -> date:
    return date.fromisoformat(row["valid_until"])


def _office(read: Read) -> Office:
    branch = read.sheaf.one("branch")
    people = [Person(row["name"], row["phone"]) for row in read.sheaf.rows("people")]
    approvers = [Approver(row["id"], row["name"]) for row in read.sheaf.rows("approvers")]
    return Office(branch["name"], branch["phone"], people, approvers, branch["lat"], branch["lon"])


def _ahead(visit: Visit) -> Ahead:
    order = visit.order
    return Ahead(
        id=visit.id,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        number=order.number,
        kind=order.kind,
        urgency=order.urgency,
        customer=order.customer.name,
        address=site_of(visit).address,
        vehicles=len(visit.visit_lines),
    )


def _bag(read: Read) -> Bag:
    used = {row["unit_id"] for row in read.sheaf.rows("come_out")}
    parts = [BagPart(row["code"], row["name"], row["unit"], row["quantity"]) for row in read.sheaf.rows("carried")]
    held = read.held
    cash = {"held": held.cash, "most": held.limit.most} if held else None
    return Bag([_unit(unit, used) for unit in read.bag if unit.kind in ("terminal", "sim")], parts, cash)


def _unit(unit: Unit, used: set[int]) -> BagUnit:
    closed = unit.sim is not None and unit.sim.state == "closed"
    return BagUnit(unit.id, unit.kind, unit_numbers(unit), sorted(known_by(unit)), unit.id in used, unit.owner, closed)


def _blocks(read: Read) -> list[Block]:
    prefix = f"R{read.sheaf.one('branch')['code']}"
    rows = read.sheaf.made("blocks", ReceiptBlock)
    return [Block(row.id, row.first, row.last, row.used + 1, prefix, 6) for row in rows]
