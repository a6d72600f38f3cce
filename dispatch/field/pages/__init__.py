"""The technician's phone, and the list of what it sent that fits nothing the office knows."""

from dispatch.field.pages import (
    allowing,
    app,
    codes,
    day,
    disputes,
    goodwill,
    late,
    money,
    office,
    phones,
    photos,
    points,
    seen,
    signing,
    stop,
    testing,
    vehicles,
)
from dispatch.field.pages.blueprint import pages

__all__ = [
    "allowing",
    "app",
    "codes",
    "day",
    "disputes",
    "goodwill",
    "late",
    "money",
    "office",
    "pages",
    "phones",
    "photos",
    "points",
    "seen",
    "signing",
    "stop",
    "testing",
    "vehicles",
]
