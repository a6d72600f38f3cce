"""Many small reads in one statement: each comes as a JSON list, and becomes rows of its table again that belong to no session."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import Base

M = TypeVar("M", bound=Base)
Row = dict[str, Any]


class Sheaf:
    """What came of them, by name."""

    def __init__(self, found: Mapping[str, list[Row]]) -> None:
        self._found = found

    def rows(self, name: str) -> list[Row]:
        """As JSON told them: moments and days are texts."""
        return self._found[name]

    def one(self, name: str) -> Row:
        """The only row."""
        [row] = self._found[name]
        return row

    def made(self, name: str, model: type[M]) -> list[M]:
        """Rows of a table, with the columns that were asked for."""
        return [_made(model, row) for row in self._found[name]]

    def by(self, name: str, key: str) -> dict[Any, list[Row]]:
        """The rows by one of their columns, each list in the order in which it was read."""
        return gathered(self._found[name], lambda row: row[key])


def read_sheaf(session: Session, asked: Mapping[str, sa.Select[*tuple[Any, ...]]]) -> Sheaf:
    """Ask everything at once."""
    found = session.execute(sa.select(*(_listed(query).label(name) for name, query in asked.items()))).one()
    return Sheaf({name: getattr(found, name) for name in asked})


def _listed(query: sa.Select[*tuple[Any, ...]]) -> sa.ScalarSelect[Any]:
    rows = query.subquery()
    every = sa.func.jsonb_agg(sa.func.to_jsonb(rows.table_valued()))
    return sa.select(sa.func.coalesce(every, sa.text("'[]'::jsonb"))).select_from(rows).scalar_subquery()


def columns(model: type[Base], *names: str) -> list[sa.ColumnElement[Any]]:
    """SQL: these columns of a table; money as text, which JSON keeps to the fen."""
    return [_column(getattr(model, name)) for name in names]


def _column(column: Any) -> sa.ColumnElement[Any]:
    return sa.cast(column, sa.Text).label(column.key) if isinstance(column.type, sa.Numeric) else column


def _made(model: type[M], row: Row) -> M:
    kinds = model.__table__.c
    return model(**{name: _read(kinds[name].type.python_type, value) for name, value in row.items() if name in kinds})


def _read(kind: type, value: Any) -> Any:
    if value is None or not isinstance(value, str) or kind is str:
        return value
    return moment(value) if kind is datetime else _OTHERS[kind](value) if kind in _OTHERS else value


_OTHERS: Mapping[type, Any] = {date: date.fromisoformat, uuid.UUID: uuid.UUID, Decimal: Decimal}


def moment(text: str) -> datetime:
    """A moment as JSON told it."""
    return datetime.fromisoformat(text)


def told_key(key: uuid.UUID | None) -> str | None:
    """A key as JSON tells it: what a phone calls one of its own acts by."""
    return str(key) if key else None


def gathered(rows: Any, key: Any) -> dict[Any, list[Any]]:
    """Things by what `key` says of each."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
