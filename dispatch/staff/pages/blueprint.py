"""The blueprint that the pages about people share."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

pages = Blueprint("staff", __name__)

Answer = str | Response | tuple[str, int]
