"""The day that a phone carries."""
