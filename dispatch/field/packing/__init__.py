"""The day as a technician's phone carries it: everything that is needed on site, in one answer, for work without signal."""
