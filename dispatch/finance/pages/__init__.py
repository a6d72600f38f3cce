"""Pages about money held: one's own, finance's overview, hand-ins, deposits, statements and their matching, the day list."""

from dispatch.finance.pages import (  # noqa: F401 - each adds its routes
    accounts,
    closing,
    codes,
    contractors,
    day,
    deposits,
    differences,
    hand_ins,
    limits,
    match_lists,
    matching,
    merits,
    month,
    overview,
    own,
    people,
    sheets,
    slips,
    statements,
)
from dispatch.finance.pages.blueprint import pages

__all__ = ["pages"]
