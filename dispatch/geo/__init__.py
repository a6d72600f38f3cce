"""Addresses, places and distances. Places are WGS-84 everywhere; other datums are converted where they come in."""
