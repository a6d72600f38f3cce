"""What protects every page: the origin check against forged requests, and the headers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from werkzeug.wrappers import Response

from dispatch.errors import NotAllowed
from dispatch.words import say

CHANGING = ("POST", "PUT", "PATCH", "DELETE")

View = TypeVar("View", bound=Callable[..., object])


def signed_by_sender(view: View) -> View:
    """The route is called by programs of others, proves their signature itself and looks at no cookie: it may be called from
    anywhere. Listed by the guard test."""
    view.signed_by_sender = True  # type: ignore[attr-defined]
    return view


def allow_compiled() -> None:
    """The page that is being made runs what was compiled for browsers (the reader of codes); no other page may."""
    g.compiled = " 'wasm-unsafe-eval'"


def without_nonce() -> None:
    """The page that is being made is the same for everybody and is kept by phones: no script in it may be named by a nonce."""
    g.csp_nonce = ""


def check_origin() -> None:
    """Raises NotAllowed for a changing request that another site sent, or one that does not say where it comes from."""
    if request.method not in CHANGING or _proves_itself():
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        same = site in ("same-origin", "none")
    else:
        same = urlsplit(request.headers.get("Origin", "")).netloc == request.host
    if not same:
        raise NotAllowed(say("This request came from another site and was not carried out."))


def _proves_itself() -> bool:
    return hasattr(current_app.view_functions.get(request.endpoint or ""), "signed_by_sender")


def _headers(answer: Response) -> Response:
    nonce, compiled = g.get("csp_nonce", ""), g.get("compiled", "")
    named = f" 'nonce-{nonce}'" if nonce else ""
    tiles = g.get("tiles_origin", "")
    answer.headers["Content-Security-Policy"] = (
        f"default-src 'self'; img-src 'self' data: blob: {tiles}; style-src 'self'; script-src 'self'{named}{compiled}; "
        "worker-src 'self'; manifest-src 'self'; connect-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    )
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["Permissions-Policy"] = "camera=(self), geolocation=(self), microphone=()"
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    answer.headers["Cache-Control"] = _caching(answer)
    return answer


def _caching(answer: Response) -> str:
    """Static files change their address with their content. What people see is nobody else's, and old the next moment, unless a
    page says otherwise; "no-cache" is not its word but what files are sent with by default."""
    if request.endpoint == "static" and answer.status_code < 400:
        return "public, max-age=31536000"
    said = answer.headers.get("Cache-Control", "")
    return "no-store" if said in ("", "no-cache") else said


def init(app: Flask, *, tiles_url: str) -> None:
    """Wire the checks into an application. `tiles_url` may be loaded as images."""
    parts = urlsplit(tiles_url)
    origin = f"{parts.scheme}://{parts.netloc}".replace("{s}", "*") if parts.netloc else ""

    @app.before_request
    def _prepare() -> None:
        g.csp_nonce = secrets.token_urlsafe(16)
        g.tiles_origin = origin
        check_origin()

    app.after_request(_headers)
