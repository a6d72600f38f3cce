"""Pages about money held: the technician's own, finance's overview, hand-ins, statements, the day list."""

from dispatch.finance.pages import accounts, day, differences, hand_ins, overview, own, statements  # noqa: F401 - each adds its routes
from dispatch.finance.pages.blueprint import pages

__all__ = ["pages"]
