"""Writes of help from outside."""
