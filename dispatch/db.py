"""The database: the declarative base, and `transaction()`, the only way in.

Operations receive the session and never commit. A constraint that the database refuses becomes the sentence which the owning
feature registered for it, so that a race lost to another person reads like any other refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column, sessionmaker
from sqlalchemy.orm.exc import StaleDataError

from dispatch.errors import Conflict, RuleBroken
from dispatch.words import Text, say

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Key = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)]

# A generic plan cannot know that a searched word is everywhere or nowhere: prepared searches became ten times slower.
# Compiling a page's queries (jit) takes ten times as long as running them.
# What is asked for often is in memory, where a row found by its index costs hardly more than its neighbour; and with as many
# cores as requests, workers beside one query only take them away from the others.
_PLANS = "-c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"
OPTIONS = f"-c timezone=UTC -c plan_cache_mode=force_custom_plan -c jit=off {_PLANS}"


class Base(DeclarativeBase):
    """All tables. Moments are timestamptz, money is numeric(12,2)."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        int: sa.BigInteger,
        str: sa.Text,
        datetime: sa.DateTime(timezone=True),
        date: sa.Date,
        time: sa.Time,
        Decimal: sa.Numeric(12, 2),
        bytes: sa.LargeBinary,
        float: sa.Double,
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


_sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)
_sentences: dict[str, Text] = {}


def connect(url: str, *, pool_size: int = 8) -> sa.Engine:
    """Make the engine for this process and bind `transaction()` to it. `url` is SQLAlchemy's, with psycopg 3."""
    engine = _engine(url, pool_size)
    if engine is not _sessions.kw.get("bind"):
        disconnect()
    _sessions.configure(bind=engine)
    return engine


@lru_cache(maxsize=8)
def _engine(url: str, pool_size: int) -> sa.Engine:
    """Remembered, since an engine keeps the statements that it has compiled: whoever connects again need not begin anew."""
    return sa.create_engine(url, pool_size=pool_size, max_overflow=4, pool_pre_ping=True, connect_args={"options": OPTIONS})


def disconnect() -> None:
    """Close every connection of this process that is not in use; `connect` does it for the engine before."""
    engine = _sessions.kw.get("bind")
    if isinstance(engine, sa.Engine):
        engine.dispose()


def constraint_says(name: str, text: Text) -> None:
    """Register the sentence shown when the database refuses constraint `name`."""
    _sentences[name] = text


def refusal_for(error: IntegrityError) -> Conflict | None:
    """The refusal registered for the constraint that failed, or None when it is a programming error."""
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return Conflict(_sentences[name]) if name in _sentences else None


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed when the block ends well, rolled back when it raises.

    Raises Conflict with a sentence when a registered constraint was broken, or a row was changed by somebody else meanwhile.
    """
    try:
        with _sessions.begin() as session:
            yield session
    except DataError as error:
        raise RuleBroken(UNSTORABLE) from error
    except StaleDataError as error:
        raise Conflict(STALE) from error
    except IntegrityError as error:
        refusal = refusal_for(error)
        if refusal is None:
            raise
        raise refusal from error


def words_of(kind: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """CHECK that column `kind` holds one of `values`."""
    listed = ", ".join(f"'{v}'" for v in values)
    return sa.CheckConstraint(f"{kind} IN ({listed})", name=f"{kind}_known")


UNSTORABLE = say("Something typed here cannot be stored: a number is too large, or a sign is no text. Nothing was changed.")
STALE = say("Somebody changed this while you were looking at it. What you see now is the newest; please check and do it again.")
