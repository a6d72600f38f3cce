"""Writes of approval: the table of who approves what, the steps of a ladder, and requests that climb it."""
