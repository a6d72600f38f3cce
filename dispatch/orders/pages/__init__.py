"""The pages of orders: the list, one order with its buttons, what waits for approval."""

from dispatch.orders.operations import finding
from dispatch.orders.pages import (
    approvals,
    closing,
    confirming,
    contacts,
    deputies,
    filters,
    ladder,
    leftover,
    limits,
    links,
    listing,
    news,
    pointing,
    recalls,
    rewriting,
    showing,
    verbal,
    waiting,
    word_figures,
)
from dispatch.orders.pages.blueprint import pages

__all__ = [
    "approvals",
    "closing",
    "confirming",
    "contacts",
    "deputies",
    "filters",
    "finding",
    "ladder",
    "leftover",
    "limits",
    "links",
    "listing",
    "news",
    "pages",
    "pointing",
    "recalls",
    "rewriting",
    "showing",
    "verbal",
    "waiting",
    "word_figures",
]
