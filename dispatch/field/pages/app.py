"""The phone's app: one page that is the same for everybody, and the files it keeps so that it opens without signal."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as Answer

from dispatch.errors import NotFound
from dispatch.field.pages import app_files
from dispatch.field.pages.blueprint import pages
from dispatch.web.access import public
from dispatch.web.security import allow_compiled, without_nonce

KEPT_FOR_EVER = "public, max-age=31536000, immutable"
ASKED_AGAIN = "max-age=0, must-revalidate"


@pages.get("/app/")
@public
def app() -> str:
    """The app as a browser opens it that does not have it yet."""
    _may_be_kept()
    return app_files.page()


@pages.get("/app/<version>/<path:path>")
@public
def app_file(version: str, path: str) -> Response:
    """A file of the present version of the app; another version's are on the phones that use it, or nowhere."""
    found = app_files.file_of(path) if version == app_files.version() else None
    if found is None:
        raise NotFound
    _may_be_kept()
    return Response(found.content, mimetype=found.kind, headers={"Cache-Control": KEPT_FOR_EVER})


@pages.get("/sw.js")
@public
def app_worker() -> Answer:
    """The script that keeps the app; the browser looks whether it has changed."""
    answer = Response(app_files.worker(), mimetype="text/javascript", headers={"Cache-Control": ASKED_AGAIN})
    answer.set_etag(app_files.version())
    return answer.make_conditional(request)


def _may_be_kept() -> None:
    without_nonce()
    allow_compiled()
