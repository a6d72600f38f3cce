"""A request as JSON and back, for a preview that is kept until a person confirms it.

Problems are not kept: they are found anew on the way back, so a stored preview always speaks by today's rules.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from dispatch.intake.lines import Driver, RequestLine, check_lines
from dispatch.intake.requests import Request, RequestHeader
from dispatch.words import text_from_json, text_to_json

Json = dict[str, Any]


def to_json(request: Request) -> Json:
    """Request -> plain dicts, lists, texts and numbers."""
    return {
        "header": asdict(request.header) | {"wanted_on": request.header.wanted_on and request.header.wanted_on.isoformat()},
        "lines": [_line_to_json(line) for line in request.lines],
        "notes": [text_to_json(note) for note in request.notes],
        "blank_rows": request.blank_rows,
    }


def from_json(stored: Json) -> Request:
    """What `to_json` gave -> Request, its lines checked again."""
    wanted = stored["header"]["wanted_on"]
    return Request(
        header=RequestHeader(**stored["header"] | {"wanted_on": date.fromisoformat(wanted) if wanted else None}),
        lines=check_lines([_line_from_json(line) for line in stored["lines"]]),
        notes=tuple(text_from_json(note) for note in stored["notes"]),
        blank_rows=stored["blank_rows"],
    )


def _line_to_json(line: RequestLine) -> Json:
    return {key: value for key, value in asdict(line).items() if key != "problems"}


def _line_from_json(stored: Json) -> RequestLine:
    return RequestLine(**stored | {"drivers": tuple(Driver(**driver) for driver in stored["drivers"])})
