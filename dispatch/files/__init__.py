"""Files kept by their content: encrypted on disk, durable before the row that names them (Q16)."""
