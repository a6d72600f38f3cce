"""The blueprint that the pages of money share, and what they have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from flask import Blueprint, request
from werkzeug.wrappers import Response

from dispatch.clock import now
from dispatch.finance.rules import CashLimits, cash_risks
from dispatch.web.access import current
from dispatch.web.login import settings
from dispatch.words import Text

pages = Blueprint("finance", __name__)

Answer = str | Response | tuple[str, int]


def limits() -> CashLimits:
    """The company's limits on cash in hand."""
    return CashLimits(Decimal(str(settings().cash_limit)), timedelta(hours=settings().cash_max_hours))


def risks(cash: Decimal, oldest_at: datetime | None) -> list[Text]:
    """What is risky about so much cash of that age, now."""
    return cash_risks(cash, oldest_at, limits(), now())


def chosen_branch() -> int | None:
    """The branch the reader works in, or None: every branch, which he asks for with `?branches=all` and the right to it."""
    every = request.args.get("branches") == "all" and current().may("branches.all")
    return None if every else current().branch_id


def seen_branch(asked: int | None) -> int | None:
    """The branch that an address names, if the reader sees it; else his own."""
    return asked if asked is not None and current().sees_branch(asked) else current().branch_id
