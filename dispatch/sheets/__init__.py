"""Service sheets: what was done, as a signed PDF that can be verified years later."""
