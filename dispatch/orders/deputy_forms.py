"""The form that names a deputy: texts -> from when until when, who and why, or a sentence beside the field."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dispatch.staff.deputies import Absence
from dispatch.tabular.cells import read_moment
from dispatch.typed import Typed, number_in


def read_absence(texts: Mapping[str, Any], *, key: uuid.UUID, zone: str, at: datetime) -> Absence:
    """What was typed, times in the reader's zone; an empty beginning means `at`. Raises Invalid."""
    typed = Typed(texts)
    starts, ends = typed.maybe("starts_at", read_moment), typed.need("ends_at", read_moment, at)
    absence = Absence(
        deputy_id=typed.need("deputy", number_in, 0),
        starts_at=starts.replace(tzinfo=ZoneInfo(zone)) if starts else at,
        ends_at=ends.replace(tzinfo=ZoneInfo(zone)),
        reason=typed.needed("reason"),
        key=key,
    )
    typed.check()
    return absence
