"""What every test can lean on: a real PostgreSQL, and a fixed cast of people.

One throwaway cluster serves the whole run. A test that asks for `database` finds the schema, the cast and nothing else, so it may
commit, race and break things without being seen by another.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy.orm import Session

from dispatch import config, db
from dispatch.binding import bind
from dispatch.config import Settings
from dispatch.features import edges
from dispatch.host.cluster import Cluster, start_throwaway, stop_throwaway
from dispatch.host.schema import upgrade
from dispatch.staff.models import Person
from dispatch.staff.operations import start_session
from dispatch.staff.rules import Actor
from tests import databases, resetting
from tests.cast import AT, TRAINED, Cast, hire
from tests.company import demo_company, shown_company
from tests.once import once
from tests.served import PASSWORD, Served, open_doors, serving

__all__ = [
    "AT",
    "PASSWORD",
    "SAME_SITE",
    "TRAINED",
    "Cast",
    "Served",
    "SignIn",
    "browser_program",
    "demo_company",
    "shown_company",
]

gc.set_threshold(100_000, 50, 100)  # looking for garbage among all that pytest holds took a fifth of the time
list(edges("papers"))  # as in every assembly: what closing asks for does not hang on which test ran before

SignIn = Callable[[Actor], FlaskClient]
"""`as_person`: a browser in which somebody has signed in."""

CLUSTER = pytest.StashKey[Cluster]()
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
"""The first of these that is there: Chromium without its windows draws the same pages with a third less work."""

POOL_SIZE = config.load({"SECRET_KEY": "test"}).web_pool_size
"""The connections of a test; the application keeps as many, so both have one engine with all that it has compiled."""

T = TypeVar("T")

SAME_SITE = {"HTTP_SEC_FETCH_SITE": "same-origin", "HTTP_ACCEPT_LANGUAGE": "en"}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """One PostgreSQL serves all processes of a run; each has databases of its own in it."""
    config = node.config
    if CLUSTER not in config.stash and "TEST_DATABASE_URL" not in os.environ:
        config.stash[CLUSTER] = start_throwaway()
    if CLUSTER in config.stash:
        node.workerinput["cluster_url"] = config.stash[CLUSTER].url


def pytest_unconfigure(config: pytest.Config) -> None:
    if CLUSTER in config.stash:
        stop_throwaway(config.stash[CLUSTER])


@pytest.fixture(scope="session")
def cluster_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of a private PostgreSQL for this run; TEST_DATABASE_URL names another one to use instead."""
    given = os.environ.get("TEST_DATABASE_URL") or _of_run(pytestconfig)
    if given:
        yield given
        return
    cluster = start_throwaway()
    yield cluster.url
    stop_throwaway(cluster)


def _of_run(config: pytest.Config) -> str | None:
    return getattr(config, "workerinput", {}).get("cluster_url")


@pytest.fixture(scope="session")
def run_folder(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, which all processes share that have the same PostgreSQL."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if _of_run(pytestconfig) else own


@pytest.fixture(scope="session")
def template(cluster_url: str, run_folder: Path) -> Iterator[tuple[str, Cast]]:
    """The name of the template database, with schema and cast, and the cast itself."""
    name, cast = once(run_folder, "template", lambda: _make_template(cluster_url))
    yield name, cast
    if "TEST_DATABASE_URL" in os.environ:
        databases.drop(cluster_url, name)


def _make_template(cluster_url: str) -> tuple[str, Cast]:
    name = f"template_{os.getpid()}"
    url = databases.create(cluster_url, name)
    upgrade(url)
    with Session(databases.engine(url), expire_on_commit=False) as session, session.begin():
        return name, hire(session)


@pytest.fixture
def cast(template: tuple[str, Cast]) -> Cast:
    """The fixed cast of people."""
    return template[1]


@pytest.fixture(scope="session")
def shared_database(cluster_url: str, template: tuple[str, Cast]) -> Iterator[str]:
    """The address of the one database that tests use after one another."""
    with databases.database(cluster_url, f"test_{os.getpid()}", template[0]) as url:
        resetting.prepare(url)
        yield url
        db.connect(url, pool_size=POOL_SIZE).dispose()


@pytest.fixture
def database(shared_database: str) -> str:
    """The address of a database with schema and cast and nothing else; `dispatch.db.transaction()` is bound to it.

    The connections stay open from test to test: PostgreSQL learns all tables anew with each, which took longer than most tests.
    """
    resetting.restore(shared_database)
    db.connect(shared_database, pool_size=POOL_SIZE)
    return shared_database


@pytest.fixture(scope="session", autouse=True)
def pages_are_compiled_once(run_folder: Path) -> None:
    """Several applications are made in a run; compiling the same pages for each took longer than all else it did."""
    folder = run_folder / "pages"
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(str(folder))}


class Storyteller:
    """What many tests begin with, told once: afterwards the database and the files in `folder` are as the story left them."""

    def __init__(self, url: str, folder: Path, kept: Path) -> None:
        self._url, self._folder, self._kept = url, folder, kept

    def __call__(self, story: Callable[[], T]) -> T:
        """What the story gives, which has to survive pickling; it commits what it does, and is known by its name."""
        name = f"story_{hashlib.md5(f'{story.__module__}.{story.__qualname__}'.encode(), usedforsecurity=False).hexdigest()}"
        place = self._kept / name
        if not (place / "told").exists():
            told = story()
            resetting.remember(self._url, name)
            shutil.copytree(self._folder, place / "files")
            (place / "told").write_bytes(pickle.dumps(told))
            return told
        resetting.restore(self._url, name)
        shutil.copytree(place / "files", self._folder, dirs_exist_ok=True)
        return pickle.loads((place / "told").read_bytes())  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def kept_stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the stories of this process are kept."""
    return tmp_path_factory.mktemp("stories")


@pytest.fixture
def tell(database: str, tmp_path: Path, kept_stories: Path) -> Storyteller:
    """`tell(story)`: a beginning that tests share."""
    return Storyteller(database, tmp_path, kept_stories)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    """Settings for a test's own database, with cheap passwords."""
    return _settings(database, tmp_path)


def _settings(url: str, folder: Path) -> Settings:
    cheap = {"ARGON2_MEMORY_KIB": "64", "ARGON2_TIME_COST": "1"}
    return config.load({"DATABASE_URL": url, "SECRET_KEY": "test", "DATA_DIR": str(folder), **cheap})


@pytest.fixture(name="db")
def session(database: str) -> Iterator[Session]:
    """An open session on a fresh database; nothing is committed unless the test does."""
    with db._sessions() as opened:
        yield opened


@pytest.fixture(scope="session")
def assembled(shared_database: str, run_folder: Path) -> Flask:
    """The web application, put together once: compiling its addresses takes longer than most tests."""
    from dispatch.app import create_app

    application = create_app(_settings(shared_database, run_folder))
    application.testing = False
    return application


@pytest.fixture
def app(assembled: Flask, settings: Settings) -> Flask:
    """The web application on a fresh database."""
    bind(settings, pool_size=settings.web_pool_size)
    assembled.extensions["settings"] = settings
    return assembled


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


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    """`served.url` answers with web server and worker on a fresh database; everybody's password is PASSWORD."""
    open_doors()
    with serving(database, tmp_path) as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium the browser tests are skipped by name; under CI=true `./test` has refused to start before."""
    if browser_program() is None:
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed (apt-get install chromium)"))


def browser_program() -> str | None:
    """Where Chromium is on this machine."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test opens a connection beyond this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        assert str(host) in ("localhost", "127.0.0.1", "::1"), f"a test reached for {host}"
        return real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)
