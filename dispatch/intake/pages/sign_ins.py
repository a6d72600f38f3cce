"""Sign-ins for the technicians of a list: first passwords for all of them, on one page that is shown once."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.devices.page_forms import read_ids
from dispatch.intake.lists import from_json
from dispatch.intake.pages.blueprint import Answer, pages
from dispatch.intake.queries import upload, without_sign_in
from dispatch.staff.hiring import give_first_passwords, new_password
from dispatch.staff.passwords import hash_many
from dispatch.web.access import current, may
from dispatch.web.login import settings


@pages.post("/import/technicians/<int:upload_id>/sign-ins")
@may("staff.change")
def sign_ins(upload_id: int) -> Answer:
    """Make a first password for each of the chosen technicians of a list who has none, and show them this once."""
    with transaction() as db:
        seen = upload(db, upload_id, "technicians", current())
        able = {person.id for person in without_sign_in(db, from_json("technicians", seen.content), current())}
    chosen = sorted(able & set(read_ids(request.form.getlist("person"))))
    made = [new_password() for _each in chosen]
    hashes = hash_many(made)  # they take a while: no transaction is held meanwhile
    with transaction() as db:
        people = give_first_passwords(db, dict(zip(chosen, hashes, strict=True)), by=current(), at=now())
        passwords = dict(zip(chosen, made, strict=True))
        told = [(person.name, person.staff_no, person.username, passwords[person.id]) for person in people]
    if not told:
        flash(_("Whoever was chosen has a password already, and keeps it."), "info")
        return redirect(url_for("imports.preview", purpose="technicians", upload_id=upload_id))
    return render_template("intake/sign_ins.html", upload=seen, told=told, address=settings().public_url or request.host_url)
