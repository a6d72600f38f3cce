"""Terminals that report to a Traccar: what it passes on proves a test-run, its bad days prove nothing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch import config
from dispatch.config import Settings
from dispatch.devices import asking, asking_round, gateway
from dispatch.devices.asking import keep_look
from dispatch.devices.asking_round import ask_all
from dispatch.devices.fitted import fittings_of
from dispatch.devices.gateway import Traccar, Trouble
from dispatch.devices.models import Observation, PlatformLook, Unit
from dispatch.devices.platform_rules import Look, Target, numbers_of
from dispatch.field import evidence, evidence_rules, jobs
from dispatch.field.evidence import evidence_of
from dispatch.field.evidence_rules import Asked, Fitted
from dispatch.field.jobs import ask_round
from dispatch.field.models import Arrival
from dispatch.orders.models import Order, Visit
from tests.conftest import AT, Cast
from tests.devices.traccar import TOKEN, traccar
from tests.devices.traccar import Traccar as Double
from tests.field.building import fitted_long_ago
from tests.field.phone import Phone, at
from tests.field.test_evidence_rules import Seen
from tests.field.test_proving import HERE

IMEI, NUMBER = "359121104139382", "4316102"
NOW = AT + timedelta(hours=5)
ARRIVED = AT + timedelta(hours=4)


@pytest.fixture
def platform() -> Iterator[Double]:
    with traccar() as known:
        asking.configure(known.url, 20)
        evidence.configure(within_m=500, least_signal=10, listening=True)
        yield known
    asking.configure("", 20)
    evidence.configure(within_m=500, least_signal=10, listening=False)


@pytest.fixture
def box(db: Session, cast: Cast, order: Order, on_site: Visit, monkeypatch: pytest.MonkeyPatch) -> Unit:
    """The terminal in the vehicle where Su has just arrived, an hour ago by the clock of the worker."""
    found, _ = fitted_long_ago(db, cast, order.lines[0])
    assert found.terminal is not None
    found.terminal.imei, found.terminal.terminal_id = IMEI, NUMBER
    on_site.arrived_at = ARRIVED
    arrival = db.get_one(Arrival, on_site.id)
    arrival.lat, arrival.lon = HERE
    db.commit()
    monkeypatch.setattr(jobs, "now", lambda: NOW)
    return found


def settings(platform: Double, **instead: str) -> Settings:
    return config.load({"SECRET_KEY": "x", "TRACCAR_URL": platform.url, "TRACCAR_TOKEN": TOKEN, **instead})


def minutes(n: float) -> datetime:
    """So long after the arrival."""
    return ARRIVED + timedelta(minutes=n)


def known(db: Session, order: Order, visit: Visit) -> dict[str, tuple[str, str]]:
    db.expire_all()
    found = evidence_of(db, order.lines[0], visit, fittings_of(db, order.id))
    return {item: (one.verdict, one.told.source if one.told else "") for item, one in found.items()}


def outcome(db: Session, box: Unit) -> str | None:
    return db.scalar(sa.select(PlatformLook.outcome).where(PlatformLook.unit_id == box.id))


def test_what_traccar_passes_on_proves_the_test_run(
    db: Session, order: Order, on_site: Visit, box: Unit, platform: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = platform.device(IMEI)
    platform.position(device, minutes(2), ignition=True, rssi=23, sat=11, odometer=1_234_567.0, versionFw="V2.1.10")
    platform.position(device, minutes(3), ignition=False, alarm="powerCut,vibration", outdated=True)
    assert ask_round(settings(platform)) == 2
    proven = ("proven", "traccar")
    found = known(db, order, on_site)
    assert {item for item, one in found.items() if one == proven} >= {"online", "identity", "fix", "signal", "acc", "power"}
    first, second = db.scalars(sa.select(Observation).order_by(Observation.id)).all()
    assert (first.satellites, first.speed_kmh, first.mileage_km, first.firmware) == (11, 61.2, 1234.6, "V2.1.10")
    assert (second.positioned, second.lat, second.satellites) == (None, None, None), "the place of an earlier report"
    assert outcome(db, box) == "news"
    assert ask_round(settings(platform)) == 0, "asked a moment ago"
    monkeypatch.setattr(jobs, "now", lambda: NOW + timedelta(minutes=1))
    ask_round(settings(platform))
    assert len(db.scalars(sa.select(Observation.id)).all()) == 2, "asked again, it is kept once"


def test_the_old_terminal_under_the_new_number_is_found_out(
    db: Session, order: Order, on_site: Visit, box: Unit, platform: Double
) -> None:
    platform.position(platform.device(NUMBER), minutes(2), imei="860000000000009", rssi=30, iccid="8986" + "9" * 16)
    ask_round(settings(platform))
    found = known(db, order, on_site)
    assert found["identity"] == ("contradicted", "traccar") and found["signal"] == ("unknown", "")


def test_another_sim_than_the_fitted_one_is_found_out(
    db: Session, order: Order, on_site: Visit, box: Unit, platform: Double
) -> None:
    platform.position(platform.device(IMEI), minutes(2), iccid="8986" + "9" * 16)
    ask_round(settings(platform))
    assert known(db, order, on_site)["iccid"] == ("contradicted", "traccar")


def away(platform: Double) -> dict[str, str]:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        return {"TRACCAR_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}"}


def mood(name: str) -> Any:
    def spoil(platform: Double) -> dict[str, str]:
        platform.mood = name
        return {}

    return spoil


def only(when: float, **facts: Any) -> Any:
    def spoil(platform: Double) -> dict[str, str]:
        platform.positions.clear()
        platform.position(1, minutes(when), **facts)
        return {}

    return spoil


def foreign(platform: Double) -> dict[str, str]:
    platform.positions.clear()
    platform.position(7, minutes(2))
    return mood("elsewhere")(platform)  # type: ignore[no-any-return]


def unknown(platform: Double) -> dict[str, str]:
    platform.devices.clear()
    return {}


def older(platform: Double) -> dict[str, str]:
    return only(-30)(platform) | mood("elsewhere")(platform)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (away, "away"),
        (mood("broken"), "away"),
        (mood("slow"), "slow"),
        (mood("half"), "unreadable"),
        (mood("no list"), "unreadable"),
        (lambda _: {"TRACCAR_TOKEN": "stolen"}, "refused"),
        (unknown, "unknown_device"),
        (foreign, "other_device"),
        (older, "old"),
        (only(75), "ahead"),
        (only(2, serverTime="2026-12-02 01:02"), "unreadable"),
        (lambda platform: platform.positions.clear() or {}, "nothing"),
    ],
)
def test_on_its_bad_days_it_proves_nothing_and_says_why(spoil: Any, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_round, "Traccar", lambda url, token: Traccar(url, token, seconds=0.2))
    with traccar() as platform:
        platform.position(platform.device(IMEI), minutes(2), rssi=23)
        given = settings(platform, **spoil(platform))
        target = Target(1, numbers_of(IMEI, NUMBER, None), ARRIVED)
        [look] = ask_all(given.traccar_url, given.traccar_token, [target], lambda: NOW)
    assert look.outcome == said
    fitted = Fitted(imei=IMEI, terminal_id=NUMBER)
    seen = [Seen(kind="position", received_at=one.received_at, device_time=one.device_time) for one in look.observations]
    assert {one.verdict for one in evidence_rules.evidence(Asked(fitted, ARRIVED, HERE), seen).values()} == {"unknown"}


def test_an_answer_without_end_is_not_read_to_its_end(platform: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    platform.device(IMEI)
    monkeypatch.setattr(gateway, "MOST_BYTES", 20)

    async def ask() -> None:
        async with Traccar(platform.url, TOKEN) as asked:
            await asked.devices([IMEI])

    with pytest.raises(Trouble) as trouble:
        asyncio.run(ask())
    assert trouble.value.word == "unreadable"


def test_without_an_address_nobody_is_asked(db: Session, order: Order, on_site: Visit, box: Unit) -> None:
    assert ask_round(config.load({"SECRET_KEY": "x"})) == 0 and outcome(db, box) is None


def test_the_page_has_the_worker_ask_once_and_says_how_it_went(
    db: Session, order: Order, phone: Phone, box: Unit, platform: Double
) -> None:
    phone.open(f"{at(order)}/test")
    assert "Traccar is being asked" in phone.page and platform.asked == [], "the page itself asks nobody"
    phone.open(f"{at(order)}/test")
    jobs_asked = db.execute(sa.text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'field.ask_platform'")).scalar()
    assert jobs_asked == 1
    keep_look(db, Look(box.id, "refused"), at=NOW)
    db.commit()
    phone.open(f"{at(order)}/test")
    assert "Traccar does not let us in" in phone.page


def test_the_numbers_a_platform_may_have_it_under() -> None:
    assert numbers_of(IMEI, NUMBER, "013912344323") == {
        IMEI: "imei",
        NUMBER: "terminal_id",
        "013912344323": "phone",
        "13912344323": "phone",
    }
    assert numbers_of(None, None, None) == {}
