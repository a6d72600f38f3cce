"""Pages that belong to no feature: health, signing in and out, the first start, my account, language and colours, search."""

from dispatch.web.pages import account, beginning, health, home, setup, signing  # noqa: F401 - each adds its routes
from dispatch.web.pages.blueprint import pages

__all__ = ["pages"]
