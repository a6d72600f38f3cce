"""My account: password, sessions, language and colours."""

from __future__ import annotations

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as Answer

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.staff.models import Person
from dispatch.staff.operations import (
    end_session,
    set_password,
    set_taste,
)
from dispatch.staff.passwords import hash_password, password_fits
from dispatch.staff.queries import sessions_of, token_hash
from dispatch.web.access import current, public, signed_in
from dispatch.web.forms import Form
from dispatch.web.locale import LOCALES
from dispatch.web.pages.blueprint import me, next_page, pages, password_errors, secret
from dispatch.words import say


@pages.get("/account")
@signed_in
def account() -> str:
    """My language, colours, password and sessions."""
    return _account(Form())


def _account(form: Form) -> str:
    here = token_hash(current_user.get_id())
    with transaction() as db:
        rows = sessions_of(db, me())
    shown = [
        {
            "id": row.token_hash.hex(),
            "device": row.browser,
            "address": row.address,
            "signed_in_at": row.started_at,
            "seen_at": row.seen_at,
            "current": row.token_hash == here,
        }
        for row in rows
    ]
    return render_template("web/account.html", form=form, sessions=shown)


@pages.post("/account/password")
@signed_in
def password() -> str | Answer | tuple[str, int]:
    """Change my password; every other session of mine ends."""
    with transaction() as db:
        stored = db.get_one(Person, me()).password_hash
    errors = password_errors()
    if not password_fits(stored, secret("current")):
        errors["current"] = say("This is not your present password.")
    if errors:
        return _account(Form(errors=errors)), 422
    fresh = hash_password(secret("password"))
    with transaction() as db:
        person = db.get_one(Person, me())
        set_password(db, person, password_hash=fresh, keep=token_hash(current_user.get_id()), by=current(), at=now())
    flash(_("Your password is changed. Other devices have to sign in again."), "success")
    return redirect(url_for("web.account"))


@pages.post("/account/revoke")
@signed_in
def revoke() -> Answer:
    """End one of my sessions."""
    try:
        hashed = bytes.fromhex(request.form.get("session_id", ""))
    except ValueError:
        abort(404)
    with transaction() as db:
        end_session(db, hashed, person_id=me(), at=now())
    return redirect(url_for("web.account"))


@pages.post("/language")
@public
def language() -> Answer:
    """Choose zh or en; a signed-in person's choice is remembered for him."""
    chosen = request.form.get("locale", "")
    if chosen in LOCALES:
        _taste(locale=chosen, theme=None)
    return redirect(next_page())


@pages.post("/theme")
@public
def theme() -> Answer:
    """Choose light, dark or auto."""
    chosen = request.form.get("theme", "")
    if chosen in ("auto", "light", "dark"):
        _taste(locale=None, theme=chosen)
    return redirect(next_page())


def _taste(*, locale: str | None, theme: str | None) -> None:
    session.update({name: value for name, value in (("locale", locale), ("theme", theme)) if value})
    if current().id is None:
        return
    with transaction() as db:
        person = db.get_one(Person, me())
        set_taste(db, person, locale=locale or person.locale, theme=theme or person.theme)
