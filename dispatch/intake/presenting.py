"""What the previews of files show of their columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from dispatch.intake.models import Upload
from dispatch.intake.queries import columns_used
from dispatch.intake.reading import MACROS, columns_of, layouts_in
from dispatch.tabular.columns import Column
from dispatch.words import text_from_json


def column_facts(db: Session, seen: Upload, locale: str) -> dict[str, Any]:
    """What the panel of columns shows: the sheets as they were understood, the columns there may be, what was remembered.

    `unread` is why the file could not be read yet, if so.
    """
    layouts = layouts_in(seen.content)
    return {
        "layouts": layouts,
        "columns": [(column.key, column_word(column, locale)) for column in columns_of(seen.purpose)],
        "used": columns_used(db, seen) if seen.content.get("remembered") else None,
        "chosen": bool(seen.content.get("chosen")),
        "macros": MACROS if seen.content.get("macros") else None,
        "unread": text_from_json(seen.content["unread"]) if "unread" in seen.content else None,
    }


def column_word(column: Column, locale: str) -> str:
    """What a column is called in a language: the first of its names in it."""
    english = (name for name in column.names if name.isascii())
    return column.names[0] if locale == "zh" else next(english, column.names[0])
