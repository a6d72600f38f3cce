"""The planning board: one page for a day, and the dialogs in which it is changed by hand."""

from dispatch.board.pages import calm, changing, comparing, day, picking, promises, proposals, travel, urgent
from dispatch.board.pages.blueprint import pages

__all__ = ["calm", "changing", "comparing", "day", "pages", "picking", "promises", "proposals", "travel", "urgent"]
