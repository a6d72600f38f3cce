"""The phones of a person: which there are, how they go, and locking one out that was lost."""

from __future__ import annotations

import uuid

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Conflict
from dispatch.field.pages.blueprint import pages
from dispatch.field.phones import lock_out, offsets_of, owner_of, phones_of, still_open
from dispatch.field.wire_rules import update_of
from dispatch.staff.queries import person
from dispatch.web.access import current, may
from dispatch.web.locale import tr


@pages.get("/people/<int:person_id>/phones")
@may("staff.see")
def phones(person_id: int) -> str:
    """Somebody's phones."""
    with transaction() as db:
        one = person(db, person_id, current())
        found = phones_of(db, person_id)
        open_ = still_open(db, [phone.id for phone in found])
        offsets = {phone.id: next(iter(offsets_of(phone)), 0) // 1000 for phone in found}
        updates = {phone.id: update_of(phone.app_version) for phone in found}
        return render_template("field/phones.html", one=one, phones=found, open=open_, offsets=offsets, updates=updates)


@pages.post("/phones/<uuid:phone_id>/lock")
@may("phone.lock")
def lock(phone_id: uuid.UUID) -> Response:
    """A phone was lost: lock it out."""
    try:
        with transaction() as db:
            owner = lock_out(db, phone_id, by=current(), at=now()).person_id
    except Conflict as refusal:
        flash(tr(refusal.text), "warning")
        with transaction() as db:
            owner = owner_of(db, phone_id)
    else:
        flash(_("The phone is locked out. It wipes itself when it comes by next."), "success")
    return redirect(url_for("field.phones", person_id=owner), 303)
