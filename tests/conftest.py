"""What every test can lean on: a real PostgreSQL, and a fixed cast of people.

One throwaway cluster serves the whole run. A test that asks for `database` finds the schema, the cast and nothing else, so it may
commit, race and break things without being seen by another.
"""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from dispatch import config, db, paths
from dispatch.config import Settings
from dispatch.host.cluster import start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from dispatch.staff.models import Person
from dispatch.staff.operations import NewPerson, add_branch, add_person, start_session
from dispatch.staff.queries import active_person, actor_of
from dispatch.staff.rules import SYSTEM, Actor

AT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shenzhen on the day of the sample calls."""

TRAINED = date(2026, 1, 15)
PASSWORD = "correct horse"
SignIn = Callable[[Actor], FlaskClient]
"""`as_person`: a browser in which somebody has signed in."""

SAME_SITE = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT_LANGUAGE": "en"}


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


@pytest.fixture(scope="session")
def cluster_url() -> Iterator[str]:
    """The address of a private PostgreSQL for this run; TEST_DATABASE_URL names another one to use instead."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    cluster = start_throwaway()
    yield cluster.url
    stop_throwaway(cluster)


def _execute(url: str, statement: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _address(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def template(cluster_url: str) -> Iterator[tuple[str, Cast]]:
    """The name of the template database, with schema and cast, and the cast itself."""
    name = f"template_{os.getpid()}"
    _execute(cluster_url, f"CREATE DATABASE {name}")
    url = _address(cluster_url, name)
    upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        cast = _hire(session)
    engine.dispose()
    yield name, cast
    _execute(cluster_url, f"DROP DATABASE {name}")


def _hire(session: Session) -> Cast:
    sz = add_branch(session, code="SZ", name="深圳", zone="Asia/Shanghai", by=SYSTEM, at=AT)
    gz = add_branch(session, code="GZ", name="广州", zone="Asia/Shanghai", by=SYSTEM, at=AT)
    hired = {}
    for key, new in people().items():
        person = add_person(session, branch=gz if key == "he" else sz, new=replace(new, username=key), by=SYSTEM, at=AT)
        found = active_person(session, person.id)
        assert found is not None
        hired[key] = actor_of(found)
    return Cast(sz=sz.id, gz=gz.id, **hired)


@pytest.fixture
def cast(template: tuple[str, Cast]) -> Cast:
    """The fixed cast of people."""
    return template[1]


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_database(cluster_url: str, template: tuple[str, Cast]) -> Iterator[str]:
    """The address of the one database that tests use after one another; schema `baseline` remembers the cast."""
    name = f"test_{os.getpid()}"
    _execute(cluster_url, f"CREATE DATABASE {name} TEMPLATE {template[0]}")
    url = _address(cluster_url, name)
    _execute(url, "CREATE SCHEMA baseline")
    for table in db.Base.metadata.sorted_tables:
        _execute(url, f"CREATE TABLE baseline.{table.name} AS TABLE public.{table.name}")
    yield url
    _execute(cluster_url, f"DROP DATABASE {name} WITH (FORCE)")


def _as_it_was(url: str) -> None:
    """Empty every table and bring the cast back: a tenth of what a fresh copy of the template costs."""
    tables = [table.name for table in db.Base.metadata.sorted_tables]
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        run = connection.exec_driver_sql
        run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        jobs = "procrastinate_jobs, procrastinate_workers, procrastinate_periodic_defers, procrastinate_events"
        run(f"TRUNCATE {', '.join(tables)}, {jobs} RESTART IDENTITY")
        for name in tables:
            run(f"INSERT INTO {name} SELECT * FROM baseline.{name}")
        for table in db.Base.metadata.sorted_tables:
            if "id" in table.c and table.c.id.identity is not None:
                sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
                run(f"SELECT setval({sequence}, (SELECT max(id) FROM {table.name})) WHERE EXISTS (SELECT 1 FROM {table.name})")
    engine.dispose()


@pytest.fixture
def database(shared_database: str) -> Iterator[str]:
    """The address of a database with schema and cast and nothing else; `dispatch.db.transaction()` is bound to it."""
    _as_it_was(shared_database)
    engine = db.connect(shared_database, pool_size=4)
    yield shared_database
    engine.dispose()


@pytest.fixture(scope="module")
def empty_db(cluster_url: str) -> Iterator[Session]:
    """An open session on a database that holds the schema and nobody; the tests of one file share it."""
    name = f"empty_{os.getpid()}_{next(_numbers)}"
    _execute(cluster_url, f"CREATE DATABASE {name}")
    url = _address(cluster_url, name)
    upgrade(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with Session(engine, expire_on_commit=False) as opened:
        yield opened
    engine.dispose()
    _execute(cluster_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings for a test's own database, with cheap passwords."""
    environ = {
        "DATABASE_URL": database,
        "SECRET_KEY": "test",
        "ARGON2_MEMORY_KIB": "64",
        "ARGON2_TIME_COST": "1",
        "DATA_DIR": str(tmp_path),
    }
    return config.load(environ)


@pytest.fixture(name="db")
def session(database: str) -> Iterator[Session]:
    """An open session on a fresh database; nothing is committed unless the test does."""
    with db._sessions() as opened:
        yield opened


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The web application on a fresh database."""
    from dispatch.app import create_app

    application = create_app(settings)
    application.testing = False
    yield application
    db.disconnect()


@pytest.fixture
def as_person(app: Flask) -> SignIn:
    """`as_person(cast.lin)` is a browser in which Lin has signed in, with English pages."""

    def sign_in(actor: Actor) -> FlaskClient:
        with db.transaction() as opened:
            token = start_session(opened, opened.get_one(Person, actor.id), address="test", browser="test", at=datetime.now(UTC))
        client = app.test_client()
        client.environ_base.update(SAME_SITE)
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["locale"] = "en"
        return client

    return sign_in


@dataclass(frozen=True)
class Served:
    """The real product, running: supervisor, web server and worker as they are started by `./run`."""

    url: str
    supervisor: int

    def processes(self, role: str) -> list[int]:
        """Process ids of the children that are "web" (the server's master first) or "worker"."""
        word = {"web": "gunicorn", "worker": "worker"}[role]
        return [pid for pid in _descendants(self.supervisor) if word in _command(pid)]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _descendants(pid: int) -> list[int]:
    try:
        children = [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return children + [d for child in children for d in _descendants(child)]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/livez", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    """`served.url` answers with web server and worker on a fresh database; everybody's password is PASSWORD."""
    from dispatch.staff.passwords import configure, hash_password

    configure(memory_kib=64, time_cost=1)
    with db.transaction() as opened:
        opened.execute(sa.update(Person).values(password_hash=hash_password(PASSWORD)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {
        "DATABASE_URL": database,
        "DATA_DIR": str(tmp_path),
        "PORT": str(port),
        "LOG_LEVEL": "warning",
        "WORKER_STALLED_SECONDS": "2",
    }
    cheap = {"ARGON2_MEMORY_KIB": "64", "ARGON2_TIME_COST": "1", "PLAN_SECONDS": "5"}
    output = (tmp_path / "served.log").open("w")
    command = [sys.executable, "-m", "dispatch.cli", "serve"]
    process = subprocess.Popen(
        command, env={**os.environ, **own, **cheap}, stdout=output, stderr=output, cwd=paths.PACKAGE.parent
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 60
    while not _answers(url):
        assert process.poll() is None and time.monotonic() < until, (tmp_path / "served.log").read_text()
        time.sleep(0.1)
    yield Served(url, process.pid)
    process.terminate()
    process.wait(20)
    output.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are skipped by name; under CI=true `./test` has refused to start before."""
    if browser_program() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (apt-get install chromium)"))


def browser_program() -> str | None:
    """Where Chromium is on this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a connection beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        assert str(host) in ("localhost", "127.0.0.1", "::1"), f"a test reached for {host}"
        return real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
