"""Pages about money held: the technician's own, finance's overview, hand-ins, deposits, statements, the day list."""

from dispatch.finance.pages import (  # noqa: F401 - each adds its routes
    accounts,
    closing,
    day,
    deposits,
    differences,
    hand_ins,
    month,
    overview,
    own,
    people,
    statements,
)
from dispatch.finance.pages.blueprint import pages

__all__ = ["pages"]
