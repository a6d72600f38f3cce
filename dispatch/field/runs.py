"""Steps of the sync that take several transactions, for whoever carries them out: the phone's own request, or the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from dispatch.db import transaction
from dispatch.field.applying import apply_kept, pending_of
from dispatch.field.blobs import blob_of, devices_waiting, keep_made, made_of, whole_of
from dispatch.staff.models import Branch, Person

Now = Callable[[], datetime]


def apply_all(device: str, now: Now) -> int:
    """Apply what a device has sent, one fact after the other, each in its own transaction; how many were looked at."""
    with transaction() as session:
        pending = pending_of(session, device)
    for fact_id in pending:
        with transaction() as session:
            apply_kept(session, fact_id, at=now())
    return len(pending)


def finish_blob(sha256: str, person_id: int, now: Now) -> None:
    """Make a photo that has come whole into one that is kept, then apply what waited for it. Killed in between, it is done
    again."""
    with transaction() as session:
        blob = blob_of(session, sha256, person_id)
        content = whole_of(session, blob) if blob else None
        zone = session.scalar(sa.select(Branch.zone).join(Person, Person.branch_id == Branch.id).where(Person.id == person_id))
    if content is None:
        return
    made = made_of(content)
    with transaction() as session:
        keep_made(session, sha256, made, person_id=person_id, zone=zone or "UTC", at=now())
        devices = devices_waiting(session, person_id)
    for device in devices:
        apply_all(device, now)
