"""Limits: one that the manager of a branch has set for a district, and those of today that are near or broken, told on."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dispatch.orders.clock_rules import Limit
from dispatch.orders.operations.limits import set_limit
from dispatch.orders.operations.telling import orders_to_tell_of, tell_of

if TYPE_CHECKING:
    from dispatch.demo.company import Company

OUTSIDE = {"SZ": "龙岗区", "GZ": "从化区"}
"""It takes longer out there."""
MOST = 12
"""So many orders are told of: what a worker of an hour ago has done."""


def agree(company: Company) -> None:
    """Before the first call: what holds for a far district of each branch."""
    for code, branch in company.branches.items():
        limit = Limit("arrival", 2 * 960, "work", kind="repair", area=OUTSIDE[code], branch_id=branch.id)
        key = uuid.UUID(int=company.random.getrandbits(128), version=4)
        set_limit(company.session, limit, key=key, by=company.manager(code), at=company.at)


def build(company: Company, moment: datetime) -> None:
    """Tell as the worker would have a while ago."""
    at = moment - timedelta(minutes=20)
    for order_id in orders_to_tell_of(company.session, at=at, limit=MOST):
        tell_of(company.session, order_id, at=at)
