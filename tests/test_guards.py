"""The house stays a house: what no single review would keep an eye on for ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask

from dispatch import paths
from dispatch.features import FEATURES
from dispatch.host.schema import alembic_config
from dispatch.jobs import periodic
from dispatch.permissions import OUTSIDE, PERMISSIONS, ROLES

ROOT = Path(paths.CHECKOUT or "")
CODE = sorted((ROOT / "dispatch").rglob("*.py"))

PUBLIC = {
    "static",
    "web.livez",
    "web.readyz",
    "web.certificate",
    "web.signin",
    "web.sign_in",
    "web.sign_in_app",
    "web.setup",
    "web.language",
    "web.theme",
    "orders.approve_by_link",
    "orders.decide_by_link",
    "orders.confirm_by_link",
    "orders.answer_link",
    "outside.link",
    "outside.open_link",
    "outside.accept_by_link",
    "outside.decline_by_link",
    "outside.hand_in_by_link",
    "paycodes.told",
    "sheets.shown",
    "sheets.check",
    "field_api.shut",
    "field.app",
    "field.app_file",
    "field.app_worker",
}
"""Routes the whole world may call. Adding one here is a decision, not a repair."""
SIGNED_BY_SENDER = {"paycodes.told"}
"""Routes that other sites may call, since what they send is believed only if it is signed. The same."""


def test_every_route_is_protected_or_listed_as_public(app: Flask) -> None:
    for endpoint, view in app.view_functions.items():
        if endpoint in PUBLIC:
            assert endpoint == "static" or view.access is None  # type: ignore[attr-defined]
        else:
            assert getattr(view, "access", None) is not None, f"{endpoint} says to nobody who may call it"


def test_only_what_its_sender_signs_may_come_from_other_sites(app: Flask) -> None:
    found = {endpoint for endpoint, view in app.view_functions.items() if hasattr(view, "signed_by_sender")}
    assert found == SIGNED_BY_SENDER <= PUBLIC


def test_every_permission_is_held_by_a_known_role() -> None:
    for permission, roles in PERMISSIONS.items():
        assert roles and set(roles) <= {*ROLES, OUTSIDE}, permission


def test_a_status_is_written_in_one_file_only() -> None:
    writers = [f.relative_to(ROOT).as_posix() for f in CODE if re.search(r"\.status = ", f.read_text("utf-8"))]
    assert writers == ["dispatch/orders/operations/moves.py"]


def test_every_folder_belongs_to_a_feature() -> None:
    for top, more in (("templates", set()), ("static", {"vendor"}), ("tests", {"samples", "measure", "browser"})):
        folders = {p.name for p in (ROOT / top).iterdir() if p.is_dir() and p.name != "__pycache__"}
        assert folders <= set(FEATURES) | {"tabular", "host", "demo"} | more, folders


def test_migrations_have_one_head_and_equal_the_models(database: str) -> None:
    config = alembic_config(database)
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1
    command.check(config)


def test_clock_is_read_in_one_place_only() -> None:
    reading = re.compile(r"datetime\.(now|utcnow)\(|date\.today\(")
    allowed = {"dispatch/clock.py"}
    found = {f.relative_to(ROOT).as_posix() for f in CODE if reading.search(f.read_text("utf-8"))}
    assert {f for f in found if not f.startswith("dispatch/host/")} <= allowed


def test_environment_is_read_in_one_place_only() -> None:
    reading = re.compile(r"os\.environ|os\.getenv")
    found = {f.relative_to(ROOT).as_posix() for f in CODE if reading.search(f.read_text("utf-8"))}
    assert {f for f in found if not f.startswith("dispatch/host/")} == {"dispatch/config.py"}


def test_names_of_files_to_keep_are_left_to_flask() -> None:
    """A name with Chinese in it has to be encoded: the server answers a header that is not Latin with an error."""
    found = [f.relative_to(ROOT).as_posix() for f in CODE if re.search(r"Content-Disposition.*filename", f.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-postgres.txt", "requirements-measure.txt"]
)
def test_lock_files_have_hashes_and_name_no_address(name: str) -> None:
    lock = (ROOT / name).read_text("utf-8")
    assert "://" not in lock
    pinned = re.findall(r"^\S+==\S+.*$", lock, re.M)
    assert pinned and all(line.rstrip().endswith("\\") for line in pinned), "an entry without a hash"


@pytest.mark.parametrize("table", ["audit_entry", "audit_digest", "custody_entry", "part_entry"])
def test_ledgers_refuse_to_be_rewritten(database: str, table: str) -> None:
    engine = sa.create_engine(database, poolclass=sa.NullPool)
    with engine.connect() as connection:
        triggers = connection.execute(
            sa.text("SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:t AS regclass) AND tgname = 'append_only'"),
            {"t": table},
        )
        assert triggers.scalar_one() == 1
    engine.dispose()


def test_files_stay_small() -> None:
    sizes = {f.relative_to(ROOT).as_posix(): len(f.read_text("utf-8").splitlines()) for f in CODE}
    assert {name: size for name, size in sizes.items() if size > 330} == {}


def test_a_job_by_the_clock_takes_its_moment_by_the_name_the_queue_gives_it() -> None:
    with pytest.raises(TypeError, match="timestamp"):
        periodic("guards.none", "* * * * *")(lambda _moment: None)
