"""Signing in, with limited attempts, and out."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from flask import jsonify, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as Answer

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, Refusal, RuleBroken
from dispatch.staff.models import Person
from dispatch.staff.operations import (
    check_attempts,
    end_session,
    note_failure,
    set_password,
    start_session,
)
from dispatch.staff.passwords import hash_password, password_fits
from dispatch.staff.queries import actor_of, nobody_yet, token_hash
from dispatch.web.access import current, public, signed_in
from dispatch.web.forms import Form
from dispatch.web.login import SignedIn, load, settings
from dispatch.web.pages.blueprint import me, next_page, pages, password_errors, secret
from dispatch.words import say

WRONG = say("The user name or the password is wrong.")


@pages.get("/signin")
@public
def signin() -> str | Answer:
    """The sign-in page; the very first start leads to the setup page instead."""
    if current().id is not None:
        return redirect(next_page())
    with transaction() as db:
        if nobody_yet(db):
            return render_template(
                "web/plain_note.html",
                title=_("Welcome"),
                sentence=_("Open the setup address that was printed when the server was started."),
            )
    return render_template("web/signin.html", form=Form(), next=request.args.get("next"), notice=None)


@pages.post("/signin")
@public
def sign_in() -> str | Answer | tuple[str, int]:
    """Check name and password, with limited attempts, and start a session."""
    form = Form.sent()
    try:
        token = _start(form.text("username"), secret("first" if "own" in request.form else "password"))
    except OwnPassword as asked:
        form = Form({"username": form.text("username")}, dict(asked.fields))
        return render_template("web/first_password.html", form=form, next=next_page()), asked.status
    except Refusal as refusal:
        form.values.pop("password", None)
        return render_template("web/signin.html", form=form.refused(refusal), next=next_page(), notice=None), refusal.status
    login_user(SignedIn(token, current()))
    session.permanent = True
    return redirect(next_page())


@pages.post("/api/sign-in")
@public
def sign_in_app() -> Answer:
    """The same for the phone's app, which keeps its page and all that waits on it: who he is, or why not."""
    token = _start(request.form.get("username", "").strip(), secret("password"))
    login_user(SignedIn(token, current()))
    session.permanent = True
    him = load(token)
    if him is None:
        raise RuleBroken(WRONG)
    return jsonify(id=him.actor.id, name=him.actor.name)


def _start(username: str, password: str) -> str:
    address, at, limits = request.remote_addr or "", now(), settings()
    window = timedelta(minutes=limits.login_window_minutes)
    with transaction() as db:
        check_attempts(db, username=username, address=address, at=at, most=limits.login_attempts, window=window)
        # Counted before it is checked, so that forty at once are forty; a right password takes the count back.
        note_failure(db, username=username, address=address, at=at)
        person = db.scalar(sa.select(Person).where(Person.username == username, Person.active))
        stored = person.password_hash if person else None
    # The check takes a fifth of a second and 64 MiB: no transaction is held meanwhile.
    if not password_fits(stored, password) or person is None:
        raise RuleBroken(WRONG)
    own = hash_password(_own_password()) if person.password_given else None
    with transaction() as db:
        if own is not None:
            him = db.get_one(Person, person.id, with_for_update=True, populate_existing=True)
            if him.password_hash != stored:  # the slip was used by somebody else meanwhile
                raise RuleBroken(WRONG)
            set_password(db, him, password_hash=own, keep=None, by=actor_of(him), at=at)
        return start_session(db, db.get_one(Person, person.id), address=address, browser=request.user_agent.string[:200], at=at)


class OwnPassword(Invalid):
    """The first password is right; he has to choose one of his own before he is let in."""


def _own_password() -> str:
    """The password that he chose in place of the one he was given. Raises OwnPassword until there is one."""
    if "own" not in request.form:
        raise OwnPassword({})
    errors = password_errors()
    if secret("password") == secret("first"):
        errors = {"password": say("Choose another one than the one you were given.")}
    if errors:
        raise OwnPassword(errors)
    return secret("password")


@pages.post("/signout")
@signed_in
def signout() -> Answer:
    """End this session, here and in the table."""
    with transaction() as db:
        end_session(db, token_hash(current_user.get_id()), person_id=me(), at=now())
    logout_user()
    session.clear()
    return redirect(url_for("web.signin"))
