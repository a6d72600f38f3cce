"""Pages of fees: the price list, and quotations of an order."""

from dispatch.fees.pages import prices, quotes, quoting
from dispatch.fees.pages.blueprint import pages

__all__ = ["pages", "prices", "quotes", "quoting"]
