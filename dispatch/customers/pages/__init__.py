"""The pages of customers, their places and people, and the life page of a vehicle (P16)."""

from dispatch.customers.pages import places, showing, vehicles, wishes
from dispatch.customers.pages.blueprint import pages

__all__ = ["pages", "places", "showing", "vehicles", "wishes"]
