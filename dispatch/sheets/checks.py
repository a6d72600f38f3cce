"""Proving sheets: each version says what its hash says, and every PDF that left the house verifies."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.files.gateway import AlteredFile, MissingFile, store
from dispatch.files.models import StoredFile
from dispatch.orders.models import Order
from dispatch.sheets.models import Sheet, SheetRelease, SheetVersion
from dispatch.sheets.queries import facts_hash
from dispatch.sheets.verifying import verify
from dispatch.words import Text, say

AT_A_TIME = 200


def broken_versions(session: Session) -> Iterator[Text]:
    """One sentence for each version whose facts are not what was hashed, or whose PDF is not among those released."""
    v = SheetVersion
    released = sa.exists().where(SheetRelease.version_id == v.id, SheetRelease.sha256 == v.pdf_sha256)
    unknown = (v.pdf_sha256.is_not(None) & ~released).label("unknown")
    query = sa.select(Order.number, v.sheet_id, v.version, v.facts, v.facts_hash, unknown)
    joined = query.join(Sheet, Sheet.id == v.sheet_id).join(Order, Order.id == Sheet.order_id).order_by(v.id)
    for row in session.execute(joined.execution_options(yield_per=AT_A_TIME)):
        named = {"sheet": row.sheet_id, "version": row.version, "order": row.number}
        if facts_hash(row.facts) != row.facts_hash:
            yield say("Sheet %(sheet)s version %(version)s of order %(order)s: its facts were changed", **named)
        if row.unknown:
            yield say("Sheet %(sheet)s version %(version)s of order %(order)s: its PDF is not among those released", **named)


def broken_releases(session: Session) -> Iterator[Text]:
    """One sentence for each PDF that was released and does not verify. Files that are missing are named by the files' check."""
    r = SheetRelease
    query = sa.select(r.sha256, Sheet.id, SheetVersion.version, Order.number, StoredFile.sha256.label("kept"))
    joined = (
        query.outerjoin(SheetVersion, SheetVersion.id == r.version_id)
        .outerjoin(Sheet, Sheet.id == SheetVersion.sheet_id)
        .outerjoin(Order, Order.id == Sheet.order_id)
        .outerjoin(StoredFile, StoredFile.sha256 == r.sha256)
    )
    for row in session.execute(joined.order_by(r.released_at, r.sha256).execution_options(yield_per=AT_A_TIME)):
        named = {"sheet": row.id, "version": row.version, "order": row.number or "?", "file": row.sha256}
        if row.kept is None:
            yield say("Sheet %(sheet)s version %(version)s of order %(order)s: its released PDF %(file)s has no row", **named)
        elif (told := _told(row.sha256)) is not None:
            yield say("Sheet %(sheet)s version %(version)s of order %(order)s (%(file)s): %(told)s", told=told, **named)


def _told(sha256: str) -> Text | None:
    """What the verifier says against a PDF; None when it is valid."""
    try:
        verdict = verify(store().get(sha256), issued=True)
    except (MissingFile, AlteredFile):
        return None
    return None if verdict.verdict == "valid" else verdict.said
