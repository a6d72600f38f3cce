"""The phones of the demonstration's technicians: one in use, one with a clock that is off, one that was lost and locked out."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from dispatch.demo.company import Company
from dispatch.field.phones import Caller, contact, lock_out
from dispatch.field.wire_rules import APP_VERSION

OWN = ("Android 13; SM-A536B", APP_VERSION, 2, timedelta(milliseconds=380))
OLD = ("Android 9; MI 8", APP_VERSION, 240, timedelta(minutes=11))
LOST = ("Android 12; V2158A", APP_VERSION, 60 * 30, timedelta())
"""What they are called, the version of the app, how many minutes ago they came by last, and how far their clocks are ahead."""


def build(company: Company, now: datetime) -> None:
    """Su has three phones, the last of which was left in a taxi."""
    su = company.people["su"]
    for name, version, minutes, ahead in (OWN, OLD, LOST):
        at = now - timedelta(minutes=minutes)
        phone = uuid.UUID(int=company.random.getrandbits(128), version=4)
        contact(company.session, Caller(phone, name, version, at + ahead), by=su, at=at)
    lock_out(company.session, phone, by=company.people["lin"], at=now - timedelta(hours=28))
