"""Pages of stock: stores and bags at the desk, the technician's own bag on his phone."""

from dispatch.devices.pages import (  # noqa: F401 - each adds its routes
    bag,
    bench,
    contractors,
    counts,
    issuing,
    label,
    life,
    loans,
    models,
    ownership,
    papers,
    part_settling,
    parts,
    past,
    purchases,
    reorder,
    sim_binding,
    sim_card,
    sims,
    stock,
    tools,
    transfers,
    warranty,
)
from dispatch.devices.pages.blueprint import pages

__all__ = ["pages"]
