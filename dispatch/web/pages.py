"""Pages that belong to no feature: health, signing in and out, the first start, my account, language and colours, search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa
from flask import Blueprint, Response, abort, flash, redirect, render_template, request, send_file, session, url_for
from flask_babel import gettext as _
from flask_login import current_user, login_user, logout_user
from werkzeug.wrappers import Response as Answer

from dispatch.clock import now
from dispatch.db import transaction
from dispatch.errors import Invalid, Refusal, RuleBroken
from dispatch.host.tls import ca_certificate_path
from dispatch.staff.models import Person
from dispatch.staff.operations import (
    NewPerson,
    check_attempts,
    end_session,
    found_company,
    note_failure,
    set_password,
    set_taste,
    start_session,
)
from dispatch.staff.passwords import hash_password, password_fits, too_weak
from dispatch.staff.queries import branches, nobody_yet, sessions_of, token_hash
from dispatch.web import finding
from dispatch.web.access import current, public, signed_in
from dispatch.web.first_start import setup_token_fits
from dispatch.web.forms import Form
from dispatch.web.locale import LOCALES
from dispatch.web.login import SignedIn, settings
from dispatch.words import Text, say

pages = Blueprint("web", __name__)

WRONG = say("The user name or the password is wrong.")


@pages.get("/livez")
@public
def livez() -> Response:
    """The process answers."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@public
def readyz() -> Response:
    """The process can reach its database."""
    with transaction() as db:
        db.execute(sa.select(1))
    return Response("ok\n", mimetype="text/plain")


@pages.get("/trust")
@public
def certificate() -> Answer:
    """The certificate a phone has to trust when this server speaks https with its own."""
    file = ca_certificate_path(settings())
    if not settings().tls or not file.exists():
        abort(404)
    return send_file(file, mimetype="application/x-x509-ca-cert", download_name="dispatch-ca.crt")


@pages.get("/")
@signed_in
def home() -> Answer:
    """To the page where this person's day starts."""
    actor = current()
    if actor.may("order.decide") and "manager" in actor.roles:
        return redirect(url_for("orders.approvals"))
    if actor.may("order.see"):
        return redirect(url_for("orders.index"))
    return redirect(url_for("field.today"))


@pages.get("/waiting")
@signed_in
def waiting() -> Answer:
    """What waits for my decision."""
    return redirect(url_for("orders.approvals" if current().may("order.decide") else "web.home"))


def _next() -> str:
    wanted = request.values.get("next", "")
    # Browsers drop control signs and read a backslash as a slash: only plain printable paths of ours are followed.
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return wanted if plain else url_for("web.home")


@pages.get("/signin")
@public
def signin() -> str | Answer:
    """The sign-in page; the very first start leads to the setup page instead."""
    if current().id is not None:
        return redirect(_next())
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
        token = _start(form.text("username"), _secret("password"))
    except Refusal as refusal:
        form.values.pop("password", None)
        return render_template("web/signin.html", form=form.refused(refusal), next=_next(), notice=None), refusal.status
    login_user(SignedIn(token, current()))
    session.permanent = True
    return redirect(_next())


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
    with transaction() as db:
        return start_session(db, db.get_one(Person, person.id), address=address, browser=request.user_agent.string[:200], at=at)


@pages.post("/signout")
@signed_in
def signout() -> Answer:
    """End this session, here and in the table."""
    with transaction() as db:
        end_session(db, token_hash(current_user.get_id()), person_id=_me(), at=now())
    logout_user()
    session.clear()
    return redirect(url_for("web.signin"))


def _me() -> int:
    actor_id = current().id
    assert actor_id is not None
    return actor_id


