"""Field-service dispatch for companies that sell, install and repair vehicle GPS terminals."""
