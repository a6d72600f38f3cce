"""Pages of stock: stores and bags at the desk, the technician's own bag on his phone."""

from dispatch.devices.pages import bag, counts, mending, stock, transfers  # noqa: F401 - each adds its routes
from dispatch.devices.pages.blueprint import pages

__all__ = ["pages"]