@pages.route("/setup", methods=["GET", "POST"])
@public
def setup() -> str | Answer | tuple[str, int]:
    """The first start: the first branch and its administrator. Only with the token that the start printed."""
    token = request.values.get("token", "")
    with transaction() as db:
        if not nobody_yet(db) or not setup_token_fits(settings(), token):
            abort(404)
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "GET":
        return render_template("web/setup.html", form=form, token=token)
    try:
        _found(form)
    except Refusal as refusal:
        return render_template("web/setup.html", form=form.refused(refusal), token=token), refusal.status
    flash(_("The company is set up. Sign in with the name and password you chose."), "success")
    return redirect(url_for("web.signin"))


def _found(form: Form) -> None:
    wanted = {name: form.text(name) for name in ("branch", "name", "username")}
    errors = {name: say("Please fill this in.") for name, text in wanted.items() if not text}
    errors |= _password_errors()
    if errors:
        raise Invalid(errors)
    administrator = NewPerson(
        staff_no="A001",
        name=wanted["name"],
        roles=frozenset(("administrator", "manager")),
        username=wanted["username"],
        password_hash=hash_password(_secret("password")),
    )
    with transaction() as db:
        found_company(
            db,
            branch_code="HQ",
            branch_name=wanted["branch"],
            zone=settings().default_zone,
            administrator=administrator,
            at=now(),
        )


def _secret(name: str) -> str:
    """A password exactly as it was typed: blanks at its ends belong to it."""
    return request.form.get(name, "")


def _password_errors() -> dict[str, Text]:
    weak = too_weak(_secret("password"))
    if weak:
        return {"password": weak}
    if _secret("password") != _secret("password_again"):
        return {"password_again": say("The two passwords differ.")}
    return {}


@pages.get("/account")
@signed_in
def account() -> str:
    """My language, colours, password and sessions."""
    return _account(Form())


def _account(form: Form) -> str:
    here = token_hash(current_user.get_id())
    with transaction() as db:
        rows = sessions_of(db, _me())
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
        stored = db.get_one(Person, _me()).password_hash
    errors = _password_errors()
    if not password_fits(stored, _secret("current")):
        errors["current"] = say("This is not your present password.")
    if errors:
        return _account(Form(errors=errors)), 422
    fresh = hash_password(_secret("password"))
    with transaction() as db:
        person = db.get_one(Person, _me())
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
        end_session(db, hashed, person_id=_me(), at=now())
    return redirect(url_for("web.account"))


@pages.post("/language")
@public
def language() -> Answer:
    """Choose zh or en; a signed-in person's choice is remembered for him."""
    chosen = request.form.get("locale", "")
    if chosen in LOCALES:
        _taste(locale=chosen, theme=None)
    return redirect(_next())


@pages.post("/theme")
@public
def theme() -> Answer:
    """Choose light, dark or auto."""
    chosen = request.form.get("theme", "")
    if chosen in ("auto", "light", "dark"):
        _taste(locale=None, theme=chosen)
    return redirect(_next())


def _taste(*, locale: str | None, theme: str | None) -> None:
    session.update({name: value for name, value in (("locale", locale), ("theme", theme)) if value})
    if current().id is None:
        return
    with transaction() as db:
        person = db.get_one(Person, _me())
        set_taste(db, person, locale=locale or person.locale, theme=theme or person.theme)


@pages.post("/branch")
@signed_in
def branch() -> Answer:
    """Work for another branch; for people who see them all."""
    chosen = request.form.get("branch_id", type=int)
    with transaction() as db:
        known = {branch.id for branch in branches(db)}
    if current().may("branches.all") and chosen in known:
        session["branch_id"] = chosen
    return redirect(url_for("web.home"))


@pages.get("/search")
@signed_in
def search() -> str | Response:
    """One search for everything the reader may see."""
    words = request.args.get("q", "").strip()[:60]
    alone = "HX-Request" in request.headers
    if not words and alone:
        return Response("")
    groups: Sequence[object] = finding.everything(words, current()) if len(words) > 1 or not words.isascii() else []
    return render_template("web/search_found.html" if alone else "web/search.html", q=words, groups=groups)
