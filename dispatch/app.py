"""The web assembly: settings in, a Flask application out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map

from dispatch import config, db, garbage, paths
from dispatch.binding import bind
from dispatch.config import Settings
from dispatch.db import transaction
from dispatch.features import edges
from dispatch.staff.queries import nobody_yet
from dispatch.web import access, filters, frame, locale, login, logs, packing, problems, security
from dispatch.web.first_start import setup_token
from dispatch.words import Text, say


def create_app(settings: Settings) -> Flask:
    """The application with every feature's pages; `transaction()` is bound to the settings' database."""
    bind(settings, pool_size=settings.web_pool_size)
    app = Flask("dispatch", template_folder=str(paths.TEMPLATES), static_folder=str(paths.STATIC))
    app.config.update(_flask_settings(settings))
    app.extensions["settings"] = settings
    packing.init(app)
    app.url_map.converters["int"] = _Key
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    problems.init(app)
    security.init(app, tiles_url=settings.map_tiles_url)
    login.init(app)
    locale.init(app)
    access.init(app)
    filters.init(app)
    frame.init(app)
    list(edges("papers"))
    for module in (*edges("pages"), *edges("import_pages")):
        app.register_blueprint(module.pages)
    for module in edges("api"):
        app.register_blueprint(module.api)
    if settings.trusted_proxies:
        n = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=n, x_proto=n, x_host=n, x_prefix=n)  # type: ignore[method-assign]
    return app


class _Key(IntegerConverter):
    """A number in an address that can be a key; a larger one leads nowhere (404)."""

    def __init__(self, map: Map, *args: Any, **kwargs: Any) -> None:
        super().__init__(map, *args, **{"max": 2**63 - 1, **kwargs})


def _flask_settings(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "TRUSTED_HOSTS": list(settings.trusted_hosts),
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * 1024 * 1024,
        "SESSION_COOKIE_NAME": "dispatch",
        "SESSION_COOKIE_SECURE": settings.base_url.startswith("https"),
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=settings.session_absolute_hours),
    }


def from_environment() -> Flask:
    """The application as gunicorn starts it."""
    settings = config.from_environment()
    logs.set_up(settings)
    app = create_app(settings)
    garbage.settle()
    return app


def opening_words(settings: Settings, base_url: str) -> list[Text]:
    """What the start should tell the person at the keyboard: on the very first one, where to set up the company."""
    db.connect(settings.database_url, pool_size=1)
    with transaction() as session:
        if not nobody_yet(session):
            return []
    return [say("First start. Set up your company at %(url)s", url=f"{base_url}/setup?token={setup_token(settings)}")]
