"""Whose the units of a list are: what stands in its column 归属, against the customers on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from dispatch.devices.forms import SimRow, TerminalRow
from dispatch.devices.ownership import Why, change_owners
from dispatch.devices.ownership_queries import customers_named
from dispatch.devices.ownership_rules import Owner, his, read_owner
from dispatch.devices.queries import unit_ids_numbered
from dispatch.staff.rules import Actor
from dispatch.words import Text, say

Row = TerminalRow | SimRow
Found = Owner | Text


def owners_meant(session: Session, rows: Sequence[Row], by: Actor) -> dict[str, Found]:
    """What each text of that column means, or why it means nobody: text -> owner or sentence."""
    read = {row.owner: read_owner(row.owner) for row in rows if row.owner}
    names = {owner.name for owner in read.values() if isinstance(owner, Owner) and owner.kind == "customer" and owner.name}
    known = customers_named(session, names, by.branch_id or 0) if names else {}
    return {text: _meant(owner, known) for text, owner in read.items()}


def _meant(owner: Found, known: Mapping[str, Sequence[int]]) -> Found:
    if isinstance(owner, Text) or owner.kind != "customer":
        return owner
    ids = known.get(owner.name or "", ())
    if not ids:
        return say("no customer is called “%(name)s”: write the exact name, 本公司 or 第三方:name", name=owner.name)
    if len(ids) > 1:
        return say("several customers are called “%(name)s”: take it in as ours and say on its page whose it is", name=owner.name)
    return his(ids[0])


def owner_problem(row: Row, meant: Mapping[str, Found]) -> Text | None:
    """Why a row cannot say whose it is."""
    found = meant.get(row.owner or "")
    return found if isinstance(found, Text) else None


def take_owners(session: Session, rows: Sequence[Row], *, by: Actor, at: datetime) -> None:
    """Write down whose the units of these rows, just taken in, are; what the list says nothing of is ours."""
    said = [row for row in rows if row.owner]
    if not said:
        return
    meant = owners_meant(session, said, by)
    ids = unit_ids_numbered(session, [_number(row) for row in said])
    owners = {ids[_number(row)]: meant[row.owner or ""] for row in said}
    change_owners(session, {i: who for i, who in owners.items() if isinstance(who, Owner)}, Why("listed", by, at, born=True))


def _number(row: Row) -> str:
    return row.serial if isinstance(row, TerminalRow) else row.iccid.key
