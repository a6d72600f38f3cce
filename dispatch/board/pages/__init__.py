"""The planning board: one page for a day, and the dialogs in which it is changed by hand."""

from dispatch.board.pages import changing, day, picking, urgent
from dispatch.board.pages.blueprint import pages

__all__ = ["changing", "day", "pages", "picking", "urgent"]
