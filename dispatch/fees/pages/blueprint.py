"""The blueprint of fees."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

pages = Blueprint("fees", __name__)

Answer = str | Response | tuple[str, int]
