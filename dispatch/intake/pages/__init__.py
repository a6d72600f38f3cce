"""The pages of intake: a call, a request from a spreadsheet, a list of calls."""

from dispatch.intake.pages import call, calls, files, outages, request, sign_ins, silent, working  # noqa: F401 - each adds its routes
from dispatch.intake.pages.blueprint import pages

__all__ = ["pages"]
