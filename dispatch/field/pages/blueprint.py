"""The blueprint of the field."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("field", __name__)
