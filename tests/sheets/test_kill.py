"""kill -9 while visits end and sheets are drawn: each end is kept once, each sheet is made once, and every PDF is sound."""

from __future__ import annotations

import os
import signal
import time
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from dispatch.audit.queries import broken_chains
from dispatch.db import transaction
from dispatch.field.models import FieldFact
from dispatch.files.gateway import configure, store
from dispatch.orders.models import Order, Visit
from dispatch.sheets import signing, verifying
from dispatch.sheets.models import Sheet, SheetRelease, SheetVersion
from tests.conftest import Cast, Served
from tests.sheets.house import swapped
from tests.web.test_kill import Dispatcher, killing

pytestmark = pytest.mark.slow
YARD = {"customer": "恒通物流有限公司", "address": "深圳市宝安区福永街道凤凰第一工业区"}
STARTS = ("08:30", "10:30", "12:30", "14:30", "16:30", "18:30")


@pytest.fixture
def standing(served: Served, tmp_path: Path, cast: Cast) -> list[int]:
    """Visits of Su at one yard whose work is done and signed, all but their end; the product's own files are open to the test."""
    configure(tmp_path, (tmp_path / "files_key").read_text().strip())
    with transaction() as session:
        return [swapped(session, cast, start=start, **YARD)[1].id for start in STARTS]


def finish(phone: Dispatcher, visit_id: int, key: uuid.UUID) -> None:
    """Press “Finish” until it is acknowledged."""
    for _ in range(60):
        try:
            phone.post(f"/my-day/visits/{visit_id}/finish", {"fact": str(key), "sure": "1"})
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("the end of the visit was never acknowledged")


def unreleased() -> int:
    """Sheets that are begun or asked for and have no released version yet."""
    with transaction() as session:
        released = sa.select(SheetVersion.sheet_id).where(SheetVersion.released_at.is_not(None))
        return session.scalar(sa.select(sa.func.count()).select_from(Sheet).where(Sheet.id.not_in(released))) or 0


def test_ends_are_kept_and_sheets_made_once(served: Served, tmp_path: Path, standing: list[int]) -> None:
    keys = {visit_id: uuid.uuid4() for visit_id in standing}
    phone, kills, until = Dispatcher(served.url, "su"), 0, time.monotonic() + 120
    with killing(served) as killed:
        for visit_id, key in keys.items():
            finish(phone, visit_id, key)
            finish(phone, visit_id, key)  # the answer was lost, so he presses again
    while unreleased():
        assert time.monotonic() < until, "the sheets were never made"
        if kills < 4:
            for pid in served.processes("worker"):
                os.kill(pid, signal.SIGKILL)
            kills += 1
        time.sleep(0.7)
    assert killed and kills
    with transaction() as session:
        told = session.scalars(sa.select(FieldFact).where(FieldFact.kind == "visit.finish")).all()
        assert {fact.id for fact in told} == set(keys.values())
        assert {fact.state for fact in told} == {"applied"}
        assert set(session.scalars(sa.select(Visit.status))) == {"finished"}
        assert set(session.scalars(sa.select(Order.status))) == {"done"}
        versions = session.scalars(sa.select(SheetVersion)).all()
        assert [version.version for version in versions] == [1] * len(STARTS), "each sheet was made once"
        names = session.scalars(sa.select(SheetRelease.sha256)).all()
        assert sorted(names) == sorted(version.pdf_sha256 or "" for version in versions)
        assert not list(broken_chains(session))
    signing.configure(tmp_path)
    assert {verifying.verify(store().get(name), issued=True).verdict for name in names} == {"valid"}
    verifying.stop()
