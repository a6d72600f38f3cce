"""How a no is answered: a page with a sentence and a way on; a toast for htmx; never a bare code."""

from __future__ import annotations

import json
import uuid

import structlog
from flask import Flask, Response, g, jsonify, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from dispatch.errors import Invalid, Refusal
from dispatch.web.access import for_a_program
from dispatch.web.locale import tr
from dispatch.words import Text, say

log = structlog.get_logger("web")

TITLES = {
    400: say("That could not be understood"),
    403: say("Not allowed"),
    404: say("Not found"),
    405: say("Not found"),
    409: say("Somebody was faster"),
    413: say("The file is too large"),
    422: say("That is not possible"),
    429: say("Please wait a moment"),
    500: say("Something broke on our side"),
}
SENTENCES = {
    400: say("The server could not understand this request. Nothing was changed."),
    404: say("There is nothing here, or it is not yours to see."),
    413: say("The file is larger than this server takes. Nothing was saved."),
    500: say("It was written down and will be looked at. Nothing was changed; please try again."),
}


def answer(status: int, sentence: Text | str) -> tuple[Response | str, int]:
    """The answer to a no: JSON for a program, a toast header for htmx, a page for everybody else."""
    if for_a_program():
        return jsonify(error=tr(sentence)), status
    if "HX-Request" in request.headers:
        told = Response(status=status)
        told.headers["HX-Trigger"] = json.dumps({"toast": {"text": tr(sentence), "tone": "danger"}})
        return told, status
    try:
        return _page(status, sentence), status
    except Exception:
        # The page itself could not be made (the database is away, say): a plain sentence always can.
        log.exception("error_page_failed")
        return Response(str(sentence) + "\n", mimetype="text/plain"), status


def _page(status: int, sentence: Text | str) -> str:
    title = tr(TITLES.get(status, TITLES[400]))
    ways = [(_("To the start"), url_for("web.home"))]
    return render_template(
        "web/error.html", title=title, sentence=tr(sentence), kept=None, ways=ways, request_id=g.get("request_id")
    )


def _refused(refusal: Refusal) -> tuple[Response | str, int]:
    if for_a_program() and isinstance(refusal, Invalid):
        fields = {name: tr(sentence) for name, sentence in refusal.fields.items()}
        return jsonify(error=tr(refusal.text), errors=fields), refusal.status
    return answer(refusal.status, refusal.text)


def _http(error: HTTPException) -> tuple[Response | str, int] | HTTPException:
    if error.code is None or error.code < 400 or isinstance(error, SecurityError):
        return error
    status = 404 if error.code == 405 else error.code
    return answer(status, SENTENCES.get(status) or SENTENCES[400])


def _broken(error: Exception) -> tuple[Response | str, int] | HTTPException:
    if isinstance(error, HTTPException) and not isinstance(error, InternalServerError):
        return _http(error)
    log.error("request_failed", exc_info=error)
    return answer(500, SENTENCES[500])


def init(app: Flask) -> None:
    """Wire the answers into an application; every request gets an id that logs and error pages show."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _broken)

    @app.before_request
    def _name_request() -> None:
        g.request_id = uuid.uuid4().hex[:12]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=g.request_id)
