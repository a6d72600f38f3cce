"""Pages of invoices: the lists, asking for one, one invoice with all that can be done with it, tax codes."""

from dispatch.invoices.pages import asking, doing, files, listing, showing, tax_codes
from dispatch.invoices.pages.blueprint import pages

__all__ = ["asking", "doing", "files", "listing", "pages", "showing", "tax_codes"]
