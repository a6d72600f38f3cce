"""The private PostgreSQL cluster of one data folder.

Whoever uses it (the running product, a command) calls `ensure` and, at the end, `stop`. The first one starts the server, later
ones join, and the last one to leave stops it, whoever started it. A server that a killed program left is joined by the next.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from dispatch.config import Settings, with_secret
from dispatch.host import binaries, children
from dispatch.host.accounts import database_account
from dispatch.host.errors import CannotStart
from dispatch.host.locks import FileLock, one_at_a_time
from dispatch.host.place import Place, choose
from dispatch.host.server import PORT, SUPERUSER, Server, present_sockets

DATABASE = "dispatch"
# For data that nobody will miss: four times as fast, and a power cut would lose them.
THROWAWAY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


@dataclass
class Cluster:
    """A running cluster. `url` is SQLAlchemy's address of the product's database; `started` tells if we started the server."""

    server: Server
    started: bool
    users: FileLock | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Address of the product's database."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """SQLAlchemy's address of one database of this cluster."""
        return f"postgresql+psycopg://{SUPERUSER}@/{database}?host={quote(str(self.server.sockets), safe='/')}&port={PORT}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Make a database, a copy of `template`, and give its address. Nobody may be connected to the template meanwhile."""
        self._administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is connected to it. One that is not there is no error."""
        self._administer(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def answers(self) -> bool:
        """True if the server takes connections."""
        return self.server.answers()

    def revive(self) -> None:
        """Start the server again if it died under us."""
        with one_at_a_time(self.server.place.starting):
            if not self.answers():
                # The note is of a server that answered us here, so nobody elsewhere runs it.
                self.server.clear_leftover(alone=True)
                self.server.start()

    def stop(self) -> bool:
        """Leave. True if the server was stopped, False if others still use it."""
        with one_at_a_time(self.server.place.starting):
            last = self.users is None or self.users.try_alone()
            if last:
                self.server.stop()
        if self.users:
            self.users.close()
        return last

    def make_ready(self) -> None:
        """See that this is our server, that it has what the tables need, and that the product's database is there."""
        with self._connect() as connection:
            folder = connection.execute("SHOW data_directory").fetchone()
            if folder is None or Path(folder[0]) != self.server.place.data.resolve():
                raise CannotStart(
                    f"Another PostgreSQL server answers in {self.server.sockets}; remove that folder and start again."
                )
            if not connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist'").fetchone():
                raise CannotStart(
                    f"PostgreSQL in {self.server.binaries.folder} lacks the extension btree_gist (package postgresql-contrib)."
                )
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def _administer(self, statement: sql.Composed) -> None:
        with self._connect() as connection:
            connection.execute(statement)

    @contextmanager
    def _connect(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(
            host=str(self.server.sockets), port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True, connect_timeout=10
        ) as connection:
            yield connection


def ensure(settings: Settings) -> Cluster:
    """The cluster of these settings, made and started where needed. Raises CannotStart."""
    with one_at_a_time(settings.data_dir / "postgres.lock"):
        place = choose(settings.data_dir)
        users = FileLock(place.users)
        cluster = _join_or_start(settings, place, users)
        try:
            cluster.make_ready()
        except BaseException:
            users.close()
            raise
        users.share()
    return cluster


@contextmanager
def database_of(settings: Settings) -> Iterator[Settings]:
    """For a command: the settings with DATABASE_URL and secret key filled in; a private cluster runs while the block does."""
    settings = with_secret(settings)
    if settings.database_url:
        yield settings
        return
    cluster = ensure(settings)
    try:
        yield replace(settings, database_url=cluster.url)
    finally:
        cluster.stop()


def start_throwaway(directory: Path | None = None) -> Cluster:
    """A cluster for tests, in about a second: no fsync, ends with this process. `stop_throwaway` removes it.

    `directory` is used if PostgreSQL's account can enter it, else (and without one) a fresh temporary folder.
    """
    keep = _throwaway_folder(directory)
    account = database_account(keep / "postgres")
    place = Place(keep, keep / "postgres", account)
    found = binaries.find("", account, None)
    sockets = keep / "s" if len(str(keep)) < 80 else Path(tempfile.mkdtemp(prefix="gps-dispatch-"))
    sockets.mkdir(mode=0o700, exist_ok=True)
    account.own(sockets)
    server = Server(place, found, sockets, THROWAWAY)
    server.make(durable=False)
    server.start(before_exec=children.dying_with(os.getpid(), signal.SIGQUIT))
    cluster = Cluster(server, started=True)
    cluster.make_ready()
    return cluster


def stop_throwaway(cluster: Cluster) -> None:
    """Stop a cluster of `start_throwaway` and remove its files."""
    cluster.stop()
    shutil.rmtree(cluster.server.place.keep, ignore_errors=True)
    shutil.rmtree(cluster.server.sockets, ignore_errors=True)


def _join_or_start(settings: Settings, place: Place, users: FileLock) -> Cluster:
    major = place.major()
    found = binaries.find(settings.pg_bin, place.account, major)
    server = Server(place, found, present_sockets(place), (f"max_connections={_connections(settings)}",))
    if major is None:
        server.make()
    elif server.answers():
        return Cluster(server, started=False, users=users)
    else:
        server.clear_leftover(alone=users.try_alone())
    server.start()
    return Cluster(server, started=True, users=users)


def _connections(settings: Settings) -> int:
    """Room for every process of ours at its fullest, twice over, and for a person who looks in."""
    processes = settings.web_processes + settings.worker_processes + 1
    return max(100, 2 * processes * settings.web_pool_size + 20)


def _throwaway_folder(directory: Path | None) -> Path:
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        if database_account(directory / "postgres").can_enter(directory):
            return directory
    keep = Path(tempfile.mkdtemp(prefix="gps-dispatch-"))
    keep.chmod(0o711)
    return keep
