"""The blueprint that the pages of stock share."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.wrappers import Response

pages = Blueprint("devices", __name__)

Answer = str | Response | tuple[str, int]
