"""Databases beside one another in the cluster of a test run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from dispatch import db


def engine(url: str) -> sa.Engine:
    """An engine that keeps no connection."""
    return sa.create_engine(url, poolclass=sa.NullPool)


def create(cluster_url: str, name: str, template: str = "template1") -> str:
    """Make a database; gives its address."""
    _execute(cluster_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(cluster_url).set(database=name).render_as_string(hide_password=False)


def drop(cluster_url: str, name: str) -> None:
    """Remove a database, whoever is connected to it, if it is there."""
    _execute(cluster_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def database(cluster_url: str, name: str, template: str = "template1") -> Iterator[str]:
    """A database of its own, gone afterwards."""
    drop(cluster_url, name)
    yield create(cluster_url, name, template)
    db.disconnect()
    drop(cluster_url, name)


def _execute(url: str, statement: str) -> None:
    with engine(url).connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)
