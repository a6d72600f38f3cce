"""Writes of work orders."""
