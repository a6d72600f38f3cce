"""A file comes in and waits; a person says which column is what, and mends cells; each time it is read anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from dispatch.customers.models import Customer
from dispatch.errors import Conflict
from dispatch.intake.header_texts import header_texts
from dispatch.intake.lines import RequestLine
from dispatch.intake.lists import KINDS
from dispatch.intake.models import ColumnChoice, Upload
from dispatch.intake.operations.uploads import check_version, keep_upload, locked_upload
from dispatch.intake.queries import columns_remembered
from dispatch.intake.reading import columns_of, content_of, layouts_in
from dispatch.intake.stored import Json, from_json, to_json
from dispatch.staff.rules import Actor
from dispatch.tabular.layouts import headings_of, told_by
from dispatch.tabular.tables import Workbook, read
from dispatch.tabular.told import Told, told_from
from dispatch.words import say

TAKEN = say("This file was taken in already.")
GONE = say("The file itself is no longer kept. Send it again.")


@dataclass(frozen=True)
class Columns:
    """What a person chose: name of a sheet -> its row of headings; sheet and column (from 0) -> key of a column, "" for none."""

    heads: Mapping[str, int] = field(default_factory=dict)
    chosen: Mapping[tuple[str, int], str] = field(default_factory=dict)


def permission_for(purpose: str) -> str:
    """Who may bring such files in."""
    return "order.take" if purpose == "request" else KINDS[purpose].permission


def keep_file(session: Session, purpose: str, workbook: Workbook, *, file: bytes, by: Actor, at: datetime) -> Upload:
    """Read a file as it was said of files like it, and keep it. Raises RuleBroken when nothing can be read of it at all."""
    by.must(permission_for(purpose))
    content = _read_as_known(session, purpose, workbook, by)
    may = permission_for(purpose)
    return keep_upload(
        session, purpose=purpose, permission=may, file_name=workbook.name, file=file, content=content, by=by, at=at
    )


def fill_upload(session: Session, upload_id: int, purpose: str, workbook: Workbook, *, by: Actor) -> None:
    """The same for a file that is kept already and was not read yet; what was read meanwhile stays as it is."""
    content = _read_as_known(session, purpose, workbook, by)
    upload = locked_upload(session, upload_id, purpose, by, permission=permission_for(purpose))
    if not upload.content:
        upload.content = content
        session.flush()


def _read_as_known(session: Session, purpose: str, workbook: Workbook, by: Actor) -> Json:
    known = columns_remembered(session, purpose, workbook, by)
    content = _read(session, purpose, workbook.told(Told(known.keys)) if known else workbook, by)
    return content | {"remembered": known.id} if known else content


def _read(session: Session, purpose: str, workbook: Workbook, by: Actor) -> Json:
    content = content_of(purpose, workbook)
    if purpose == "request":
        start = header_texts(session, from_json(content["request"]) if "request" in content else None, by)
        content |= {"header": start, "edited": [], "left_out": [], "moved": []}
    return content


# --- which column is what


def choose_columns(session: Session, upload_id: int, purpose: str, columns: Columns, *, version: int | None, by: Actor) -> Upload:
    """Read a waiting file anew, its columns being what a person says they are. What he mended stays."""
    upload, workbook = _waiting(session, upload_id, purpose, version, by)
    told = told_by(workbook.sheets, columns_of(purpose), columns.heads, columns.chosen)
    return _reread(session, upload, workbook, replace(told, cells=told_from(upload.content.get("told")).cells), by)


def forget_columns(session: Session, upload_id: int, purpose: str, *, version: int | None, by: Actor) -> Upload:
    """Forget what was remembered for files like this one, and read it without."""
    upload, workbook = _waiting(session, upload_id, purpose, version, by)
    session.execute(
        sa.delete(ColumnChoice).where(ColumnChoice.id == upload.content.get("remembered"), ColumnChoice.branch_id == by.branch_id)
    )
    told = Told(cells=told_from(upload.content.get("told")).cells)
    return _reread(session, upload, workbook, told, by)


def mend_cells(
    session: Session, upload_id: int, purpose: str, typed: Mapping[int, Mapping[str, str]], *, version: int | None, by: Actor
) -> Upload:
    """Read a waiting list anew with what a person typed into its cells: row -> key of a column -> text."""
    upload, workbook = _waiting(session, upload_id, purpose, version, by)
    told = told_from(upload.content.get("told")).with_cells(typed)
    return _reread(session, upload, workbook, told, by)


# --- the same, as somebody has asked the worker for it


def asked_columns(columns: Columns) -> Json:
    """What a person chose, for the worker."""
    return {"heads": dict(columns.heads), "chosen": [[sheet, place, key] for (sheet, place), key in columns.chosen.items()]}


def asked_cells(typed: Mapping[int, Mapping[str, str]]) -> Json:
    """What a person typed, for the worker."""
    return {"cells": {str(row): dict(texts) for row, texts in typed.items()}}


FORGET: Json = {"forget": True}


def read_anew(session: Session, upload_id: int, purpose: str, asked: Json, *, by: Actor) -> Upload:
    """Read a waiting file anew as a person has asked: with other columns or cells, or without what was remembered."""
    version = asked["version"]
    if "cells" in asked:
        return mend_cells(session, upload_id, purpose, typed_in(asked), version=version, by=by)
    if "forget" in asked:
        return forget_columns(session, upload_id, purpose, version=version, by=by)
    columns = Columns(asked["heads"], {(sheet, place): key for sheet, place, key in asked["chosen"]})
    return choose_columns(session, upload_id, purpose, columns, version=version, by=by)


def typed_in(asked: Json) -> dict[int, dict[str, str]]:
    """What was typed into cells, out of what the worker was asked."""
    return {int(row): texts for row, texts in asked.get("cells", {}).items()}


def _waiting(session: Session, upload_id: int, purpose: str, version: int | None, by: Actor) -> tuple[Upload, Workbook]:
    upload = locked_upload(session, upload_id, purpose, by, permission=permission_for(purpose))
    if upload.done_at is not None:
        raise Conflict(TAKEN)
    check_version(upload, version)
    if upload.file is None:
        raise Conflict(GONE)
    return upload, read(upload.file_name, upload.file)


def _reread(session: Session, upload: Upload, workbook: Workbook, told: Told, by: Actor) -> Upload:
    content = _read(session, upload.purpose, workbook.told(told), by)
    if upload.purpose == "request":
        content = _carried_over(upload.content, content)
    upload.content = content | {"chosen": bool(told.keys or told.heads)}
    session.flush()
    return upload


def _carried_over(old: Json, new: Json) -> Json:
    """The request read anew, with the header as typed and the lines that a person mended."""
    header = new["header"] | {name: text for name, text in old["header"].items() if text}
    if "request" not in old or "request" not in new:
        return new | {"header": header}
    before = from_json(old["request"]).lines
    mended = {(line.sheet, line.row): line for index, line in enumerate(before) if index in set(old["edited"])}
    request = from_json(new["request"])
    lines = tuple(_mended(line, mended.get((line.sheet, line.row))) for line in request.lines)
    edited = [index for index, line in enumerate(lines) if (line.sheet, line.row) in mended]
    return new | {"header": header, "request": to_json(replace(request, lines=lines)), "edited": edited}


def _mended(line: RequestLine, before: RequestLine | None) -> RequestLine:
    if before is None:
        return line
    return replace(line, plate=before.plate, colour=before.colour, vin=before.vin, drivers=before.drivers)


def remember_columns(session: Session, upload: Upload, customer: Customer | None, *, by: Actor, at: datetime) -> None:
    """Keep for the next file of this customer, or the branch's next list of this kind, which column a person said is what."""
    if not upload.content.get("chosen"):
        return
    told = told_from(upload.content["told"])
    mine = (ColumnChoice.branch_id == upload.branch_id, ColumnChoice.purpose == upload.purpose)
    customer_id = customer.id if customer else None
    query = sa.select(ColumnChoice).where(*mine, ColumnChoice.customer_id.is_not_distinct_from(customer_id)).with_for_update()
    found = session.scalar(query)
    assert by.id is not None
    if found is None:
        found = ColumnChoice(branch_id=upload.branch_id, purpose=upload.purpose, customer_id=customer_id, keys={})
        session.add(found)
    found.keys, found.headings = found.keys | dict(told.keys), headings_of(layouts_in(upload.content))
    found.by_id, found.by_name, found.at = by.id, by.name, at
    session.flush()
