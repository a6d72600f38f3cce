"""Pages of fees: the price list, quotations of an order, and the list of all."""

from dispatch.fees.pages import discounts, prices, quote_list, quotes, quoting
from dispatch.fees.pages.blueprint import pages

__all__ = ["discounts", "pages", "prices", "quote_list", "quotes", "quoting"]
