"""From the end of a visit to a released sheet: once, whatever is killed; a new version only when something else is true."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from dispatch.audit.models import AuditEntry
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.files.gateway import store
from dispatch.orders.models import Order
from dispatch.orders.operations.moves import locked_order
from dispatch.sheets import jobs
from dispatch.sheets.jobs import carry_out
from dispatch.sheets.models import Sheet, SheetRelease
from dispatch.sheets.operations import ask_for_sheets, begin_version, release_version
from dispatch.sheets.rules import TRIES, given_up
from dispatch.sheets.verifying import Verdict, verify
from dispatch.words import say
from tests.conftest import AT, Cast
from tests.sheets.engine import needs_libraries, needs_poppler
from tests.sheets.house import BASE, finish_leaving, installed, repaired, sheets, versions

pytestmark = pytest.mark.usefixtures("house")


def asked(session: Session) -> list[int]:
    """The sheets that the worker was asked for and has not yet looked at."""
    rows = session.execute(
        sa.text("SELECT (args->>'sheet_id')::int, lock FROM procrastinate_jobs WHERE task_name = 'sheets.make' ORDER BY id")
    )
    found = [(sheet, lock) for sheet, lock in rows]
    assert all(lock == f"sheet:{sheet}" for sheet, lock in found)
    return [sheet for sheet, _ in found]


def released(session: Session) -> int:
    """How many PDFs have left the house."""
    return session.scalar(sa.select(sa.func.count()).select_from(SheetRelease)) or 0


def test_the_end_of_a_visit_asks_for_the_sheet_in_the_same_breath(db: Session, cast: Cast) -> None:
    order = repaired(db, cast)
    [sheet] = sheets(db, order)
    assert asked(db) == [sheet.id]
    db.rollback()
    assert asked(db) == []


@needs_libraries
@needs_poppler
def test_a_sheet_is_drawn_signed_checked_and_kept(db: Session, done: tuple[Order, Sheet], tmp_path: Path) -> None:
    order, sheet = done
    carry_out(sheet.id, BASE)
    [version] = versions(db, sheet)
    assert version.version == 1
    assert version.pdf_sha256
    assert version.released_at
    assert version.failure is None
    pdf = store().get(version.pdf_sha256)
    assert verify(pdf, issued=True).verdict == "valid"
    (tmp_path / "sheet.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", "-layout", tmp_path / "sheet.pdf", "-"], capture_output=True, check=True).stdout.decode()
    line = version.facts["lines"][0]
    numbers = [unit["serial"] for f in line["fittings"] if f["unit_kind"] == "terminal" for unit in (f["old"], f["new"])]
    for words in ("维修服务单", order.number, *numbers, "张超敏", "苏杰", version.facts["customer"]["name"]):
        assert words in text
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "sheet.release")).one()
    assert entry.detail["sha256"] == version.pdf_sha256
    assert entry.detail["name"] == version.name


def test_the_same_facts_never_make_a_second_version(db: Session, done: tuple[Order, Sheet], quick: list[str]) -> None:
    order, sheet = done
    for _ in range(3):
        ask_for_sheets(db, order.id, at=AT)
        db.commit()
        carry_out(sheet.id, BASE)
    assert len(versions(db, sheet)) == len(quick) == released(db) == 1


def test_another_fact_makes_the_next_version_and_keeps_the_first(
    db: Session, done: tuple[Order, Sheet], quick: list[str]
) -> None:
    order, sheet = done
    carry_out(sheet.id, BASE)
    db.get_one(Order, order.id).diagnosis = "电源线虚接"
    db.commit()
    carry_out(sheet.id, BASE)
    first, second = versions(db, sheet)
    assert (first.version, second.version) == (1, 2)
    assert first.pdf_sha256 != second.pdf_sha256
    assert second.name.endswith("_v2.pdf")
    assert "?v=2" in quick[1]
    assert released(db) == 2


def test_its_day_of_issue_is_the_branchs_day(db: Session, done: tuple[Order, Sheet], quick: list[str]) -> None:
    night = datetime(2026, 12, 2, 16, 30, tzinfo=UTC)
    draft = begin_version(db, done[1].id, at=night)
    assert draft is not None and draft.begun_at == night and draft.begun_at.date() == date(2026, 12, 3)


class Killed(BaseException):
    """The end of a process: nothing catches it."""


STEPS = ("missing_glyphs", "sheet_html", "photo_for_print", "make_pdf", "verify", "missing_warning", "store", "release_version")


@pytest.mark.parametrize("step", ["begin_version", *STEPS])
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_step_it_is_made_once(
    db: Session, done: tuple[Order, Sheet], quick: list[str], monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    sheet = done[1]
    real: Callable[..., Any] = getattr(jobs, step)

    def dies(*given: Any, **named: Any) -> Any:
        if after:
            real(*given, **named)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(jobs, step, dies)
        if step != "missing_warning":  # nothing was missing, so nobody asks
            with pytest.raises(Killed):
                carry_out(sheet.id, BASE)
        assert released(db) == 0
    carry_out(sheet.id, BASE)
    [version] = versions(db, sheet)
    assert version.version == 1
    assert version.released_at
    assert released(db) == 1


def test_killed_after_the_release_nothing_is_done_again(db: Session, done: tuple[Order, Sheet], quick: list[str]) -> None:
    sheet = done[1]
    carry_out(sheet.id, BASE)
    carry_out(sheet.id, BASE)
    assert len(quick) == released(db) == 1
    assert len(db.scalars(sa.select(AuditEntry).where(AuditEntry.action == "sheet.release")).all()) == 1


def test_of_two_workers_with_the_same_sheet_one_releases_it(db: Session, done: tuple[Order, Sheet]) -> None:
    sheet = done[1]
    drafts = [begin_version(db, sheet.id, at=AT) for _ in range(2)]
    given = [release_version(db, draft, b"%PDF " + bytes([n]), warnings=[], at=AT) for n, draft in enumerate(drafts) if draft]
    assert given == [True, False]
    assert released(db) == 1


def test_what_changed_while_it_was_drawn_is_not_released(db: Session, done: tuple[Order, Sheet]) -> None:
    order, sheet = done
    stale = begin_version(db, sheet.id, at=AT)
    db.get_one(Order, order.id).diagnosis = "天线进水"
    db.flush()
    fresh = begin_version(db, sheet.id, at=AT)
    assert stale and fresh
    assert (stale.version_id, stale.version) == (fresh.version_id, fresh.version)
    assert not release_version(db, stale, b"%PDF old", warnings=[], at=AT)
    assert release_version(db, fresh, b"%PDF new", warnings=[], at=AT)


def test_what_fails_three_times_is_told_and_can_be_asked_for_again(
    db: Session, done: tuple[Order, Sheet], quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    order, sheet = done
    with monkeypatch.context() as patched:
        patched.setattr(jobs, "make_pdf", lambda *_, **__: 1 / 0)
        for n in range(TRIES):
            assert n == 0 or not given_up(versions(db, sheet)[0].failure)
            with pytest.raises(ZeroDivisionError):
                carry_out(sheet.id, BASE)
    [version] = versions(db, sheet)
    assert given_up(version.failure)
    ask_for_sheets(db, order.id, at=AT)
    db.commit()
    assert versions(db, sheet)[0].failure is None
    carry_out(sheet.id, BASE)
    assert versions(db, sheet)[0].released_at


def test_an_unsound_pdf_is_not_released(
    db: Session, done: tuple[Order, Sheet], quick: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "verify", lambda pdf, issued: Verdict("altered", issued, say("This file is empty.")))
    with pytest.raises(RuleBroken):
        carry_out(done[1].id, BASE)
    assert released(db) == 0


def test_a_name_that_the_font_lacks_is_printed_by_code_and_told_to_the_office(db: Session, cast: Cast, quick: list[str]) -> None:
    order = repaired(db, cast, customer="𠮷祥物流行")
    db.commit()
    [sheet] = sheets(db, order)
    carry_out(sheet.id, BASE)
    [version] = versions(db, sheet)
    assert "〓(U+20BB7)祥物流行" in quick[0]
    assert version.facts["customer"]["name"] == "𠮷祥物流行"
    assert "U+20BB7" in str(version.warnings)


def test_an_installation_gets_its_summary_and_a_sheet_for_each_vehicle(db: Session, cast: Cast, quick: list[str]) -> None:
    order, visit = installed(db, cast, lines=3, left=1)
    finish_leaving(db, visit, cast.su, order.lines[2].id)
    db.commit()
    made = sheets(db, order)
    for sheet in made:
        carry_out(sheet.id, BASE)
    assert [sheet.kind for sheet in made] == ["installation", "vehicle", "vehicle"]
    assert len({sheet.token for sheet in made}) == 3
    assert released(db) == 3


def test_nothing_is_corrected_while_a_sheet_reads_its_facts(db: Session, done: tuple[Order, Sheet]) -> None:
    """Else a signed sheet could say half of a correction: the old terminal and the new one's price."""
    order, sheet = done
    locked_order(db, order.id)
    with pytest.raises(OperationalError, match="lock timeout"), transaction() as other:
        other.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        begin_version(other, sheet.id, at=AT)
    with pytest.raises(OperationalError, match="lock timeout"), transaction() as other:
        other.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        ask_for_sheets(other, order.id, at=AT)
    db.rollback()
    with transaction() as other:
        assert begin_version(other, sheet.id, at=AT) is not None


def test_asked_again_before_a_worker_came_the_waiting_begins_anew(db: Session, cast: Cast) -> None:
    order = repaired(db, cast)
    db.flush()
    [sheet] = sheets(db, order)
    later = sheet.created_at + timedelta(hours=1)
    ask_for_sheets(db, order.id, at=later)
    db.refresh(sheet)
    assert sheet.created_at == later
