"""Proving the store: every row's file is there and says what it did, every reference has its row; what else lies there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.db import Base
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.files.models import StoredFile
from dispatch.words import Text, say

AT_A_TIME = 1000
NAMED_AT_MOST = 5

# Orders stand above files, so their model cannot be imported here.
_ORDER = sa.table("work_order", sa.column("id"), sa.column("number"))


@dataclass(frozen=True)
class Leftovers:
    """Files without a row: how many, and the first few by name. They are left by transactions that did not end well."""

    number: int
    names: tuple[str, ...]


def broken_files(session: Session) -> Iterator[Text]:
    """One sentence for each file that is missing or changed, and each reference to a file of which there is no row."""
    query = sa.select(StoredFile.sha256, StoredFile.size, StoredFile.media_type).order_by(StoredFile.sha256)
    for sha256, size, media_type in session.execute(query.execution_options(yield_per=AT_A_TIME)):
        if wrong := _what_is_wrong(sha256, size):
            yield say(wrong.msgid, file=sha256, type=media_type, used=", ".join(_users(session, sha256)) or "-")
    yield from _dangling(session)


def _what_is_wrong(sha256: str, size: int) -> Text | None:
    try:
        content = store().get(sha256)
    except MissingFile:
        return say("File %(file)s (%(type)s; of: %(used)s) is missing")
    except AlteredFile:
        return say("File %(file)s (%(type)s; of: %(used)s) was changed, is damaged, or was stored under another key")
    return None if len(content) == size else say("File %(file)s (%(type)s; of: %(used)s) has another size than its row says")


def leftover_files(session: Session) -> Leftovers:
    """What lies in the store and has no row: harmless."""
    known = {
        bytes.fromhex(sha256) for sha256 in session.scalars(sa.select(StoredFile.sha256).execution_options(yield_per=AT_A_TIME))
    }
    names: list[str] = []
    number = 0
    for sha256 in store().names():
        if bytes.fromhex(sha256) not in known:
            number += 1
            names += [sha256] if len(names) < NAMED_AT_MOST else []
    return Leftovers(number, tuple(names))


def _references() -> Iterator[sa.Column[str]]:
    """The columns of all features that name a stored file."""
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == StoredFile.__tablename__:
                yield key.parent


def _users(session: Session, sha256: str) -> Iterator[str]:
    """Who names a file: `photo 3f… (order WX-…)`."""
    for column in _references():
        for _, key, number in session.execute(_naming(column).where(column == sha256)):
            yield _called(column, key, number)


def _dangling(session: Session) -> Iterator[Text]:
    for column in _references():
        lost = column.is_not(None) & ~sa.exists().where(StoredFile.sha256 == column)
        for sha256, key, number in session.execute(_naming(column).where(lost)):
            yield say("File %(file)s has no row, and %(thing)s names it", file=sha256, thing=_called(column, key, number))


def _naming(column: sa.Column[str]) -> sa.Select[Any]:
    """File, key and order's number (where there is one) of the rows of a column's table."""
    table = column.table
    key: sa.Column[Any] = next(iter(table.primary_key.columns))
    if "order_id" not in table.c:
        return sa.select(column, key, sa.literal(None))
    joined = sa.outerjoin(table, _ORDER, _ORDER.c.id == table.c.order_id)
    return sa.select(column, key, _ORDER.c.number).select_from(joined)


def _called(column: sa.Column[str], key: object, number: str | None) -> str:
    return f"{column.table.name} {key}" + (f" ({number})" if number else "")
