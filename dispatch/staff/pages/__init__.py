"""Pages about people and the branches they work at."""

from dispatch.staff.pages import branches, calendar, leave, papers, people, roster  # noqa: F401 - each adds its routes
from dispatch.staff.pages.blueprint import pages

__all__ = ["pages"]
