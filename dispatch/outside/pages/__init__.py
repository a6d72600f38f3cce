"""The pages of help from outside: the list, one order's, and those behind a contractor's link."""

from dispatch.outside.pages import desk, guests, links, listing
from dispatch.outside.pages.blueprint import pages

__all__ = ["desk", "guests", "links", "listing", "pages"]
