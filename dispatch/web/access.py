"""Who is calling, and may he. Every route says so itself: `@may("order.take")`, `@signed_in` or `@public`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from dispatch.errors import NotFound, NotSignedIn
from dispatch.permissions import PERMISSIONS
from dispatch.staff.rules import Actor

NOBODY = Actor(id=None, name="", roles=frozenset(), branch_id=None)

Door = Callable[[], "Actor | Response | None"]
_doors: list[Door] = []

View = TypeVar("View", bound=Callable[..., object])


def may(*permissions: str) -> Callable[[View], View]:
    """The route is for people with one of these permissions. Raises KeyError for one that does not exist."""
    for permission in permissions:
        PERMISSIONS[permission]

    def mark(view: View) -> View:
        view.access = permissions  # type: ignore[attr-defined]
        return view

    return mark


def signed_in(view: View) -> View:
    """The route is for everybody who is signed in."""
    view.access = ()  # type: ignore[attr-defined]
    return view


def public(view: View) -> View:
    """The route is for the whole world. Listed by the guard test."""
    view.access = None  # type: ignore[attr-defined]
    return view


def current() -> Actor:
    """The person behind this request; NOBODY before signing in."""
    return g.get("actor") or NOBODY


def allowed(permission: str) -> bool:
    """True if the person behind this request has the permission (for templates)."""
    return current().may(permission)


def lets_in(door: Door) -> Door:
    """Register who knows how somebody without a sign-in may come to a view, for this request alone: he gives him as an Actor,
    leads him elsewhere, or knows nothing of him (None)."""
    if door not in _doors:
        _doors.append(door)
    return door


def _by_another_door() -> Response | None:
    for door in _doors:
        found = door()
        if isinstance(found, Response):
            return found
        if found is not None:
            g.actor = found
    return None


def init(app: Flask) -> None:
    """Check access before every view."""

    @app.before_request
    def _check() -> Response | None:
        view = current_app.view_functions.get(request.endpoint or "")
        if view is None or request.endpoint == "static":
            return None
        access: tuple[str, ...] | None = view.access  # type: ignore[union-attr]
        if access is None:
            return None
        if current().id is None and (elsewhere := _by_another_door()) is not None:
            return elsewhere
        if current().id is None:
            return _ask_to_sign_in()
        if access and not any(allowed(permission) for permission in access):
            raise NotFound
        return None


def for_a_program() -> bool:
    """True if another program asks: it wants JSON, and no page to sign in."""
    return request.path.startswith("/api/")


def _ask_to_sign_in() -> Response:
    if for_a_program():
        raise NotSignedIn
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    where = url_for("web.signin", next=wanted)
    if "HX-Request" in request.headers:
        return Response(status=204, headers={"HX-Redirect": where})
    return redirect(where)
