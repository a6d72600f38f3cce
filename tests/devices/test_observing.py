"""What terminals told, in the record: a batch in one go, what can never be stored aside, numbers learned, old rows gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.devices import observing
from dispatch.devices.jt808.observations import Observation
from dispatch.devices.models import Observation as Row
from dispatch.devices.models import Terminal, Unit
from dispatch.devices.observing import entries, forget, keep, old_ones, store
from dispatch.devices.operations import NewTerminal, receive_terminals
from dispatch.geo.datum import gcj02_from_wgs84
from dispatch.geo.rules import metres
from tests.conftest import AT, Cast
from tests.devices.building import store as stock
from tests.devices.building import terminals

PHONE, NUMBER = "013912344323", "4316102"


def told(unit: Unit, kind: str = "position", **facts: object) -> Observation:
    """One observation, whole and on time unless said otherwise."""
    given = {"phone": PHONE, "serial": 7, "received_at": AT, "raw": "0200", **facts}
    return Observation(who=unit.id, kind=kind, **given)  # type: ignore[arg-type]


@pytest.fixture
def box(db: Session, cast: Cast) -> Unit:
    return terminals(db, cast)[0]


def test_a_batch_is_stored_as_it_was_told(db: Session, box: Unit) -> None:
    fix = told(box, positioned=True, lat=22.54, lon=114.05, speed_kmh=61.2, acc=True, satellites=12, signal=23, device_time=AT)
    assert keep(db, [fix, told(box, "heartbeat", whole=False), told(box, late=True, power_cut=True)]) == []
    rows = db.scalars(sa.select(Row).order_by(Row.id)).all()
    assert [(row.unit_id, row.kind, row.whole, row.late) for row in rows] == [
        (box.id, "position", True, False),
        (box.id, "heartbeat", False, False),
        (box.id, "position", True, True),
    ]
    first = rows[0]
    assert (first.lat, first.lon, first.speed_kmh, first.acc, first.satellites) == (22.54, 114.05, 61.2, True, 12)
    assert (first.signal, first.device_time, first.received_at, first.phone, first.raw) == (23, AT, AT, PHONE, "0200")
    assert rows[1].positioned is None and rows[2].power_cut is True


@pytest.mark.parametrize(
    "poison",
    [{"iccid": "8986\x00"}, {"serial": 2**63}, {"plate": "\ud800"}, {"kind": "news"}],
    ids=["a sign that is no text", "too large", "half a sign", "of no kind"],
)
def test_what_can_never_be_stored_is_put_aside_and_the_rest_is_kept(db: Session, box: Unit, poison: dict[str, object]) -> None:
    good = [told(box, serial=n) for n in range(7)]
    bad = replace(told(box), **poison)  # type: ignore[arg-type]
    assert keep(db, [*good[:3], bad, *good[3:]]) == [bad]
    assert db.scalars(sa.select(Row.serial).order_by(Row.serial)).all() == list(range(7))


@pytest.mark.parametrize(("datum", "near"), [("gcj02", True), ("wgs84", False)])
def test_a_position_is_kept_by_wgs84_whatever_its_source_reports(
    db: Session, box: Unit, monkeypatch: pytest.MonkeyPatch, datum: str, near: bool
) -> None:
    monkeypatch.setattr(observing, "_datums", {"traccar": datum})
    here = (22.543096, 114.057865)
    lat, lon = gcj02_from_wgs84(*here)
    keep(db, [told(box, source=source, platform_id=n, lat=lat, lon=lon) for source, n in (("traccar", 1), ("jt808", None))])
    kept = {row.source: metres(here, (row.lat or 0, row.lon or 0)) for row in db.scalars(sa.select(Row))}
    assert (kept["traccar"] < 1) == near and kept["jt808"] > 400


def test_a_unit_that_is_not_on_record_is_put_aside(db: Session, box: Unit) -> None:
    stranger = replace(told(box), who=box.id + 1_000)
    assert keep(db, [stranger, told(box)]) == [stranger]
    assert db.scalars(sa.select(Row.unit_id)).all() == [box.id]


def test_storing_writes_what_it_puts_aside_to_the_log(db: Session, box: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    db.commit()
    store([told(box), replace(told(box, raw="dead"), who=box.id + 1_000)])
    assert db.scalar(sa.select(sa.func.count()).select_from(Row)) == 1
    said = capsys.readouterr().out
    assert "observation_put_aside" in said and "dead" in said


def test_what_the_database_is_too_slow_for_is_not_taken_for_stored(
    db: Session, box: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.commit()
    db.execute(sa.text("LOCK TABLE observation IN ACCESS EXCLUSIVE MODE"))
    monkeypatch.setattr(observing, "LONGEST_MS", 50)
    with pytest.raises(OperationalError):
        store([told(box)])
    db.commit()
    assert db.scalars(sa.select(Row)).all() == []


# --- numbers we did not have


def test_numbers_that_the_record_lacks_are_learned_from_a_registration(db: Session, box: Unit) -> None:
    keep(db, [told(box, "registered", terminal_id="ab4316102")])
    db.expire_all()
    assert box.terminal is not None
    assert (box.terminal.phone_808, box.terminal.terminal_id) == (PHONE, "AB4316102")
    assert "ab4316102" in box.search_text, "who searches for it finds it"
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.subject_kind == "unit")).one()
    assert (entry.action, entry.by_name, entry.detail) == (
        "terminal.learn",
        "system",
        {"phone_808": PHONE, "terminal_id": "AB4316102"},
    )


def test_numbers_on_record_stay(db: Session, cast: Cast) -> None:
    known = NewTerminal("T-known", "BD-808A", terminal_id="7777777", phone_808="013900000001")
    receive_terminals(db, [known], store=stock(db, cast), by=cast.lin, at=AT)
    terminal = db.scalars(sa.select(Terminal)).one()
    keep(db, [told(terminal.unit, "registered", terminal_id=NUMBER)])
    db.expire_all()
    assert (terminal.phone_808, terminal.terminal_id) == ("013900000001", "7777777")


@pytest.mark.parametrize("facts", [{"whole": False}, {"terminal_id": "坏", "phone": "1234567ABCDE"}, {"terminal_id": "\x00"}])
def test_half_a_frame_and_what_is_no_number_teach_nothing(db: Session, box: Unit, facts: dict[str, object]) -> None:
    keep(db, [told(box, "registered", **{"phone": "A", **facts})])
    db.expire_all()
    assert box.terminal is not None
    assert (box.terminal.phone_808, box.terminal.terminal_id) == (None, None)


def test_a_number_that_two_have_is_not_learned(db: Session, cast: Cast) -> None:
    one, two, three = terminals(db, cast, 3)
    keep(db, [told(one, "registered", terminal_id=NUMBER)])
    keep(db, [told(two, "registered", phone="000000000002", terminal_id="0" + NUMBER), told(three, "registered")])
    db.expire_all()
    found = {row.unit_id: (row.phone_808, row.terminal_id) for row in db.scalars(sa.select(Terminal))}
    assert found == {one.id: (PHONE, NUMBER), two.id: ("000000000002", None), three.id: (None, None)}
    assert {(one.who, one.phone, one.terminal_id) for one in entries(db)} == {
        (one.id, PHONE, NUMBER),
        (two.id, "000000000002", None),
    }


# --- old rows


def test_old_observations_go_and_those_that_are_spared_stay(db: Session, box: Unit) -> None:
    keep(db, [told(box, serial=n, received_at=AT - timedelta(days=n)) for n in range(6)])
    spare = Row.serial == 4
    before = AT - timedelta(days=2, hours=1)
    found = old_ones(db, before=before, spare=spare)
    assert found is not None
    ids = dict(db.execute(sa.select(Row.serial, Row.id)).all())  # type: ignore[arg-type]
    assert found == (ids[3], ids[5])
    assert forget(db, first=found[0], last=found[0], before=before, spare=spare) == 1
    assert forget(db, first=0, last=found[1], before=before, spare=spare) == 1
    assert sorted(db.scalars(sa.select(Row.serial))) == [0, 1, 2, 4]
    assert old_ones(db, before=before, spare=spare) is None
