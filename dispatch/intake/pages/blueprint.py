"""The blueprint that the modules beside this one add their routes to."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

pages = Blueprint("intake", __name__)

Answer = str | Response | tuple[str, int]
