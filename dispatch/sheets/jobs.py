"""What the worker does for sheets: it makes them. Asked twice, or killed anywhere, a sheet is made once."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import OperationalError

from dispatch.audit.rules import canonical
from dispatch.clock import now
from dispatch.config import from_environment
from dispatch.db import transaction
from dispatch.errors import RuleBroken
from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.jobs import task
from dispatch.sheets.drawing import photo_for_print
from dispatch.sheets.gateway import SheetFailed, missing_glyphs
from dispatch.sheets.making import make_pdf
from dispatch.sheets.operations import Draft, begin_version, fail_version, release_version
from dispatch.sheets.printing import Print, printed_photos, sheet_html, title_of
from dispatch.sheets.rules import FAILED, UNREADABLE, UNSOUND, missing_warning, print_missing
from dispatch.sheets.verifying import verify
from dispatch.words import Text

log = structlog.get_logger("sheets")


@task("sheets.make")
def make_sheet(sheet_id: int) -> None:
    """Make the newest version of a sheet, if it is not there yet."""
    carry_out(sheet_id, from_environment().base_url)


def carry_out(sheet_id: int, base_url: str) -> None:
    """Begin, draw without a transaction, check, release.

    A try that fails is counted and raises, so that the worker tries again; after the last one the office is told why.
    """
    with transaction() as db:
        draft = begin_version(db, sheet_id, at=now())
    if draft is None:
        return
    try:
        _make(draft, base_url)
    except OperationalError:
        raise
    except Exception as reason:
        log.exception("sheet_failed", sheet=sheet_id, version=draft.version)
        with transaction() as db:
            fail_version(db, draft.version_id, _told(reason))
        raise


def _make(draft: Draft, base_url: str) -> None:
    missing = missing_glyphs(canonical(draft.facts).decode())
    pdf = _pdf(draft, print_missing(draft.facts, missing), f"{base_url}/s/{draft.token}?v={draft.version}")
    if verify(pdf, issued=True).verdict != "valid":
        raise RuleBroken(UNSOUND)
    store().put(pdf)  # before the transaction: it waits for the disk
    with transaction() as db:
        release_version(db, draft, pdf, warnings=[missing_warning(missing)] if missing else [], at=now())


def _pdf(draft: Draft, printable: dict[str, object], address: str) -> bytes:
    title = title_of(printable)
    return make_pdf(
        sheet_html(printable, Print(draft.version, draft.begun_at, address, draft.points)),
        title=title,
        language="zh-CN",
        created=draft.begun_at,
        attachment=("sheet.json", canonical(draft.facts)),
        reason=title,
        at=now(),
        files={f"{photo['sha256']}.jpg": photo_for_print(store().get(photo["sha256"])) for photo in printed_photos(printable)},
    )


def _told(reason: Exception) -> Text:
    """The sentence for the office."""
    if isinstance(reason, (SheetFailed, RuleBroken)):
        return reason.text
    return UNREADABLE if isinstance(reason, (MissingFile, AlteredFile)) else FAILED
