"""The fixed cast of people whom every test can lean on, and the moment it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from dispatch.staff.operations import NewPerson, add_branch, add_person
from dispatch.staff.queries import active_person, actor_of
from dispatch.staff.rules import SYSTEM, Actor

AT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shenzhen on the day of the sample calls."""

TRAINED = date(2026, 1, 15)


@dataclass(frozen=True)
class Cast:
    """Who is who. `he` works at the other branch and has no business with this one's orders."""

    sz: int
    gz: int
    lin: Actor
    wang: Actor
    chen: Actor
    su: Actor
    wei: Actor
    zhou: Actor
    qian: Actor
    root: Actor
    he: Actor


def people() -> dict[str, NewPerson]:
    """The cast before they are hired; technicians live in Shenzhen."""
    return {
        "lin": NewPerson("D001", "林晓", frozenset({"specialist"}), phone="13800000001"),
        "wang": NewPerson("M001", "王建国", frozenset({"manager"}), phone="13800000002"),
        "chen": NewPerson("Z001", "陈立", frozenset({"director"})),
        "su": NewPerson(
            "JS001",
            "苏杰",
            frozenset({"technician"}),
            home=(22.54, 113.95),
            skills={"install": 2, "repair": 2, "electrics": 2},
            trained_on=TRAINED,
        ),
        "wei": NewPerson(
            "JS002", "卫晨", frozenset({"technician"}), home=(22.68, 113.84), skills={"repair": 2, "video": 1}, trained_on=TRAINED
        ),
        "zhou": NewPerson("JS003", "周新", frozenset({"technician"}), home=(22.6, 114.0), skills={"install": 2, "repair": 2}),
        "qian": NewPerson("F001", "钱敏", frozenset({"finance"})),
        "root": NewPerson("A001", "管理员", frozenset({"administrator"})),
        "he": NewPerson("D101", "何静", frozenset({"specialist"})),
    }


def hire(session: Session) -> Cast:
    """Found both branches and hire everybody; the user names are the keys of `people()`."""
    sz = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=AT)
    gz = add_branch(session, code="GZ", name="广州", zone="Asia/Shanghai", by=SYSTEM, at=AT)
    hired = {}
    for key, new in people().items():
        person = add_person(session, branch=gz if key == "he" else sz, new=replace(new, username=key), by=SYSTEM, at=AT)
        found = active_person(session, person.id)
        assert found is not None
        hired[key] = actor_of(found)
    return Cast(sz=sz.id, gz=gz.id, **hired)
