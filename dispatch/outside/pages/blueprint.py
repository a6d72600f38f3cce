"""The blueprint of help from outside."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

pages = Blueprint("outside", __name__)

Answer = str | Response | tuple[str, int]
