"""What the pages of orders show, as plain view-models: rows, buttons and sentences made of what queries found. No rule lives here."""
