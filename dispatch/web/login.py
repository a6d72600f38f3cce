"""Sign-in with flask-login on server-side sessions. The browser's signed cookie holds a token; the table holds its hash."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user

from dispatch.clock import now
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.staff.models import Branch
from dispatch.staff.queries import actor_of, signed_in
from dispatch.staff.rules import Actor

SEEN_EVERY = timedelta(minutes=1)
WATCHING = "Dispatch-Watching"
"""The header of requests that a page sends by itself while nobody touches it: they do not keep a sign-in alive."""


class SignedIn(UserMixin):  # type: ignore[misc]
    """What flask-login carries around: the token as id, and the person as plain data."""

    def __init__(self, token: str, actor: Actor) -> None:
        self.id = token
        self.actor = actor


def settings() -> Settings:
    """The settings of the running application."""
    found: Settings = current_app.extensions["settings"]
    return found


def load(token: str) -> SignedIn | None:
    """The person behind a token, or None when the session has ended."""
    limits = settings()
    at = now()
    idle, absolute = timedelta(minutes=limits.session_idle_minutes), timedelta(hours=limits.session_absolute_hours)
    with transaction() as db:
        found = signed_in(db, token, at=at, idle=idle, absolute=absolute)
        if found is None:
            return None
        login, person, places = found
        if at - login.seen_at > SEEN_EVERY and WATCHING not in request.headers:
            login.seen_at = at
        actor = actor_of(person)
        chosen = session.get("branch_id")
        branch = db.get(Branch, chosen) if chosen and actor.may("branches.all") else person.branch
        g.branch = branch or person.branch
    return SignedIn(token, replace(actor, branch_id=g.branch.id, zone=g.branch.zone, places=places))


def init(app: Flask) -> None:
    """Wire flask-login into an application and put the actor where `access.current` finds him."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(load)

    @app.before_request
    def _who() -> None:
        g.actor = current_user.actor if current_user.is_authenticated else None
