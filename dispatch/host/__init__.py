"""The machine the product runs on: private PostgreSQL, processes, certificates."""
