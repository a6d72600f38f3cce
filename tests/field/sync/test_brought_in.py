"""A phone that cannot send writes out what it has; the office brings the file in as if the phone had sent it."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from dispatch import cli
from dispatch.audit.models import AuditEntry
from dispatch.errors import Conflict, Refusal
from dispatch.field.bringing_in import BroughtIn, bring_in
from dispatch.field.exported import read_export
from dispatch.field.models import FieldFact
from dispatch.files.models import StoredFile
from dispatch.orders.models import Visit
from tests.conftest import Cast
from tests.field.building import fresh
from tests.field.phone import jpeg
from tests.field.sync.conftest import Wall
from tests.field.sync.pocket import KEPT, Pocket

MOST = 25 * 2**20


def written(pocket: Pocket, person_id: int, *photos: bytes) -> list[bytes]:
    """The lines of the file that the app writes (static/field/app/export.js)."""
    head = {"format": "gps-dispatch/outbox/1", "phone": str(pocket.id), "person": person_id, "name": "苏杰", "app": 1}
    lines: list[dict[str, Any]] = [head | {"at": pocket.time}]
    lines += [{"sha256": hashlib.sha256(one).hexdigest(), "bytes": base64.b64encode(one).decode()} for one in photos]
    lines += [{"fact": record} for record in pocket.outbox]
    return [json.dumps(line).encode() for line in lines]


@pytest.fixture
def photo() -> bytes:
    """What the camera gave."""
    return jpeg().stream.read()


def brought(lines: list[bytes], wall: Wall) -> BroughtIn:
    return bring_in(read_export(b"\n".join(lines) + b"\n"), most=MOST, now=lambda: wall.now)


def test_all_of_it_is_entered_once_whether_the_file_or_the_phone_comes_first(
    db: Session, cast: Cast, pocket: Pocket, wall: Wall, visit: Visit, photo: bytes
) -> None:
    pocket.does("visit.depart")
    assert pocket.states() == [KEPT]
    pocket.does("visit.arrive")
    pocket.does("photo", sha256=hashlib.sha256(photo).hexdigest(), kind="condition")
    for before in (False, True):
        found = brought(written(pocket, cast.su.id, photo), wall)
        assert [(one.seq, one.before, one.state) for one in found.records] == [
            (1, True, "applied"),
            (2, before, "applied"),
            (3, before, "applied"),
        ]
        assert (found.photos, found.refused, found.damaged) == (1, [], 0)
    assert [each["answer"] for each in pocket.sync()["facts"]] == ["before"] * 3
    assert fresh(db).get_one(Visit, visit.id).status == "on_site"
    assert db.scalar(sa.select(sa.func.count()).select_from(FieldFact)) == 3
    assert db.scalar(sa.select(sa.func.count()).select_from(StoredFile).where(StoredFile.media_type == "image/jpeg")) == 1
    noted = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "phone.bring_in")).first()
    assert noted is not None and noted.detail["phone"] == str(pocket.id)


def test_half_a_file_is_worth_what_is_in_it(cast: Cast, pocket: Pocket, wall: Wall, visit: Visit, photo: bytes) -> None:
    for kind in ("visit.depart", "visit.arrive", "visit.finish"):
        pocket.does(kind)
    head, picture, first, _, third = written(pocket, cast.su.id, photo)
    changed = picture.replace(b'"sha256": "', b'"sha256": "0')
    found = brought([head, changed, b"[]", first, third, third[:40]], wall)
    assert [(one.seq, one.state) for one in found.records] == [(1, "applied"), (3, None)]
    assert (found.photos, found.damaged) == (0, 3)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"{}", b'{"format": "gps-dispatch/outbox/1", "phone": "x", "person": 1}']
)
def test_what_is_no_such_file_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal, match="no file that a phone wrote out"):
        read_export(content)


def test_another_persons_phone_and_nobodys_file_are_refused(cast: Cast, pocket: Pocket, wall: Wall, visit: Visit) -> None:
    pocket.does("visit.depart")
    pocket.sync()
    with pytest.raises(Conflict):
        brought(written(pocket, cast.wei.id), wall)
    with pytest.raises(Refusal, match="Nobody here"):
        brought(written(pocket, 987_654), wall)


def test_the_command_says_what_came(
    cast: Cast, pocket: Pocket, visit: Visit, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pocket.does("visit.depart")
    file = tmp_path / "outbox.ndjson"
    file.write_bytes(b"\n".join(written(pocket, cast.su.id)))
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def run(*more: str) -> Result:
        return CliRunner().invoke(cli.cli, ["outbox", *more, "--lang", "en"])

    first, again, none = run(str(file)), run(str(file), "--json"), run(str(tmp_path / "none"))
    assert first.exit_code == 0 and "1 records, 0 photos. Entered: 1, for the dispatcher: 0" in first.output
    assert json.loads(again.output)["records"][0] == {
        "seq": 1,
        "kind": "visit.depart",
        "before": True,
        "state": "applied",
        "told": None,
    }
    assert none.exit_code == 2 and "cannot be read" in none.output
    file.write_bytes(file.read_bytes().replace(str(pocket.id).encode(), str(uuid.uuid4()).encode()) + b"\nhalf")
    assert run(str(file)).exit_code == 1
