"""Branches and people: roles, skills, shifts, sign-in."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dispatch.db import Base, Key, constraint_says, words_of
from dispatch.permissions import ROLES
from dispatch.search import grams_index, text_column
from dispatch.staff.deputy_models import Deputy
from dispatch.staff.roster_models import CalendarDay, DutyDay, LeaveRequest
from dispatch.words import say

__all__ = [
    "Branch",
    "CalendarDay",
    "Company",
    "Deputy",
    "DutyDay",
    "LeaveRequest",
    "LoginAttempt",
    "LoginSession",
    "Person",
    "PersonPaper",
    "PersonRole",
    "PersonSkill",
]


class Company(Base):
    """The company itself, in one row: its name stands on papers."""

    __tablename__ = "company"
    __table_args__ = (sa.CheckConstraint("id = 1", name="is_one"), sa.CheckConstraint("btrim(name) <> ''", name="has_name"))

    id: Mapped[Key]
    name: Mapped[str]


class Branch(Base):
    """A local service centre (Q20). Times of its people and orders are shown in its zone; its technicians call it at `phone`.

    `travel` is how one gets about there, as the board last put it together from its own tables: read with the branch, it costs
    the planning page no query.
    """

    __tablename__ = "branch"

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    zone: Mapped[str] = mapped_column(server_default="Asia/Shanghai")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    travel: Mapped[dict[str, Any] | None]


class Person(Base):
    """Somebody who works for the company. Technicians carry a home place, a shift and a lunch break.

    `outside`: he works for a contractor, holds no role and never signs in; see ContractorWorker.
    """

    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("shift_from < shift_to", name="shift_has_length"),
        sa.CheckConstraint("(home_lat IS NULL) = (home_lon IS NULL)", name="home_is_whole"),
        words_of("theme", ("auto", "light", "dark")),
        sa.CheckConstraint("NOT outside OR (username IS NULL AND password_hash IS NULL)", name="outside_signs_in_nowhere"),
        sa.UniqueConstraint("id", "outside"),
        sa.Index(None, "branch_id"),
        grams_index("person"),
    )

    id: Mapped[Key]
    staff_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    phone: Mapped[str | None]
    branch_id: Mapped[int] = mapped_column(sa.ForeignKey("branch.id"))
    username: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    password_given: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    """It stood on a list of first passwords: he has to choose one of his own before he is let in."""
    locale: Mapped[str | None]
    theme: Mapped[str] = mapped_column(server_default="auto")
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    outside: Mapped[bool] = mapped_column(server_default=sa.false(), default=False)
    home_address: Mapped[str | None]
    home_lat: Mapped[float | None]
    home_lon: Mapped[float | None]
    shift_from: Mapped[time] = mapped_column(server_default="08:30")
    shift_to: Mapped[time] = mapped_column(server_default="17:30")
    lunch_from: Mapped[time | None] = mapped_column(server_default="11:30")
    lunch_to: Mapped[time | None] = mapped_column(server_default="13:30")
    lunch_minutes: Mapped[int] = mapped_column(server_default="30")
    trained_on: Mapped[date | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(server_default="1")
    search_text: Mapped[str] = text_column()

    branch: Mapped[Branch] = relationship()
    role_rows: Mapped[list[PersonRole]] = relationship(cascade="all, delete-orphan", order_by="PersonRole.role")
    skills: Mapped[list[PersonSkill]] = relationship(cascade="all, delete-orphan", order_by="PersonSkill.skill")

    __mapper_args__ = {"version_id_col": version}

    @property
    def roles(self) -> frozenset[str]:
        """The codes of the roles held."""
        return frozenset(row.role for row in self.role_rows)


class PersonRole(Base):
    """One role of one person; several may be held."""

    __tablename__ = "person_role"
    __table_args__ = (words_of("role", tuple(ROLES)),)

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class PersonSkill(Base):
    """A skill with its level (P15). Without a date it does not expire."""

    __tablename__ = "person_skill"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 5", name="level_in_range"),)

    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    skill: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int]
    expires_on: Mapped[date | None]


class PersonPaper(Base):
    """A paper that somebody needs for his work and that ends: a driving licence, an electrician's certificate."""

    __tablename__ = "person_paper"
    __table_args__ = (sa.UniqueConstraint("person_id", "name"), sa.CheckConstraint("btrim(name) <> ''", name="has_name"))

    id: Mapped[Key]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    name: Mapped[str]
    valid_until: Mapped[date]


class LoginSession(Base):
    """A signed-in browser. Only the hash of its token is stored, so a stolen table opens nothing."""

    __tablename__ = "login_session"
    __table_args__ = (sa.Index(None, "person_id"),)

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    address: Mapped[str | None]
    browser: Mapped[str | None]


class LoginAttempt(Base):
    """A failed sign-in; too many within the window close the door for a while."""

    __tablename__ = "login_attempt"
    __table_args__ = (sa.Index(None, "username", "at"), sa.Index(None, "address", "at"))

    id: Mapped[Key]
    username: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


constraint_says("uq_person_username", say("This user name is taken."))
constraint_says("uq_person_staff_no", say("This staff number is taken."))
constraint_says("uq_branch_code", say("This branch code is taken."))
